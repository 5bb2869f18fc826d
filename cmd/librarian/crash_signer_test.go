package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"time"

	"librarian/bots/files"
	"librarian/contacts/papers"
	"librarian/templates"
)

// signer is a reader who sends signed papers in the web chat.
type signer struct {
	*webReader
	full         string // name
	rng          *rand.Rand
	conversation int64
	registration int64
	drawn        []string // files of the papers
	signed       []signedPage
	messages     int
	sent         map[papers.Page][][sha256.Size]byte // the photos of each page, newest last
}

// signedPage is a photo of one page.
type signedPage struct {
	papers.Page
	photo []byte
}

// run sends all pages, some together, and then some of them again and again until it is over.
func (s *signer) run(ctx context.Context, over <-chan struct{}) error {
	rest := slices.Clone(s.signed)
	for {
		s.rng.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
		for len(rest) > 0 {
			n := min(1+s.rng.IntN(3), len(rest))
			if err := s.sends(ctx, rest[:n]); err != nil {
				return fmt.Errorf("%s, message %d: %w", s.name, s.messages, err)
			}
			rest = rest[n:]
			pause := time.NewTimer(time.Duration(s.rng.Int64N(int64(5 * time.Second))))
			select {
			case <-pause.C:
			case <-ctx.Done():
				pause.Stop()
				return ctx.Err()
			}
		}
		select {
		case <-over:
			return nil
		default: // a photo that the reader is not sure to have sent
			rest = []signedPage{s.signed[s.rng.IntN(len(s.signed))]}
		}
	}
}

// sends posts the photos in one message, and every third one twice, as if the answer had been lost.
func (s *signer) sends(ctx context.Context, pages []signedPage) error {
	s.messages++
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	err := w.WriteField("id", fmt.Sprintf("%s-papers-%d", s.name, s.messages))
	for _, p := range pages {
		photo := s.fresh(p.photo)
		s.sent[p.Page] = append(s.sent[p.Page], sha256.Sum256(photo))
		part, bad := w.CreateFormFile("files", "page.jpg")
		if bad == nil {
			_, bad = part.Write(photo)
		}
		err = errors.Join(err, bad)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return err
	}
	post := func(ctx context.Context) (int, error) {
		return s.request(ctx, http.MethodPost, "/messages", w.FormDataContentType(), body.Bytes())
	}
	if err := s.insist(ctx, post); err != nil {
		return err
	}
	select {
	case s.c.stored <- struct{}{}:
	default:
	}
	if s.messages%3 == 1 {
		return s.insist(ctx, post)
	}
	return nil
}

// fresh is the photo with a comment that no other has, so that it is known which one was kept.
func (s *signer) fresh(photo []byte) []byte {
	comment := fmt.Appendf(nil, "%s, %x", s.name, s.rng.Uint64())
	out := append([]byte(nil), photo[:2]...)               // after the mark with which it starts
	out = append(out, 0xff, 0xfe, 0, byte(len(comment)+2)) // the length counts itself
	out = append(out, comment...)
	return append(out, photo[2:]...)
}

// judgeSigner: each page is in its place with the newest photo of it, and the papers came into the chat once.
func (c *crash) judgeSigner(ctx context.Context, s *signer) {
	c.Helper()
	stand, err := papers.Stand(ctx, c.db, 1, s.registration)
	if err != nil {
		c.Fatal(err)
	}
	if len(stand) != len(s.signed) {
		c.Errorf("%s: %d pages stand, %d were signed", s.name, len(stand), len(s.signed))
	}
	// Beyond its time a file that is not looked at holds nobody up, and an older photo may come after a newer one.
	inOrder := c.count(c.db, `select count(*) from events where conversation_id = $1 and done_at > received_at + interval '30 s'`, s.conversation) == 0
	for _, p := range stand {
		sent := s.sent[p.Page]
		if p.State != papers.Received || p.How != papers.ByCode || p.Unsigned || p.Sheet != 1 || p.Preview == "" || len(sent) == 0 {
			c.Errorf("%s: after %d photos stands %+v", s.name, len(sent), p)
			continue
		}
		if inOrder {
			sent = sent[len(sent)-1:]
		}
		if !slices.ContainsFunc(sent, func(sum [sha256.Size]byte) bool { return sameBytes(ctx, c.store(), string(p.File), sum) == nil }) {
			c.Errorf("%s: %s %d is not the newest photo of it (all in order: %v)", s.name, p.Kind, p.Number, inOrder)
		}
	}
	c.judgeChat(ctx, s)
}

// judgeChat: what stands in the outbox is what the reader saw, the papers among it once.
func (c *crash) judgeChat(ctx context.Context, s *signer) {
	c.Helper()
	said := c.list(`select body ->> 'text' from outbox where conversation_id = $1 order by seq`, s.conversation)
	if err := s.await(ctx, len(said)); err != nil {
		c.Errorf("%s: %v", s.name, err)
	}
	seen := s.heard()
	if len(seen) != len(said) {
		c.Errorf("%s: %d answers stored, %d seen", s.name, len(said), len(seen))
	}
	made, n := c.text("papers.made", templates.Fields{"name": s.full}), 0
	for i, h := range seen[:min(len(seen), len(said))] {
		if h.text != said[i] {
			c.Errorf("%s, answer %d: stored %q, seen %q", s.name, i+1, said[i], h.text)
		}
		if strings.HasPrefix(h.text, made) {
			n++
		}
	}
	shown := c.list(`select f from outbox o, json_array_elements_text(o.body -> 'files') f where o.conversation_id = $1 order by o.seq`, s.conversation)
	if n != 1 || !slices.Equal(shown, s.drawn) {
		c.Errorf("%s was told %d times that the papers are there, with the files %v, drawn were %v", s.name, n, shown, s.drawn)
	}
	if stored := c.count(c.db, `select count(*) from events where conversation_id = $1 and kind = 'message'`, s.conversation); stored != s.messages+1 {
		c.Errorf("%s sent %d messages, %d are stored", s.name, s.messages+1, stored)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.problems {
		c.Errorf("%s: %s", s.name, p)
	}
}

// judgePapers: each thing was done once, each photo is where it belongs, and nothing is owed.
func (c *crash) judgePapers(signers []*signer) {
	c.Helper()
	photos := 0
	for _, s := range signers {
		for _, sent := range s.sent {
			photos += len(sent)
		}
	}
	for _, what := range []struct {
		sql  string
		want int
	}{
		{`select count(*) from paper_orders`, paperSigners},
		{`select count(*) from paper_orders where state = 'made' and content is null`, paperSigners},
		{`select count(*) from papers`, 3 * paperSigners},
		{`select count(*) from registrations where state = 'sent'`, paperSigners},
		{`select count(*) from registrations`, paperSigners},
		{`select count(*) from tasks where kind = 'registration' and state = 'open'`, paperSigners},
		{`select count(*) from tasks`, paperSigners},
		{`select count(*) from events e, json_array_elements(e.body -> 'files') x`, photos},
		// every photo goes when the papers' term is over
		{`select count(distinct f.sha256) from events e, json_array_elements(e.body -> 'files') x join files f on f.id = x ->> 'file'
where exists (select from paper_scans s where s.file_id = f.id)`, photos},
		{`select count(*) from events where state <> 'done'`, 0},
	} {
		if n := c.count(c.db, what.sql); n != what.want {
			c.Errorf("%d, wanted %d: %s", n, what.want, what.sql)
		}
	}
	known := map[string]bool{}
	for _, id := range c.list(`select id from files union select id from pending_blobs`) {
		known[id] = true
	}
	c.judgeBlobs(known)
	for _, id := range c.list(`select id from files where preview_id is null and exists (select from paper_scans s where s.file_id = files.id) and not exists (
select from file_sheets h where h.file_id = files.id or h.preview_id = files.id)`) {
		c.Errorf("photo %s was never looked at", files.ID(id))
	}
	c.Logf("%d photos of %d pages in %d messages", photos, c.count(c.db, `select count(*) from paper_pages`), c.count(c.db, `select count(*) from events where kind = 'message'`))
}
