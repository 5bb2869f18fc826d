package runner_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/queue"
)

func (w *world) epoch(sender string) (epoch int) {
	w.Helper()
	w.scan(&epoch, `select epoch from conversations where id = $1`, w.conv(sender))
	return epoch
}

func (w *world) takeOver(i *instance, sender string, by queue.StaffID) {
	w.Helper()
	w.tx(func(ctx context.Context, tx pgx.Tx) error {
		return i.TakeOver(ctx, tx, w.lib, w.conv(sender), by, w.epoch(sender))
	})
}

func (w *world) handBack(i *instance, sender string, by queue.StaffID) {
	w.Helper()
	w.tx(func(ctx context.Context, tx pgx.Tx) error { return i.HandBack(ctx, tx, w.lib, w.conv(sender), by) })
	w.settle(sender)
}

// TestLetGo: the bot answers again and asks nothing by itself; who does not speak cannot let go.
func TestLetGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	olga, pavel := w.staff("olga"), w.staff("pavel")
	w.say(i, "anna", "меню")
	w.takeOver(i, "anna", olga)
	epoch, said := w.epoch("anna"), w.said("anna")
	letGo := func(by queue.StaffID) {
		w.tx(func(ctx context.Context, tx pgx.Tx) error { return i.LetGo(ctx, tx, w.lib, w.conv("anna"), by) })
	}
	letGo(pavel)
	if got := w.epoch("anna"); got != epoch {
		t.Errorf("let go by who does not speak: epoch %d, was %d", got, epoch)
	}
	letGo(olga)
	letGo(olga) // nobody speaks any more
	w.settle("anna")
	if got := w.epoch("anna"); got != epoch+1 || w.said("anna") != said {
		t.Errorf("epoch %d, was %d; the bot said %d messages by itself", got, epoch, w.said("anna")-said)
	}
	if got := w.say(i, "anna", "меню"); len(got) == 0 {
		t.Error("the bot does not answer")
	}
	w.contiguous()
}

func TestTakeOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	olga, pavel := w.staff("olga"), w.staff("pavel")
	w.say(i, "anna", "меню")
	w.press(i, "anna", "register")
	question := w.answers("anna", w.said("anna")-1)
	w.takeOver(i, "anna", olga)
	if n := w.count(`select count(*) from outbox where state = 'queued' and kind = 'bot'`); n != 0 {
		t.Errorf("%d messages of the bot are still to be sent", n)
	}
	err := w.do(func(ctx context.Context, tx pgx.Tx) error {
		return i.Say(ctx, tx, w.lib, w.conv("anna"), pavel, "и я", nil)
	})
	if !errors.Is(err, queue.ErrOtherSpeaks) {
		t.Errorf("two voices: %v", err)
	}
	err = w.do(func(ctx context.Context, tx pgx.Tx) error {
		return i.TakeOver(ctx, tx, w.lib, w.conv("anna"), pavel, 0)
	})
	if !errors.Is(err, queue.ErrOtherSpeaks) {
		t.Errorf("taken over by who has not seen it: %v", err)
	}
	err = w.do(func(ctx context.Context, tx pgx.Tx) error { return i.HandBack(ctx, tx, w.lib, w.conv("anna"), pavel) })
	if !errors.Is(err, queue.ErrOtherSpeaks) {
		t.Errorf("handed back by another: %v", err)
	}
	w.tx(func(ctx context.Context, tx pgx.Tx) error {
		return i.Say(ctx, tx, w.lib, w.conv("anna"), olga, "Здравствуйте!", nil)
	})
	epoch := w.epoch("anna")
	w.takeOver(i, "anna", olga) // once more changes nothing
	if got := w.epoch("anna"); got != epoch {
		t.Errorf("epoch %d, want %d", got, epoch)
	}
	if got := w.say(i, "anna", "2"); len(got) != 0 {
		t.Errorf("the bot says %q while a person speaks", got)
	}
	if n := w.count(`select count(*) from conversations where wake_at is not null`); n != 0 {
		t.Error("a timer runs while a person speaks")
	}
	before := w.said("anna")
	w.handBack(i, "anna", olga)
	if got := w.answers("anna", before); !slices.Equal(got, question) {
		t.Errorf("asks %q again, want %q", got, question)
	}
	if got := w.step("anna"); got != "register/who" {
		t.Errorf("at %s: what was said to the person moved the flow", got)
	}
	if n := w.count(`select count(*) from conversations where wake_at is not null`); n != 1 {
		t.Error("the timer is not set again")
	}
	w.press(i, "anna", "child")
	if got := w.step("anna"); got != "register/consent" {
		t.Errorf("at %s", got)
	}
}

func TestHandBackAtTheMenuSaysNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	olga := w.staff("olga")
	w.say(i, "anna", "меню")
	w.takeOver(i, "anna", olga)
	before := w.said("anna")
	w.handBack(i, "anna", olga)
	if got := w.answers("anna", before); len(got) != 0 {
		t.Errorf("says %q", got)
	}
	if got := w.say(i, "anna", "меню"); len(got) == 0 {
		t.Error("the bot does not speak again")
	}
}

func TestTakeOverHoldsForAllAddressesOfTheContact(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	olga := w.staff("olga")
	for _, sender := range []string{"chat", "mail", "menu"} {
		w.say(i, sender, "меню")
		if sender != "menu" {
			w.press(i, sender, "register")
		}
	}
	w.exec(`update addresses set contact_id = (select min(contact_id) from addresses)`)
	w.takeOver(i, "chat", olga)
	for _, sender := range []string{"chat", "mail", "menu"} {
		if got := w.say(i, sender, "2"); len(got) != 0 {
			t.Errorf("%s: the bot says %q", sender, got)
		}
	}
	before := map[string]int{"chat": w.said("chat"), "mail": w.said("mail"), "menu": w.said("menu")}
	w.handBack(i, "mail", olga)
	for sender, asks := range map[string]bool{"chat": true, "mail": true, "menu": false} {
		w.settle(sender)
		if got := w.answers(sender, before[sender]); (len(got) > 0) != asks {
			t.Errorf("%s: after the hand-back %q", sender, got)
		}
	}
}

func TestNewsGoWhoeverSpeaks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	olga := w.staff("olga")
	w.say(i, "anna", "меню")
	w.press(i, "anna", "register")
	w.takeOver(i, "anna", olga)
	before := w.said("anna")
	w.tx(func(ctx context.Context, tx pgx.Tx) error {
		return i.Tell(ctx, tx, w.lib, w.conv("anna"), queue.News{Kind: queue.NewsRefused, Fields: map[string]string{"reason": "нет подписи"}})
	})
	w.settle("anna")
	got := w.answers("anna", before)
	if len(got) != 1 || !strings.Contains(got[0], "нет подписи") {
		t.Errorf("told %q", got)
	}
	if n := w.count(`select count(*) from outbox where kind = 'notice'`); n != 1 {
		t.Errorf("%d notices", n)
	}
	w.handBack(i, "anna", olga)
	// The buttons of the question that stood before the news still work.
	in := w.message("anna", "late", "")
	in.Choice, in.Turn = "child", 2
	w.give(i, in)
	if got := w.step("anna"); got != "register/consent" {
		t.Errorf("at %s", got)
	}
}

func TestHistoryAndHeader(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	olga := w.staff("olga")
	w.press(i, "anna", "lang:ru")
	w.press(i, "anna", "register")
	w.takeOver(i, "anna", olga)
	conv := w.conv("anna")
	all, err := i.History(t.Context(), w.lib, conv, bots.Cursor{}, 100)
	if err != nil {
		t.Fatal(err)
	}
	var heard []string
	for _, e := range all {
		if e.Side == bots.SideReader {
			heard = append(heard, e.Text)
		}
	}
	if !slices.Equal(heard, []string{"", w.ru("menu.register")}) {
		t.Errorf("the reader's half is %q", heard)
	}
	h, err := i.Header(t.Context(), w.lib, conv)
	if err != nil || h.Speaker != olga || h.Epoch != 1 || h.Flow != "register" || h.Step != "who" || h.Channel != bots.WebChat {
		t.Errorf("header %+v, %v", h, err)
	}
	if _, err := i.Header(t.Context(), w.lib+1, conv); !errors.Is(err, queue.ErrNotFound) {
		t.Errorf("another library sees it: %v", err)
	}
	if _, err := i.Lang(t.Context(), w.lib+1, conv); !errors.Is(err, queue.ErrNotFound) {
		t.Errorf("another library sees its language: %v", err)
	}
}
