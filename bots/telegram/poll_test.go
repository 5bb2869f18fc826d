package telegram

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"librarian/bots"
	"librarian/bots/telegram/telegramtest"
)

func TestPollConfirmsOnlyWhatIsStored(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	begun, open := make(chan struct{}, 1), make(chan struct{})
	h.inbox.before = func(context.Context, bots.Inbound) error {
		begun <- struct{}{}
		<-open
		return nil
	}
	h.server.UserSays(reader, "раз")
	h.start(t)
	<-begun
	if n := h.server.Pending(); n != 1 {
		t.Errorf("%d pending while it is being stored", n)
	}
	close(open)
	h.until(t, "confirmed", func() bool { return h.server.Pending() == 0 })
	if in := h.inbox.await(t, 1)[0]; in.Text != "раз" || in.ID != "1" || in.Sender != "7001" || in.Library != 3 || in.Channel != 8 {
		t.Errorf("stored %+v", in)
	}
}

func TestFailedReceiveIsRetriedInOrder(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var failures atomic.Int32
	h.inbox.before = func(_ context.Context, in bots.Inbound) error {
		if in.Sender == "7001" && in.ID == "2" && failures.Add(1) <= 3 {
			if h.server.Pending() != 6 {
				t.Error("something was confirmed before all was stored")
			}
			return errors.New("the database is away")
		}
		return nil
	}
	for i := range 3 {
		h.server.UserSays(reader, fmt.Sprint("a", i))
		h.server.UserSays(reader+1, fmt.Sprint("b", i))
	}
	h.start(t)
	h.until(t, "all confirmed", func() bool { return h.server.Pending() == 0 })
	got := h.inbox.texts()
	a := slices.DeleteFunc(slices.Clone(got), func(s string) bool { return s[0] == 'b' })
	b := slices.DeleteFunc(slices.Clone(got), func(s string) bool { return s[0] == 'a' })
	if !slices.Equal(a, []string{"a0", "a1", "a2"}) || !slices.Equal(b, []string{"b0", "b1", "b2"}) || h.inbox.repeats != 0 {
		t.Errorf("stored %q, %d repeats", got, h.inbox.repeats)
	}
	if len(h.waited()) < 3 {
		t.Errorf("retried without waiting: %v", h.waited())
	}
}

func TestOneChatDoesNotHoldUpAnother(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	other := make(chan struct{})
	h.inbox.before = func(ctx context.Context, in bots.Inbound) error {
		if in.Sender != "7001" {
			close(other)
			return nil
		}
		select {
		case <-other:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	h.server.UserSays(reader, "медленно")
	h.server.UserSays(reader+1, "быстро")
	h.start(t)
	h.until(t, "both confirmed", func() bool { return h.server.Pending() == 0 })
	if got := h.inbox.texts(); !slices.Equal(got, []string{"быстро", "медленно"}) {
		t.Errorf("stored %q", got)
	}
}

func TestUpdatesThatSayNothingAreConfirmed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	broken := h.server.Push("message", secret)
	h.server.Push("message", map[string]any{
		"message_id": 1, "date": 1, "text": secret, "chat": map[string]any{"id": -5, "type": "group"}, "from": map[string]any{"id": 1},
		"photo": []any{map[string]any{"file_id": "x", "width": 1, "height": 1}},
	})
	h.server.Push("from_the_future", map[string]any{"a": 1})
	h.server.UserSays(reader, "после")
	h.start(t)
	h.until(t, "all confirmed", func() bool { return h.server.Pending() == 0 })
	if got := h.inbox.texts(); !slices.Equal(got, []string{"после"}) {
		t.Errorf("stored %q", got)
	}
	if !strings.Contains(h.log.text(), fmt.Sprint("update=", broken)) {
		t.Errorf("the log does not name the update:\n%s", h.log.text())
	}
}

func TestPollOutlivesTelegramsFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fail    telegramtest.Failure
		atLeast time.Duration
	}{
		"429":          {telegramtest.TooMany(7), 7 * time.Second},
		"429 long":     {telegramtest.TooMany(45), 45 * time.Second},
		"500":          {telegramtest.Refusal(500, "Internal Server Error"), 250 * time.Millisecond},
		"html":         {telegramtest.HTML(502), 250 * time.Millisecond},
		"html 200":     {telegramtest.HTML(200), 250 * time.Millisecond},
		"nothing":      {telegramtest.Raw(200, ""), 250 * time.Millisecond},
		"cut":          {telegramtest.Raw(200, `{"ok":true,"result":[{"upd`), 250 * time.Millisecond},
		"drop":         {telegramtest.Drop(), 250 * time.Millisecond},
		"lost answer":  {telegramtest.Drop().Recorded(), 250 * time.Millisecond},
		"no number":    {telegramtest.Raw(200, `{"ok":true,"result":[{"message":1}]}`), 250 * time.Millisecond},
		"no waiting":   {telegramtest.Raw(200, `{"ok":true,"result":[]}`), 250 * time.Millisecond},
		"not a result": {telegramtest.Raw(200, `{"ok":true,"result":{}}`), 250 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.server.Fail("getUpdates", c.fail, 1)
			h.server.UserSays(reader, "раз")
			h.start(t)
			h.inbox.await(t, 1)
			if w := h.waited(); len(w) == 0 || w[0] < c.atLeast || w[0] > max(c.atLeast, time.Second) {
				t.Errorf("waited %v, wanted at least %v", w, c.atLeast)
			}
		})
	}
}

func TestHangingPollEnds(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.limits.poll = time.Second - pollGrace // a whole limit of one second
	h.server.Fail("getUpdates", telegramtest.Hang(), 1)
	h.server.UserSays(reader, "раз")
	h.start(t)
	h.inbox.await(t, 1)
}

func TestBackoffGrowsToThirtySeconds(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.server.Fail("getUpdates", telegramtest.HTML(503), 12)
	h.server.UserSays(reader, "раз")
	h.start(t)
	h.inbox.await(t, 1)
	w := h.waited()
	if len(w) < 12 {
		t.Fatalf("waited %v", w)
	}
	for i, d := range w[:12] {
		full := min(maxBackoff, 500*time.Millisecond<<i)
		if d > full || d < full/2 {
			t.Errorf("wait %d is %v of %v", i, d, full)
		}
	}
}

func TestRefusedTokenIsReportedAndItsCureToo(t *testing.T) {
	t.Parallel()
	for _, fail := range []telegramtest.Failure{
		telegramtest.Refusal(http.StatusUnauthorized, "Unauthorized"),
		telegramtest.Refusal(http.StatusNotFound, "Not Found"),
		telegramtest.HTML(http.StatusNotFound),
	} {
		h := newHouse(t)
		h.server.Fail("getUpdates", fail, 3)
		h.server.UserSays(reader, "раз")
		h.start(t)
		h.inbox.await(t, 1)
		if got := h.reported(); !slices.Equal(got, []string{ProblemToken, ProblemNone}) {
			t.Errorf("reported %q", got)
		}
		for _, d := range h.waited()[:3] {
			if d < brokenPause/2 {
				t.Errorf("asked again after %v", d)
			}
		}
	}
}

func TestWebhookLeftBehindIsDeleted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if err := h.SetWebhook(bounded(t), "http://127.0.0.1:1/", "s"); err != nil {
		t.Fatal(err)
	}
	h.server.UserSays(reader, "раз")
	h.start(t)
	h.inbox.await(t, 1)
	if n := h.server.Calls("deleteWebhook"); n != 1 {
		t.Errorf("deleted %d times", n)
	}
}

func TestPollGivesWayToAnother(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.server.Fail("getUpdates", telegramtest.Refusal(http.StatusConflict, "Conflict: terminated by other getUpdates request"), 2)
	var locks, releases atomic.Int32
	h.Lock = func(context.Context) (func(), bool, error) {
		if locks.Add(1) == 2 && releases.Load() != 1 {
			t.Error("taken again before it was given back")
		}
		return func() { releases.Add(1) }, true, nil
	}
	h.server.UserSays(reader, "раз")
	stop := h.start(t)
	h.inbox.await(t, 1)
	stop()
	if got := h.reported(); !slices.Equal(got, []string{ProblemConflict, ProblemNone}) {
		t.Errorf("reported %q", got)
	}
	if locks.Load() != 2 || releases.Load() != 2 || h.server.Calls("deleteWebhook") != 1 {
		t.Errorf("locked %d, released %d, webhook deleted %d times", locks.Load(), releases.Load(), h.server.Calls("deleteWebhook"))
	}
}

func TestTwoPollersOneLock(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	var lock sync.Mutex
	var tries atomic.Int32
	take := func(context.Context) (func(), bool, error) {
		if n := tries.Add(1); n%5 == 0 {
			return nil, false, errors.New("the database is away")
		}
		if !lock.TryLock() {
			return nil, false, nil
		}
		return lock.Unlock, true, nil
	}
	a, b := beside(t, server), beside(t, server)
	b.inbox = a.inbox // one database
	a.Lock, b.Lock = take, take
	stopA := a.start(t)
	server.UserSays(reader, "a")
	a.inbox.await(t, 1)
	stopB := b.start(t)
	server.UserSays(reader, "b")
	a.inbox.await(t, 2)
	stopA()
	server.UserSays(reader, "c")
	a.inbox.await(t, 3)
	b.until(t, "all confirmed", func() bool { return server.Pending() == 0 })
	stopB()
	if !lock.TryLock() {
		t.Error("the lock was not given back")
	}
	if got := a.inbox.texts(); !slices.Equal(got, []string{"a", "b", "c"}) || server.Conflicts() != 0 {
		t.Errorf("stored %q with %d conflicts", got, server.Conflicts())
	}
}

func TestNumbersThatStartAgainAreSeen(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.server.UserSays(reader, "до")
	h.start(t)
	h.inbox.await(t, 1)
	polls := h.server.Calls("getUpdates")
	h.until(t, "an empty poll", func() bool { return h.server.Calls("getUpdates") >= polls+2 })
	h.server.Renumber(5)
	h.server.UserSays(reader, "после")
	h.inbox.await(t, 2)
	h.until(t, "confirmed", func() bool { return h.server.Pending() == 0 })
}

func TestSpinnerStopsOnceTheTapIsStored(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.server.Introduce(reader, telegramtest.User{FirstName: "Айта"})
	if _, err := h.Send(bounded(t), bots.Outbound{
		Address: "7001", Text: "Верно?", Turn: 4, Choices: []bots.Choice{{ID: "yes", Label: "Да"}},
	}); err != nil {
		t.Fatal(err)
	}
	h.inbox.before = func(context.Context, bots.Inbound) error {
		if len(h.server.Answered()) > 0 {
			t.Error("answered before it was stored")
		}
		return nil
	}
	if err := h.server.UserTaps(reader, "Да"); err != nil {
		t.Fatal(err)
	}
	h.start(t)
	if in := h.inbox.await(t, 1)[0]; in.Choice != "yes" || in.Turn != 4 {
		t.Errorf("stored %+v", in)
	}
	h.until(t, "answered", func() bool { return len(h.server.Answered()) == 1 })
}

// An answer that hangs holds up neither the next message nor, beyond its own limit, the end.
func TestHangingAnswerHoldsNothingUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.server.Fail("answerCallbackQuery", telegramtest.Hang(), -1)
	for i := range 2 * answering {
		h.server.Push("callback_query", map[string]any{
			"id": fmt.Sprint(i), "data": "1:yes", "from": map[string]any{"id": reader},
			"message": map[string]any{"message_id": 1, "chat": map[string]any{"id": reader, "type": "private"}},
		})
	}
	h.server.UserSays(reader, "раз")
	stop := h.start(t)
	h.inbox.await(t, 2*answering+1)
	stop()
}

func TestWhatPeopleSendIsUnderstood(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	picture := jpegOf(t, 40, 30)
	h.server.UserSendsPhoto(reader, picture, "album")
	h.server.UserSendsPhoto(reader, picture, "album")
	h.server.UserSharesPhone(reader, "79141234567")
	id := h.server.UserSendsDocument(reader, "заявление.pdf", "application/pdf", []byte("%PDF-"))
	h.server.UserEdits(reader, id, "поправка")
	h.server.UserBlocks(reader)
	h.start(t)
	got := h.inbox.await(t, 6)
	if got[0].Album != "album" || got[1].Album != "album" || got[0].ID == got[1].ID {
		t.Errorf("not one album: %+v %+v", got[0], got[1])
	}
	if f := got[0].Files; len(f) != 1 || f[0].Size != int64(len(picture)) || !f[0].Photo {
		t.Errorf("not the biggest picture: %+v", f)
	}
	if got[2].Phone != "+79141234567" || got[3].Files[0].Name != "заявление.pdf" || got[4].Text != "поправка" || !got[5].Gone {
		t.Errorf("misunderstood: %+v", got[2:])
	}
}
