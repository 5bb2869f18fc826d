package runner_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/contacts/library"
	"librarian/queue/fragments"
)

// noise is a page that cannot be made small.
func (s *shelf) noise(name string) fragments.Brought {
	s.Helper()
	img := image.NewGray(image.Rect(0, 0, 500, 500))
	random := rand.New(rand.NewPCG(1, uint64(len(name)+int(name[0]))))
	for i := range img.Pix {
		img.Pix[i] = byte(random.Uint32())
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: 95}); err != nil {
		s.Fatal(err)
	}
	f, err := s.store.Put(context.Background(), s.lib, &out, files.Meta{Name: name}, 1<<22)
	if err != nil {
		s.Fatal(err)
	}
	return fragments.Brought{File: f, Finding: files.Finding{FileID: f.ID, Kind: files.Image}, Source: fragments.FromDesk, At: s.Now()}
}

func (s *shelf) noises(n int) (out []fragments.Brought) {
	s.Helper()
	for i := range n {
		out = append(out, s.noise(fmt.Sprintf("%d.jpg", i+1)))
	}
	return out
}

var addressOfLink = regexp.MustCompile(`https://lib\.test/get/([0-9a-f]{32})`)

// linked is the token of the newest link that came in the chat.
func (s *shelf) linked(after int) (token string) {
	s.Helper()
	s.await("a link comes", func() bool {
		sent := s.web.delivered()
		for _, m := range sent[after:] {
			if found := addressOfLink.FindStringSubmatch(m.Text); found != nil {
				token = found[1]
			}
		}
		return token != ""
	})
	return token
}

// TestPageTooLargeForTheChat comes as a link, and "my orders" gives another; neither token lies anywhere.
func TestPageTooLargeForTheChat(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.web.limit(func(l *bots.Limits) { l.File = 1000 })
	o := s.placed("5")
	s.released(o, s.noise("1.jpg"))
	first := s.linked(0)
	if got := s.last(); got.State != fragments.Sent || len(got.Files) != 1 {
		t.Errorf("the order is %+v", got)
	}
	sends, err := fragments.Sends(t.Context(), s.pool, s.lib, o.ID)
	if err != nil || len(sends) != 1 || !sends[0].Linked || sends[0].Sent == nil || sends[0].Problem != "" {
		t.Fatalf("sent %+v, %v", sends, err)
	}
	before := len(s.web.delivered())
	s.say(s.instance, "anna", "мои заказы")
	s.press(s.instance, "anna", fmt.Sprintf("order:%d", o.ID))
	s.press(s.instance, "anna", "orders:files")
	second := s.linked(before)
	if first == second {
		t.Error("the link is the same")
	}
	for _, token := range []string{first, second} {
		if n := s.count(`select (select count(*) from outbox where body::text like $1) + (select count(*) from events where body::text like $1 or turn::text like $1)
  + (select count(*) from conversations where state::text like $1) + (select count(*) from order_links l where l::text like $1)`, "%"+token+"%"); n != 0 || strings.Contains(s.log.String(), token) {
			t.Errorf("the token lies readable in %d rows, or in the log", n)
		}
	}
	old, err := fragments.LinkBy(t.Context(), s.pool, first)
	if err != nil || old.Left(s.Now()) != 0 {
		t.Errorf("the first link has %d views left, %v", old.Left(s.Now()), err)
	}
	now, err := fragments.LinkBy(t.Context(), s.pool, second)
	if err != nil || now.Left(s.Now()) != 5 || now.Lang != library.Russian || now.File != s.last().Files[0] {
		t.Errorf("the second is %+v, %v", now, err)
	}
}

// TestPartsUpToAHandful: four parts are sent, seven are a link.
func TestPartsUpToAHandful(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	few := s.placed("1-4")
	s.released(few, s.noises(4)...)
	s.await("the PDF is sent", func() bool { return s.last().State == fragments.Sent })
	f, err := s.store.Find(t.Context(), s.lib, s.last().Files[0])
	if err != nil {
		t.Fatal(err)
	}
	page, err := s.store.Find(t.Context(), s.lib, s.noise("1.jpg").File.ID)
	if err != nil {
		t.Fatal(err)
	}
	s.web.limit(func(l *bots.Limits) { l.File = f.Size - 3*page.Size + page.Size/2 }) // the first page and one more
	four := s.placed("10-13")
	before := len(s.web.delivered())
	s.released(four, s.noises(4)...)
	s.await("all parts are sent", func() bool {
		n := 0
		for _, m := range s.web.delivered()[before:] {
			n += len(m.Files)
		}
		return n == 4
	})
	seven := s.placed("20-26")
	before = len(s.web.delivered())
	s.released(seven, s.noises(7)...)
	s.linked(before)
}

// TestNoLinkWithoutAnAddress: a service that does not know how it is reached gives the page back to the librarian.
func TestNoLinkWithoutAnAddress(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.web.limit(func(l *bots.Limits) { l.File = 1000 })
	s.PublicURL = ""
	o := s.placed("5")
	s.released(o, s.noise("1.jpg"))
	s.await("it is given back", func() bool { return s.last().State == fragments.Came })
	var note string
	s.scan(&note, `select note from tasks where order_id = $1 and state <> 'done'`, o.ID)
	if !strings.Contains(note, "Слишком большая страница: 1") {
		t.Errorf("the task says %q", note)
	}
}

// refusing is a channel whose provider takes nothing.
type refusing struct{ *channel }

func (refusing) Send(context.Context, bots.Outbound) (string, error) {
	return "", &bots.SendError{Outcome: bots.Refused, Code: "550", Err: errors.New("no such user")}
}

// proven lets the reader have proven this e-mail.
func (s *shelf) proven(mail string) {
	s.Helper()
	s.exec(`update readers set email = $1, email_proven = true`, mail)
}

// releasedTo is released, by all ways there are.
func (s *shelf) releasedTo(o fragments.Order, want int, pages ...fragments.Brought) []fragments.Way {
	s.Helper()
	ways, err := fragments.Ways(context.Background(), s.pool, s.accounts, o)
	if err != nil || len(ways) != want || !ways[0].Asked {
		s.Fatalf("ways %+v, %v", ways, err)
	}
	s.act(func(ctx context.Context, tx pgx.Tx, lib library.Library) error {
		for _, p := range pages {
			if _, err := fragments.Bring(ctx, tx, lib.ID, o.ID, p); err != nil {
				return err
			}
		}
		if _, err := fragments.HandOver(ctx, tx, lib, o.ID, s.librarian, s.Now()); err != nil {
			return err
		}
		if o, err = fragments.Release(ctx, tx, lib, o.ID, s.librarian, false, s.Now()); err != nil {
			return err
		}
		return fragments.SendTo(ctx, tx, o, ways, s.Now())
	})
	return ways
}

// fates are how the order's ways fared, the oldest first; what has arrived is sent.
func (s *shelf) fates(o fragments.Order) (out []string) {
	s.Helper()
	sends, err := fragments.Sends(context.Background(), s.pool, s.lib, o.ID)
	if err != nil {
		s.Fatal(err)
	}
	for _, one := range slices.Backward(sends) {
		all, err := bots.Fates(context.Background(), s.pool, s.lib, []bots.ConversationID{one.Conversation}, []int64{one.ID})
		if err != nil {
			s.Fatal(err)
		}
		out = append(out, strings.TrimSpace(strings.Replace(all[one.ID].State, "confirmed", "sent", 1)+" "+one.Problem))
	}
	return out
}

// TestOneOfTwoWaysFails: the other one brings the pages, nobody is called, and each state is its own.
func TestOneOfTwoWaysFails(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.runs()
	s.proven("anna@reader.test")
	s.registry.Set(s.mail, refusing{s.post})
	o := s.placed("5")
	s.releasedTo(o, 2, s.page("1.jpg", 90))
	s.await("both have ended", func() bool { return slices.Equal(s.fates(o), []string{"sent", "failed"}) })
	if n := s.count(`select count(*) from tasks where kind = 'undelivered'`); n != 0 {
		t.Errorf("%d tasks", n)
	}
	if s.last().State != fragments.Sent {
		t.Errorf("the order is %s", s.last().State)
	}
}

// TestAllWaysFail: a person hears of it.
func TestAllWaysFail(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.proven("anna@reader.test")
	s.registry.Set(s.mail, refusing{s.post})
	o := s.placed("5")
	s.registry.Set(s.chat, refusing{s.web})
	s.releasedTo(o, 2, s.page("1.jpg", 90))
	s.await("both have failed", func() bool { return slices.Equal(s.fates(o), []string{"failed", "failed"}) })
	s.await("staff are told", func() bool {
		return s.count(`select count(*) from tasks where kind = 'undelivered' and state <> 'done'`) > 0
	})
}

// TestEachWayAsItsChannelTakes: a file goes whole by one and as a link by the other.
func TestEachWayAsItsChannelTakes(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.proven("anna@reader.test")
	s.post.limit(func(l *bots.Limits) { l.File = 1000 })
	o := s.placed("5")
	s.releasedTo(o, 2, s.noise("1.jpg"))
	s.await("both have gone", func() bool { return slices.Equal(s.fates(o), []string{"sent", "sent"}) })
	letters := s.post.delivered()[1:] // after the code of the registration
	if len(letters) != 1 || letters[0].Address != "anna@reader.test" || !addressOfLink.MatchString(letters[0].Text) || len(letters[0].Files) != 0 || s.pdf() == nil {
		t.Errorf("letters %+v", letters)
	}
	if n := s.count(`select count(*) from order_sends where file_ids = array[$1]::text[]`, s.last().Files[0]); n != 2 {
		t.Errorf("%d ways hold the file", n)
	}
	s.act(func(ctx context.Context, tx pgx.Tx, lib library.Library) error {
		gone, err := fragments.Past(ctx, tx, lib.ID, s.Now().Add(time.Hour), 10)
		if len(gone) != 2 {
			t.Errorf("past its term: %v", gone)
		}
		return err
	})
	if n := s.count(`select count(*) from order_links`); n != 0 {
		t.Errorf("%d links are left", n)
	}
}

// TestWaysOfAReader: an e-mail that is not proven is none; of old web chats the newest is offered; who has shut the door is left alone.
func TestWaysOfAReader(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	o := s.placed("5")
	s.exec(`update readers set email = 'anna@reader.test', email_proven = false`)
	for i, more := range []string{"old", "newer", "gone", "mail@else.test"} {
		channel := s.chat
		if i == 3 {
			channel = s.mail
		}
		s.exec(`insert into addresses (library_id, contact_id, channel_id, external, gone_at) select library_id, contact_id, $2, $1, case when $1 = 'gone' then now() end
from addresses where external = 'anna'`, more, channel)
	}
	names := func() (out []string) {
		ways, err := fragments.Ways(t.Context(), s.pool, s.accounts, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range ways {
			var external string
			if w.Conversation != 0 {
				s.scan(&external, `select external from addresses where id = $1`, w.Conversation)
			}
			out = append(out, external+"/"+w.Mail)
		}
		return out
	}
	if got := names(); !slices.Equal(got, []string{"anna/", "newer/"}) {
		t.Errorf("not proven: %v", got)
	}
	s.proven("anna@reader.test")
	if got := names(); !slices.Equal(got, []string{"anna/", "newer/", "/anna@reader.test"}) {
		t.Errorf("proven: %v", got)
	}
	s.proven("Mail@else.test")
	if got := names(); !slices.Equal(got, []string{"anna/", "mail@else.test/mail@else.test", "newer/"}) {
		t.Errorf("proven, and written from: %v", got)
	}
}

// TestReaderIsToldOnceThatItIsLate, while the library is open, and by when it is hoped for (F10). A complaint is a new promise.
func TestReaderIsToldOnceThatItIsLate(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	o := s.placed("5")
	waits := s.placed("7")
	s.act(func(ctx context.Context, tx pgx.Tx, lib library.Library) error {
		_, err := fragments.Ask(ctx, tx, lib, waits.ID, "Какое издание?", s.Now())
		return err
	})
	late := func() (n int) {
		for _, m := range s.web.delivered() {
			if strings.Contains(m.Text, "нужно больше времени. Новый срок:") {
				n++
			}
		}
		return n
	}
	s.pass(o.Due.Sub(s.Now()) + time.Minute)
	s.await("the reader is told", func() bool { return late() == 1 })
	if got, err := fragments.ByID(t.Context(), s.pool, s.lib, o.ID); err != nil || got.Hoped == nil || !got.Hoped.After(s.Now()) || !got.Due.Equal(o.Due) {
		t.Errorf("the order is %+v, %v", got, err)
	}
	s.say(s.instance, "anna", "мои заказы")
	if got := strings.Join(s.press(s.instance, "anna", fmt.Sprintf("order:%d", o.ID)), " "); !strings.Contains(got, "Надеемся успеть") {
		t.Errorf("my orders: %q", got)
	}
	s.released(o, s.page("1.jpg", 90))
	s.await("the PDF is sent", func() bool { return s.pdf() != nil })
	s.act(func(ctx context.Context, tx pgx.Tx, lib library.Library) error {
		again, err := fragments.Complain(ctx, tx, lib, o.ID, fragments.ByReader(), "с. 5", s.Now())
		o = again
		return err
	})
	s.pass(o.Due.Sub(s.Now()) + time.Minute)
	s.await("the reader is told of the second promise", func() bool { return late() == 2 })
	if n := s.count(`select count(*) from orders where late_told_at is not null`); n != 1 {
		t.Errorf("%d orders are late, one waits for its reader", n)
	}
}

// TestNobodyIsToldAtNight of what is late since the evening.
func TestNobodyIsToldAtNight(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.exec(`update libraries set settings = jsonb_set(settings::jsonb, '{hours}', '{"week": [[], [{"from": 540, "until": 1080}], [{"from": 540, "until": 1080}], [{"from": 540, "until": 1080}], [], [], []]}')`)
	s.pass(time.Minute) // what was read of the library is not fresh any more
	o := s.placed("5")
	s.exec(`update orders set due_at = $1`, s.Now().Add(time.Hour))
	s.pass(9 * time.Hour)
	other := s.count(`select count(*) from orders where id = $1`, o.ID)
	ticked := s.Now()
	s.exec(`update conversations set wake_at = $1, wake_turn = 0`, ticked)
	s.await("the timers were looked at", func() bool { return s.count(`select count(*) from conversations where wake_at = $1`, ticked) == 0 })
	s.exec(`update conversations set wake_at = $1, wake_turn = 1`, ticked)
	s.await("the timers were looked at again", func() bool { return s.count(`select count(*) from conversations where wake_at = $1`, ticked) == 0 })
	if n := s.count(`select count(*) from orders where late_told_at is not null`); n != 0 || other != 1 {
		t.Errorf("%d are told at night", n)
	}
	s.pass(12 * time.Hour)
	s.await("told in the morning", func() bool { return s.count(`select count(*) from orders where late_told_at is not null`) == 1 })
}
