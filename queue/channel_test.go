package queue_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/queue"
)

// watched is the library's number in WhatsApp, marked so, of which several processes take notice at once.
func (h *house) watched(id bots.ChannelID, problem string) {
	h.t.Helper()
	ctx := h.t.Context()
	if _, err := h.pool.Exec(ctx, `update channels set state = case $2 when '' then 'on' else 'broken' end, since = case when problem = $2 then since else $3 end,
  problem = $2 where id = $1`, id, problem, h.clock.Now()); err != nil {
		h.t.Fatal(err)
	}
	all, err := bots.NewAccounts(h.pool, h.clock.Now).OfLibrary(ctx, h.lib)
	if err != nil {
		h.t.Fatal(err)
	}
	watch := func(ctx context.Context) error { return h.WatchChannels(ctx, all) }
	if err := errors.Join(together(ctx, watch, watch, watch)...); err != nil {
		h.t.Fatal(err)
	}
}

// calls are the tasks of channels, oldest first.
func (h *house) calls() []string {
	h.t.Helper()
	rows, err := h.pool.Query(h.t.Context(), `select note || ' ' || state || ' ' || outcome || ' ' || role from tasks where kind = 'channel' order by id`)
	if err != nil {
		h.t.Fatal(err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		h.t.Fatal(err)
	}
	return out
}

func TestHelpIsCalledOnceAndEndsByItself(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var id bots.ChannelID
	if err := h.pool.QueryRow(t.Context(), `insert into channels (library_id, kind, name) values ($1, 'whatsapp', 'number') returning id`, h.lib).Scan(&id); err != nil {
		t.Fatal(err)
	}
	director, _ := h.staff("director", queue.RoleDirector)
	operator, _ := h.staff("operator", queue.RoleOperator)
	librarian, _ := h.staff("librarian", queue.RoleLibrarian)
	for _, s := range []queue.Staff{director, operator, librarian} {
		h.wantsNotices(s)
	}
	step := func(when, problem string, wanted ...string) {
		t.Helper()
		h.watched(id, problem)
		if got := h.calls(); !slices.Equal(got, wanted) {
			t.Fatalf("%s: %q, not %q", when, got, wanted)
		}
	}
	step("works", "")
	step("a restart", "conflict")
	h.clock.move(30 * time.Second)
	step("still within a restart", "conflict")
	step("over", "")
	step("banned", "banned", "banned open  director")
	step("still banned", "banned", "banned open  director")
	var told []string
	h.clock.move(time.Second)
	if err := h.TellStaff(t.Context(), func(_ context.Context, _ pgx.Tx, to queue.Staff, n queue.Notice) error {
		told = append(told, fmt.Sprint(to.ID, n.Key(), n.Account == id, n.Name, n.Problem, n.Channel))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	wanted := []string{fmt.Sprint(director.ID, "desk_channel.told", true, "number", "banned", "whatsapp"), fmt.Sprint(operator.ID, "desk_channel.told", true, "number", "banned", "whatsapp")}
	if slices.Sort(told); !slices.Equal(told, wanted) {
		t.Errorf("told %q, not %q", told, wanted)
	}
	step("logged out on top", "logged_out", "banned done another trouble director", "logged_out open  director")
	rows, err := h.List(t.Context(), h.lib, queue.Filter{Scope: operator.Scope()})
	if err != nil || len(rows) != 1 || rows[0].Account != id {
		t.Fatalf("the queue: %+v, %v", rows, err)
	}
	h.tx(func(tx pgx.Tx) error {
		if _, err := h.TakeWithin(t.Context(), tx, h.lib, rows[0].ID, director.ID); err != nil {
			return err
		}
		return h.Finish(t.Context(), tx, h.lib, rows[0].ID, director.ID, "aside")
	})
	step("put aside by a person", "logged_out", "banned done another trouble director", "logged_out done aside director")
	step("works again", "", "banned done another trouble director", "logged_out done aside director")
	h.clock.move(time.Minute)
	step("again", "logged_out", "banned done another trouble director", "logged_out done aside director", "logged_out open  director")
	step("cured", "", "banned done another trouble director", "logged_out done aside director", "logged_out done channel works director")
}

// A process that remembers the channels as they were two seconds ago ends no call that another has made since, and makes none for what is over.
func TestACallIsNotEndedByWhatWasBefore(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var id bots.ChannelID
	if err := h.pool.QueryRow(t.Context(), `insert into channels (library_id, kind, name) values ($1, 'whatsapp', 'number') returning id`, h.lib).Scan(&id); err != nil {
		t.Fatal(err)
	}
	accounts := bots.NewAccounts(h.pool, h.clock.Now)
	before, err := accounts.OfLibrary(t.Context(), h.lib)
	if err != nil {
		t.Fatal(err)
	}
	var wanted []string
	for n, problem := range []string{"banned", "logged_out", "replaced"} {
		h.clock.move(time.Second)
		h.watched(id, problem)
		if n > 0 {
			wanted[n-1] = strings.Replace(wanted[n-1], "open ", "done another trouble", 1)
		}
		wanted = append(wanted, problem+" open  director")
		if err := h.WatchChannels(t.Context(), before); err != nil {
			t.Fatal(err)
		}
		if got := h.calls(); !slices.Equal(got, wanted) {
			t.Fatalf("%s: %q, not %q", problem, got, wanted)
		}
		if before, err = accounts.OfLibrary(t.Context(), h.lib); err != nil {
			t.Fatal(err)
		}
	}
}
