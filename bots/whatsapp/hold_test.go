package whatsapp

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts"
	"librarian/contacts/library"
)

func TestLinkByPictureAndTalk(t *testing.T) {
	t.Parallel()
	h, a, ada := linked(t)
	if l := h.link(); l.Number != "+49301234567" || !l.Held || l.Asked != "" || l.Code != "" || !a.Linked() {
		t.Errorf("link: %+v", l)
	}
	id, err := ada.Says(a, secret)
	must(t, err)
	in := h.await(1)[0]
	if in.ID != id || in.Sender != adaNumber || in.Text != secret || in.Phone != "+"+adaNumber || in.Name != secret || in.Library != h.lib {
		t.Errorf("stored: %+v", in)
	}
	h.until("ticks", func() bool { _, read := ada.Ticks(id); return read })
	sent, err := h.Send(h.ctx(), h.outbound("3EB0AA01", "Добрый день! "+secret))
	must(t, err)
	got, err := ada.Wait(h.ctx(), 1)
	must(t, err)
	if sent != "3EB0AA01" || got[0].ID != sent || got[0].Text() != "Добрый день! "+secret {
		t.Errorf("sent %s, arrived %+v", sent, got[0])
	}
	ada.Delivered(sent)
	ada.Read(sent)
	h.until("receipts", func() bool { return len(h.deliveries()) == 2 })
	if d := h.deliveries(); d[0].address != adaNumber || d[0].read || !d[1].read || d[1].ids[0] != sent {
		t.Errorf("delivered: %+v", d)
	}
	h.awaitLink("last messages", func(l bots.Link) bool { return l.Heard != nil && l.Said != nil })
	if r := h.reported(); len(r) != 1 || r[0] != "" {
		t.Errorf("reported %q", r)
	}
}

func TestLinkByLetters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := w.process(w.lib, w.channel(w.lib, "main"))
	a := w.server.AddAccount(ownNumber)
	h.start()
	h.ask(bots.AskCode, ownNumber)
	l := h.awaitLink("letters", func(l bots.Link) bool { return l.Code != "" })
	must(t, a.EnterCode(l.Code))
	must(t, a.WaitOnline(h.ctx()))
	if l := h.awaitState(bots.LinkConnected); l.Number != "+49301234567" || l.Asked != "" {
		t.Errorf("link: %+v", l)
	}
}

// What was asked for is not shown for ever: nobody is there any more who would scan it.
func TestNobodyScans(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := w.process(w.lib, w.channel(w.lib, "main"))
	h.start()
	h.ask(bots.AskQR, "")
	h.awaitLink("a picture", func(l bots.Link) bool { return l.Code != "" && l.CodeUntil.After(time.Now()) })
	_, err := w.pool.Exec(t.Context(), `update whatsapp_links set asked_at = asked_at - interval '11 minutes'`)
	must(t, err)
	if l := h.awaitLink("the end", func(l bots.Link) bool { return l.PairProblem != "" }); l.PairProblem != "timeout" || l.Asked != "" || l.Code != "" || l.State != bots.LinkNone {
		t.Errorf("link: %+v", l)
	}
}

// A phone links the device at the moment when the try is given up: the device is written, and the holder has not heard of it.
func TestLinkedUnheard(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.process(w.lib, w.channel(w.lib, "main"))
	a := w.server.AddAccount(ownNumber)
	stop := first.start()
	first.pair(a)
	stop()
	var device string
	must(t, w.pool.QueryRow(t.Context(), `select device from whatsapp_links`).Scan(&device))
	_, err := w.pool.Exec(t.Context(), `update whatsapp_links set device = '', state = 'unlinked'`)
	must(t, err)
	h := w.process(w.lib, first.Channel)
	h.start()
	h.ask(bots.AskConnect, "")
	h.awaitLink("a look", func(l bots.Link) bool { return l.Asked == "" })
	must(t, w.links.paired(t.Context(), w.lib, h.Channel, device))
	h.until("ready", h.Ready)
	h.ask(bots.AskUnlink, "")
	h.awaitLink("unlinked", func(l bots.Link) bool { return l.State == bots.LinkNone && l.Asked == "" })
	h.noKeys()
}

func TestOutdatedWhenLinking(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := w.process(w.lib, w.channel(w.lib, "main"))
	w.server.Outdated(true)
	h.start()
	h.ask(bots.AskQR, "")
	if l := h.awaitLink("the end", func(l bots.Link) bool { return l.PairProblem != "" }); l.PairProblem != "outdated" || l.Asked != "" {
		t.Errorf("link: %+v", l)
	}
}

func TestUnlinkedHere(t *testing.T) {
	t.Parallel()
	h, a, _ := linked(t)
	h.ask(bots.AskUnlink, "")
	h.awaitLink("unlinked", func(l bots.Link) bool { return l.State == bots.LinkNone && l.Asked == "" && l.Number == "" })
	h.until("known to the phone", func() bool { return !a.Linked() })
	h.noKeys()
	_, err := h.Send(h.ctx(), h.outbound("3EB0", "?"))
	if e := sendErr(t, err); e.Outcome != bots.Retry || !e.Whole || e.After != unlinkedPause {
		t.Errorf("send: %+v", e)
	}
	h.pair(a)
}

// The keys cannot be deleted at first: it is tried until they are.
func TestUnlinkedWithTheDatabaseAway(t *testing.T) {
	t.Parallel()
	h, a, _ := linked(t)
	run := func(sql string) {
		_, err := h.pool.Exec(h.ctx(), sql)
		must(t, err)
	}
	run(`alter table whatsmeow_device rename to away`)
	h.ask(bots.AskUnlink, "")
	h.until("a try", func() bool { return strings.Contains(h.log.tail(), "keys of a device are not deleted") })
	if l := h.link(); l.Number == "" || l.Asked != bots.AskUnlink {
		t.Errorf("while the keys are there: %+v", l)
	}
	run(`alter table away rename to whatsmeow_device`)
	h.awaitLink("unlinked", func(l bots.Link) bool { return l.State == bots.LinkNone && l.Asked == "" })
	var keys int
	must(t, h.pool.QueryRow(h.ctx(), `select count(*) from whatsmeow_device`).Scan(&keys))
	if keys != 0 || a.Linked() {
		t.Errorf("%d devices, linked: %t", keys, a.Linked())
	}
}

// Word of a call that was given up, or that comes after the login, has nothing called again.
func TestWordOfAnOlderCall(t *testing.T) {
	t.Parallel()
	h, a, _ := linked(t)
	hold := newHolder(h.ctx(), h.WhatsApp)
	hold.cli, _ = h.client()
	hold.call = &call{}
	hold.hear(dialled{&call{}, context.Canceled})
	hold.hear(dialled{hold.call, nil})
	if hold.fails != 0 || hold.again.Stop() {
		t.Errorf("%d calls in vain, another is to be made; %d logins", hold.fails, a.Logins())
	}
}

func TestUnlinkedOnThePhone(t *testing.T) {
	t.Parallel()
	h, a, _ := linked(t)
	a.Unlink()
	if l := h.awaitState(bots.LinkLoggedOut); l.Number != "" || l.Problem != "401" {
		t.Errorf("link: %+v", l)
	}
	h.noKeys()
	h.until("told", func() bool { return last(h.reported()) == bots.ProblemLoggedOut })
	if h.Ready() {
		t.Error("ready")
	}
	h.pair(a)
	h.until("told", func() bool { return last(h.reported()) == "" })
}

// noKeys holds that nothing of a device is left.
func (h *house) noKeys() {
	h.t.Helper()
	h.until("no keys", func() bool {
		var left int
		must(h.t, h.pool.QueryRow(h.t.Context(), `select (select count(*) from whatsmeow_device) + (select count(*) from whatsmeow_sessions) +
(select count(*) from whatsmeow_pre_keys) + (select count(*) from whatsmeow_event_buffer)`).Scan(&left))
		return left == 0
	})
}

func last(of []string) string {
	if len(of) == 0 {
		return "nothing"
	}
	return of[len(of)-1]
}

func sendErr(t *testing.T, err error) *bots.SendError {
	t.Helper()
	var e *bots.SendError
	if !errors.As(err, &e) {
		t.Fatalf("not an error of sending: %v", err)
	}
	return e
}

func TestBannedForATime(t *testing.T) {
	t.Parallel()
	h, a, ada := linked(t)
	a.Ban(time.Hour)
	l := h.awaitState(bots.LinkBanned)
	if l.Until == nil || time.Until(*l.Until) < 50*time.Minute || l.Problem == "" {
		t.Errorf("link: %+v", l)
	}
	h.until("told", func() bool { return last(h.reported()) == bots.ProblemBanned })
	_, err := h.Send(h.ctx(), h.outbound("3EB0", "?"))
	if e := sendErr(t, err); e.Outcome != bots.Retry || !e.Whole || e.After < 50*time.Minute {
		t.Errorf("send: %+v", e)
	}
	a.Unban()
	h.ask(bots.AskConnect, "")
	h.awaitState(bots.LinkConnected)
	_, err = ada.Says(a, "after it")
	must(t, err)
	h.await(1)
}

// A short ban ends by itself.
func TestBanEnds(t *testing.T) {
	t.Parallel()
	h, a, _ := linked(t)
	a.Ban(2 * time.Second)
	h.awaitState(bots.LinkBanned)
	h.awaitState(bots.LinkConnected)
	h.until("told", func() bool { return last(h.reported()) == "" })
}

func TestOutdated(t *testing.T) {
	t.Parallel()
	h, a, _ := linked(t)
	a.Outdated(true)
	a.Kick()
	h.awaitState(bots.LinkOutdated)
	h.until("told", func() bool { return last(h.reported()) == bots.ProblemOutdated })
	a.Outdated(false)
	h.ask(bots.AskConnect, "")
	h.awaitState(bots.LinkConnected)
}

// Another program has the session: it is not fought, not by this process and not by the next one.
func TestReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := w.process(w.lib, w.channel(w.lib, "main"))
	a := w.server.AddAccount(ownNumber)
	stop := h.start()
	h.pair(a)
	before := a.Logins()
	a.Replace()
	h.awaitState(bots.LinkReplaced)
	h.until("told", func() bool { return last(h.reported()) == bots.ProblemReplaced })
	stop()
	next := w.process(w.lib, h.Channel)
	next.start()
	next.until("told again", func() bool { return last(next.reported()) == bots.ProblemReplaced })
	if a.Logins() != before {
		t.Errorf("%d logins, %d before it", a.Logins(), before)
	}
	next.ask(bots.AskConnect, "")
	next.awaitState(bots.LinkConnected)
}

func TestTheLineBreaks(t *testing.T) {
	t.Parallel()
	h, a, ada := linked(t)
	for n := range 3 {
		before := a.Logins()
		a.Kick()
		_, err := ada.Says(a, "while it is broken")
		must(t, err)
		h.until("a new login", func() bool { return a.Logins() > before && a.Online() })
		h.await(n + 1)
	}
	h.awaitState(bots.LinkConnected)
}

// A line that ends as soon as it stands is called again after a while, longer each time.
func TestTheLineEndsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h, a := w.process(w.lib, w.channel(w.lib, "main")), w.server.AddAccount(ownNumber)
	h.limits.steady = time.Hour
	h.start()
	h.pair(a)
	begun, before := time.Now(), a.Logins()
	for n := range 3 { // at once, then after 1 to 2 s, then after 2 to 4
		a.Kick()
		h.until("a new login", func() bool { return a.Logins() == before+n+1 && a.Online() })
	}
	if took := time.Since(begun); took < 3*time.Second {
		t.Errorf("called three times in %v", took)
	}
}

// A line that stays broken is told of; the first calls in vain are nobody's business.
func TestWhatsAppIsAway(t *testing.T) {
	t.Parallel()
	h, _, _ := linked(t)
	h.server.Close()
	h.awaitState(bots.LinkConnecting)
	h.until("told", func() bool { return last(h.reported()) == bots.ProblemUnreached })
	if h.Ready() {
		t.Error("what cannot be reached is ready")
	}
}

// Two libraries in one store: each message comes to its own.
func TestTwoNumbers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var other library.ID
	must(t, pgx.BeginFunc(t.Context(), w.pool, func(tx pgx.Tx) (err error) {
		other, err = contacts.AddLibrary(t.Context(), tx, "second", "UTC", library.Settings{})
		return err
	}))
	one, two := w.process(w.lib, w.channel(w.lib, "main")), w.process(other, w.channel(other, "main"))
	a, b := w.server.AddAccount(ownNumber), w.server.AddAccount("+49 40 7654321")
	ada := w.server.AddPhone(adaNumber, adaLID, "Ada")
	stop := one.start()
	two.start()
	one.pair(a)
	two.pair(b)
	stop()
	one = w.process(w.lib, one.Channel) // after a restart each finds its own device
	one.start()
	one.awaitState(bots.LinkConnected)
	must(t, a.WaitOnline(w.ctx()))
	_, err := ada.Says(a, "to the first")
	must(t, err)
	_, err = ada.Says(b, "to the second")
	must(t, err)
	for _, in := range w.await(2) {
		if (in.Text == "to the first") != (in.Library == w.lib && in.Channel == one.Channel) {
			t.Errorf("%q came to library %d", in.Text, in.Library)
		}
	}
	one.until("ready", one.Ready)
	for _, h := range []*house{one, two} {
		if _, err := h.Send(h.ctx(), h.outbound("3EB0"+h.link().Number[1:], "answer")); err != nil {
			t.Error(err)
		}
	}
	got, err := ada.Wait(w.ctx(), 2)
	must(t, err)
	for _, m := range got {
		if m.ID != "3EB0"+m.From || m.Err != nil {
			t.Errorf("from %s came %s, %v", m.From, m.ID, m.Err)
		}
	}
	two.ask(bots.AskUnlink, "")
	two.awaitState(bots.LinkNone)
	if _, err := one.Send(one.ctx(), one.outbound("3EB0FF", "still there")); err != nil {
		t.Error(err)
	}
}

// The connection of the first one's lock is lost: the second takes over, and the first stands by without a fight.
func TestTakeOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.process(w.lib, w.channel(w.lib, "main"))
	first.limits.standBy = 10 * time.Second // so that it is not the first again
	a := w.server.AddAccount(ownNumber)
	ada := w.server.AddPhone(adaNumber, adaLID, "Ada")
	first.start()
	first.pair(a)
	second := w.process(w.lib, first.Channel)
	second.start()
	_, err := ada.Says(a, "one")
	must(t, err)
	w.await(1)
	if second.Ready() {
		t.Error("both are ready")
	}
	if _, err := second.Fetch(w.ctx(), bots.InboundFile{Ref: `{"path":"/v/x"}`}); !errors.Is(err, bots.ErrElsewhere) {
		t.Errorf("fetch by who stands by: %v", err)
	}
	first.mu.Lock()
	pid := first.lockConn
	first.mu.Unlock()
	begun := time.Now()
	_, err = w.pool.Exec(t.Context(), `select pg_terminate_backend($1)`, pid)
	must(t, err)
	w.until("taken over", second.Ready)
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("took over after %s", took)
	}
	if first.Ready() {
		t.Error("the first is still ready")
	}
	_, err = ada.Says(a, "two")
	must(t, err)
	w.await(2)
	if _, err := second.Send(w.ctx(), second.outbound("3EB0AB", "answer")); err != nil {
		t.Error(err)
	}
	if l := second.link(); l.State != bots.LinkConnected || !l.Held {
		t.Errorf("link: %+v", l)
	}
}
