package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"librarian/bots/files"
	"librarian/cmd/schema/pgtest"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/contacts/papers"
)

const paperSigners = 8

// A service that is killed at any moment draws the papers of each reader once and puts each signed page in its place. LIBRARIAN_SEED repeats the times of a
// run.
func TestCrashPapers(t *testing.T) {
	t.Parallel()
	rounds := pgtest.Rounds(t, 4)
	c := newCrash(t, seed(t))
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute+time.Duration(rounds)*20*time.Second)
	defer cancel()
	listening, hush := context.WithCancel(ctx)
	defer hush()
	var streams sync.WaitGroup
	c.foundFull()
	signers := c.admitSigners(ctx, func(v *webReader) { streams.Go(func() { v.listen(listening) }) })
	drawing := min(paperSigners, (rounds+1)/2)
	c.killDrawing(ctx, signers, drawing)
	c.sign(signers)
	over := make(chan struct{})
	talk, talking := errgroup.WithContext(ctx)
	for _, s := range signers {
		talk.Go(func() error { return s.run(talking, over) })
	}
	gaps := c.paperGaps()
	for n := range max(1, rounds-drawing) {
		if n%len(gaps) == 0 {
			c.rng.Shuffle(len(gaps), func(i, j int) { gaps[i], gaps[j] = gaps[j], gaps[i] })
		}
		c.round(talking, gaps[n%len(gaps)])
		if talking.Err() != nil {
			break
		}
	}
	close(over)
	c.goOn()
	if err := talk.Wait(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, c.unfinished(), c.log)
	}
	c.quiet()
	c.tell()
	for _, s := range signers {
		c.judgeSigner(ctx, s)
	}
	hush()
	streams.Wait()
	c.judgePapers(signers)
	c.judgeParents()
}

// goOn starts the service for good after the last kill.
func (c *crash) goOn() {
	c.Helper()
	c.release()
	c.alone()
	c.age()
	c.serve()
}

// foundFull sets up a library that registers with papers.
func (c *crash) foundFull() {
	c.Helper()
	s := library.Settings{Languages: []library.Lang{library.English}, Record: library.English, Registration: fullSettings().Registration}
	for day := range s.Hours.Week {
		s.Hours.Week[day] = []library.Span{{From: 0, Until: 24 * 60}}
	}
	text, err := json.Marshal(s)
	if err != nil {
		c.Fatal(err)
	}
	path := filepath.Join(c.TempDir(), "settings")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		c.Fatal(err)
	}
	c.must("library", "add", "demo", "--name", "Demo", "--zone", "Asia/Yakutsk", "--record", "en", "--settings", path)
	begun := time.Now()
	c.serve()
	c.startTime = time.Since(begun)
}

// admitSigners lets the readers greet the service, and kills it.
func (c *crash) admitSigners(ctx context.Context, listen func(*webReader)) []*signer {
	c.Helper()
	var out []*signer
	for i := range paperSigners {
		s := &signer{
			webReader: &webReader{c: c, name: fmt.Sprintf("signer-%d", i)}, full: "Reader " + letters(i), rng: rand.New(rand.NewPCG(c.rng.Uint64(), 3)),
			sent: map[papers.Page][][sha256.Size]byte{},
		}
		if err := s.open(ctx); err != nil {
			c.Fatal(err)
		}
		if _, err := s.say(ctx, 0, utterance{choice: "start"}, false); err != nil {
			c.Fatal(err)
		}
		listen(s.webReader)
		out = append(out, s)
	}
	for _, s := range out {
		if err := s.await(ctx, 1); err != nil {
			c.Fatal(err)
		}
	}
	c.kill()
	c.alone()
	return out
}

// killDrawing kills the service while it draws, and goes on until all papers are in the chats.
func (c *crash) killDrawing(ctx context.Context, signers []*signer, rounds int) {
	c.Helper()
	soon := 20 * time.Millisecond
	gaps := []gap{
		{name: "papers: drawn, not kept", within: soon, enter: c.locked("pending_blobs", "share")},
		{name: "papers: kept, not noted", within: soon, enter: c.locked("papers", "share")},
		{name: "papers: noted, not said", within: soon, enter: c.locked("outbox", "share")},
		{name: "papers: said", within: 2 * time.Millisecond, enter: c.committed},
		{name: "papers: at any time", within: 1500 * time.Millisecond, enter: c.anyTime},
	}
	c.rng.Shuffle(len(gaps), func(i, j int) { gaps[i], gaps[j] = gaps[j], gaps[i] })
	for n := range rounds {
		g := gaps[n%len(gaps)]
		enter := g.enter
		g.enter = func(ctx context.Context) (func(), bool) { // the papers are wanted while the service runs
			for _, s := range signers[n*paperSigners/rounds : (n+1)*paperSigners/rounds] {
				if err := c.apply(ctx, s); err != nil {
					c.Fatal(err)
				}
			}
			return enter(ctx)
		}
		c.round(ctx, g)
	}
	c.goOn()
	// A claim that the dead process was still making when leases were ended lasts its minute.
	c.awaitWithin(2*patienceOfTests, "all papers are drawn", func() bool {
		return c.count(c.db, `select count(*) from paper_orders where state = 'made'`) == paperSigners
	})
}

// apply is the end of the questions: the reader has answered them all, and papers are wanted.
func (c *crash) apply(ctx context.Context, s *signer) error {
	of, now := fullSettings().Registration, time.Now()
	return pgx.BeginFunc(ctx, c.db, func(tx pgx.Tx) error {
		var contact contacts.ID
		err := tx.QueryRow(ctx, `select id, contact_id from addresses where external = $1`, s.address()).Scan(&s.conversation, &contact)
		if err != nil {
			return err
		}
		agreed, err := contacts.Agree(ctx, tx, []contacts.Agreement{{
			Library: 1, Contact: contact, Version: of.Consent.Version, Lang: library.English, Text: of.Consent.Text[library.English], At: now,
		}})
		if err != nil {
			return err
		}
		born := library.Date{Year: 1987, Month: 3, Day: 5}
		reg, err := contacts.Apply(ctx, tx, contacts.Application{
			Library: 1, Contact: contact, Address: contacts.AddressID(s.conversation), Relation: "self", Name: s.full, Born: born, Phone: "+79141234567",
			Consent: agreed[0], Papers: true, At: now,
		})
		if err != nil {
			return err
		}
		s.registration = reg.ID
		return papers.Want(ctx, tx, 1, reg.ID, s.conversation, papers.Order{
			Lang: library.English, Kinds: []papers.Kind{papers.Form, papers.Application, papers.Consent}, Name: s.full, Born: born, Contact: "+79141234567",
			Relation: "self", Consent: of.Consent.Text, Version: of.Consent.Version, Day: library.Date{Year: 2026, Month: 3, Day: 2},
		}, now)
	})
}

// sign prints what came to each reader, signs it and takes one photo a page; then the service is killed.
func (c *crash) sign(signers []*signer) {
	c.Helper()
	store := c.store()
	for i, s := range signers {
		made, err := papers.Of(c.Context(), c.db, 1, s.registration)
		if err != nil || len(made) != 3 {
			c.Fatalf("papers of reader %d: %d, %v", i, len(made), err)
		}
		for j, p := range made {
			s.drawn = append(s.drawn, string(p.File))
			for k, page := range printed(c.T, readAll(c, store, p.File)) {
				scrawl(page)
				photo := picture(c.T, page, []float64{1.5, 180, -2, 90}[(i+j)%4])
				s.signed = append(s.signed, signedPage{papers.Page{Kind: p.Kind, Number: k + 1}, photo})
			}
		}
	}
	c.kill()
	c.alone()
}

func readAll(c *crash, store *files.Store, id files.ID) []byte {
	c.Helper()
	r, _, err := store.Open(c.Context(), 1, id)
	if err != nil {
		c.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		c.Fatal(err)
	}
	return data
}

// paperGaps are the places on the path of a signed page.
func (c *crash) paperGaps() []gap {
	soon := 20 * time.Millisecond
	return []gap{
		{name: "page: at any time", within: time.Second, enter: c.anyTime},
		{name: "page: acknowledged", within: 2 * time.Millisecond, enter: c.acknowledged},
		{name: "page: bytes here, not noted", within: soon, enter: c.locked("pending_blobs", "share")},
		{name: "page: looked at, not noted", within: soon, enter: c.locked("file_sheets", "share")},
		{name: "page: being put in its place", within: soon, enter: c.locked("paper_pages", "share")},
		{name: "page: the last one, task not open", within: soon, enter: c.locked("tasks", "share")},
		{name: "page: turn written, not committed", within: soon, enter: c.locked("outbox", "share")},
		{name: "page: turn committed", within: 2 * time.Millisecond, enter: c.committed},
		{name: "starting", within: min(c.startTime+c.startTime/4, 3*time.Second), starting: true},
		{name: "stopping", within: 400 * time.Millisecond, enter: c.stopping},
	}
}
