package queue

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts/library"
)

// How the task of a channel ends by itself.
const (
	OutcomeWorks   = "channel works"   // or was switched off
	OutcomeTrouble = "another trouble" // which has a task of its own
)

// ChannelTexts names what is said of a channel with the problem: what happened, and what is to be done.
func ChannelTexts(problem string) (happened, todo string) {
	texts := map[string][2]string{
		bots.ProblemLoggedOut: {"desk_channel.logged_out", "desk_channel.logged_out_todo"},
		bots.ProblemBanned:    {"desk_channel.banned", "desk_channel.banned_todo"},
		bots.ProblemOutdated:  {"desk_channel.outdated", "desk_channel.outdated_todo"},
		bots.ProblemReplaced:  {"desk_channel.replaced", "desk_channel.replaced_todo"},
		bots.ProblemUnreached: {"desk_channel.unreached", "desk_channel.unreached_todo"},
		"token":               {"desk_channel.token", "desk_channel.token_todo"},
		"conflict":            {"desk_channel.conflict", "desk_channel.conflict_todo"},
		"webhook":             {"desk_channel.webhook", "desk_channel.webhook_todo"},
		"sign_in":             {"desk_channel.mail_sign_in", "desk_channel.mail_sign_in_todo"},
		"connect":             {"desk_channel.mail_connect", "desk_channel.mail_connect_todo"},
		"full":                {"desk_channel.mail_full", "desk_channel.mail_full_todo"},
		"mailbox":             {"desk_channel.mail_mailbox", "desk_channel.mail_mailbox_todo"},
	}
	if known, ok := texts[problem]; ok {
		return known[0], known[1]
	}
	return "desk_channel.unknown", "desk_channel.unknown_todo"
}

const selectChannelTasks = `
select id, library_id as library, channel_id as channel, note as problem from tasks where channel_id is not null and state <> 'done' order by id`

// channelTask is a task that calls for help with a channel.
type channelTask struct {
	ID      TaskID
	Library library.ID
	Channel bots.ChannelID
	Problem string
}

// WatchChannels calls for help with channels that do not work, once for each time they stop, and ends the call when they work again. What may heal by itself
// is waited for; a call that is out already stays meanwhile. It is given all channels, and may run in several processes at a time.
func (d *Desk) WatchChannels(ctx context.Context, accounts []bots.Account) error {
	out, err := all[channelTask](ctx, d.pool, selectChannelTasks)
	if err != nil {
		return fmt.Errorf("tasks of channels: %w", err)
	}
	called := map[bots.ChannelID]channelTask{}
	for _, t := range out {
		called[t.Channel] = t
	}
	var failed []error
	for _, a := range accounts {
		t, is := called[a.ID]
		switch alarms := a.Alarms(d.now()); {
		case alarms && (!is || t.Problem != a.Problem):
			err = d.ifSo(ctx, fmt.Sprintf("call for help with channel %d", a.ID), a, func(tx pgx.Tx) error { return d.callFor(ctx, tx, a, t) })
		case is && a.State != "broken":
			err = d.ifSo(ctx, fmt.Sprintf("end the call for channel %d", a.ID), a, func(tx pgx.Tx) error {
				return Withdraw(ctx, tx, a.Library, []TaskID{t.ID}, OutcomeWorks)
			})
		default:
			continue
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// ifSo does the work if the channel is still as it was read. A call that were ended by what another process remembers of before it would never come again.
func (d *Desk) ifSo(ctx context.Context, what string, a bots.Account, work func(tx pgx.Tx) error) error {
	return d.within(ctx, what, func(tx pgx.Tx) error {
		if same, err := a.Unchanged(ctx, tx); err != nil || !same {
			return err
		}
		return work(tx)
	})
}

// One whom somebody has put aside is not called again for the same trouble.
const callForHelp = `
with opened as (
  insert into tasks (library_id, kind, role, channel_id, reader_name, channel, note, created_at, due_at)
  select $1, 'channel', 'director', $2, $3, $4, $5, greatest($6::timestamptz, $7::timestamptz), greatest($6::timestamptz, $7::timestamptz)
  where not exists (select from tasks where library_id = $1 and channel_id = $2 and note = $5 and created_at >= $7::timestamptz)
  on conflict (library_id, channel_id) where channel_id is not null and state <> 'done' do nothing
  returning id
), logged as (
  insert into task_log (library_id, task_id, act) select $1, id, 'opened' from opened
)
select id from opened`

// callFor opens the task, due at once. One for another trouble of the channel is over.
func (d *Desk) callFor(ctx context.Context, tx pgx.Tx, a bots.Account, before channelTask) error {
	if before.ID != 0 {
		if err := Withdraw(ctx, tx, a.Library, []TaskID{before.ID}, OutcomeTrouble); err != nil {
			return err
		}
	}
	rows, err := tx.Query(ctx, callForHelp, a.Library, a.ID, a.Name, a.Kind, a.Problem, d.now(), a.Since)
	if err != nil {
		return err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[TaskID])
	if err != nil {
		return err
	}
	return bots.Notify(ctx, tx, signalsOf(a.Library, ids)...)
}
