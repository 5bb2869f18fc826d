package queue

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts/library"
)

// TaskID names one task.
type TaskID int64

// The kinds of task.
const (
	KindQuestion     = "question"     // a reader waits for an answer
	KindRegistration = "registration" // papers are to be looked at
	KindCard         = "card"         // an accepted reader is to be entered
	KindStuck        = "stuck"        // the program failed in a conversation
	KindUndelivered  = "undelivered"  // a message did not reach the reader
	KindLesson       = "lesson"       // a newcomer comes to the lesson for new readers, or to the test: it is to be certified
	KindWithdrawal   = "withdrawal"   // a reader with a card has withdrawn their consent: the data is to be dealt with
	KindRoute        = "route"        // an ordered fragment: which department holds the book
	KindFind         = "find"         // a department is to find it and bring its pages
	KindCheck        = "check"        // what came is to be looked at and sent
	KindChannel      = "channel"      // a channel does not work; the note is the provider's code
)

// Kinds are all kinds of task.
func Kinds() []string {
	return []string{KindQuestion, KindRegistration, KindLesson, KindCard, KindStuck, KindUndelivered, KindWithdrawal, KindRoute, KindFind, KindCheck, KindChannel}
}

// The states of a task.
const (
	StateOpen  = "open"
	StateTaken = "taken"
	StateDone  = "done"
)

// NewTask is work to be done. An id of zero stands for none.
type NewTask struct {
	Library      library.ID
	Kind         string
	Role         Role // whose work it is
	Department   int64
	Conversation bots.ConversationID
	Reader       int64
	Registration int64
	Order        int64
	ReaderName   string    // as the list shows it
	Channel      bots.Kind // as the list shows it
	Note         string    // what was asked, in the reader's words
	Created      time.Time
	Due          time.Time // the promise, in the library's working time
	Remind       time.Time // when its holder is told that little of that time is left; zero: never
}

// Promised is the task with its times by the hours: those of its department, or the library's.
func (t NewTask) Promised(lib library.Library, hours library.Hours) NewTask {
	work := lib.Settings.Work(t.Kind)
	t.Due = lib.DueBy(hours, t.Created, work)
	t.Remind, _ = lib.RemindBy(hours, t.Created, work)
	return t
}

// Task is work for staff. An id of zero stands for none.
type Task struct {
	ID           TaskID
	Library      library.ID
	Kind         string
	State        string
	Role         Role
	Department   int64
	Conversation bots.ConversationID
	Reader       int64
	Registration int64
	Order        int64
	ReaderName   string
	Channel      bots.Kind
	Note         string
	Holder       StaffID // once done: who did it
	HolderName   string
	Outcome      string
	Created      time.Time
	Due          time.Time
	Taken        *time.Time
	Paused       *time.Time // since when its clock stands still; nil: it runs
	Done         *time.Time
	Reply        string         // of a question: what a department answers, for the librarian to send
	RepliedBy    int64          // that department
	Account      bots.ChannelID // of a channel that does not work; its name is ReaderName
}

const listColumns = `
t.id, t.library_id as library, t.kind, t.state, t.role, coalesce(t.department_id, 0) as department, coalesce(t.conversation_id, 0) as conversation,
coalesce(t.reader_id, 0) as reader, coalesce(t.registration_id, 0) as registration, coalesce(t.order_id, 0) as "order", t.reader_name, t.channel,
coalesce(t.holder, 0) as holder, coalesce(h.name, '') as holder_name, t.outcome, t.created_at as created, t.due_at as due, t.taken_at as taken,
t.paused_at as paused, t.done_at as done, t.reply, coalesce(t.replied_by, 0) as replied_by, coalesce(t.channel_id, 0) as account`

const taskColumns = listColumns + `, t.note`

// maxNote bounds what one reader can make of a task, in characters.
const maxNote = 8000

// The log is written in the same statement, however many tasks there are. Ids grow in the order of the input.
const openTasks = `
with opened as (
  insert into tasks (library_id, kind, role, conversation_id, reader_id, registration_id, reader_name, channel, note, created_at, due_at, department_id,
    remind_at, order_id)
  select library_id, kind, role, nullif(conversation_id, 0), nullif(reader_id, 0), nullif(registration_id, 0), reader_name, channel, note, created_at, due_at,
    nullif(department_id, 0), remind_at, nullif(order_id, 0)
  from unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[], $8::text[], $9::text[], $10::timestamptz[],
      $11::timestamptz[], $12::bigint[], $13::timestamptz[], $14::bigint[])
    with ordinality as n (library_id, kind, role, conversation_id, reader_id, registration_id, reader_name, channel, note, created_at, due_at, department_id,
      remind_at, order_id, place)
  order by place
  returning library_id, id
), logged as (
  insert into task_log (library_id, task_id, act) select library_id, id, 'opened' from opened
)
select id from opened order by id`

// Open puts the tasks into the queue and gives their ids in the same order: one statement however many they are.
func Open(ctx context.Context, tx pgx.Tx, tasks []NewTask) ([]TaskID, error) {
	if len(tasks) == 0 {
		return nil, nil
	}
	rows, err := tx.Query(ctx, openTasks,
		column(tasks, func(t NewTask) library.ID { return t.Library }),
		column(tasks, func(t NewTask) string { return t.Kind }),
		column(tasks, func(t NewTask) Role { return t.Role }),
		column(tasks, func(t NewTask) bots.ConversationID { return t.Conversation }),
		column(tasks, func(t NewTask) int64 { return t.Reader }),
		column(tasks, func(t NewTask) int64 { return t.Registration }),
		column(tasks, func(t NewTask) string { return clean(t.ReaderName, maxNote) }),
		column(tasks, func(t NewTask) bots.Kind { return t.Channel }),
		column(tasks, func(t NewTask) string { return clean(t.Note, maxNote) }),
		column(tasks, func(t NewTask) time.Time { return t.Created }),
		column(tasks, func(t NewTask) time.Time { return t.Due }),
		column(tasks, func(t NewTask) int64 { return t.Department }),
		column(tasks, NewTask.remind),
		column(tasks, func(t NewTask) int64 { return t.Order }))
	if err != nil {
		return nil, fmt.Errorf("open %d tasks: %w", len(tasks), err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[TaskID])
	if err != nil {
		return nil, fmt.Errorf("open %d tasks: %w", len(tasks), err)
	}
	signals := make([]bots.Signal, len(ids))
	for i, id := range ids {
		signals[i] = bots.Signal{Topic: bots.TopicQueue, Library: tasks[i].Library, ID: int64(id)}
	}
	return ids, bots.Notify(ctx, tx, signals...)
}

// remind is null where there is no such moment.
func (t NewTask) remind() *time.Time {
	if t.Remind.IsZero() {
		return nil
	}
	return &t.Remind
}

func column[S, T any](rows []S, of func(S) T) []T {
	values := make([]T, len(rows))
	for i, r := range rows {
		values[i] = of(r)
	}
	return values
}

const addNote = `
update tasks set note = left(case when note = '' then $3 else note || E'\n' || $3 end, $4) where library_id = $1 and id = $2 and state <> 'done'`

// AddNote adds what the reader wrote since. ErrDone when it comes too late: it is then another task.
func AddNote(ctx context.Context, tx pgx.Tx, lib library.ID, id TaskID, text string) error {
	done, err := tx.Exec(ctx, addNote, lib, id, clean(text, maxNote), maxNote)
	if err != nil {
		return fmt.Errorf("add note to task %d: %w", id, err)
	}
	if done.RowsAffected() == 0 {
		return fmt.Errorf("add note to task %d: %w", id, refusal(ctx, tx, lib, id))
	}
	return logAct(ctx, tx, lib, id, 0, "note", "")
}

// OutcomeWithdrawn ends the tasks of somebody who has withdrawn their consent.
const OutcomeWithdrawn = "consent withdrawn"

const withdrawTasks = `
with gone as (
  update tasks set state = 'done', outcome = $3, done_at = clock_timestamp() where library_id = $1 and id = any($2) and state <> 'done' returning id
), logged as (
  insert into task_log (library_id, task_id, act, detail) select $1, id, 'withdrawn', $3 from gone
)
select id from gone`

// Withdraw ends tasks that nobody needs to do any more, whoever holds them. What is done already is left alone.
func Withdraw(ctx context.Context, tx pgx.Tx, lib library.ID, ids []TaskID, outcome string) error {
	rows, err := tx.Query(ctx, withdrawTasks, lib, ids, outcome)
	if err != nil {
		return fmt.Errorf("withdraw tasks: %w", err)
	}
	gone, err := pgx.CollectRows(rows, pgx.RowTo[TaskID])
	if err != nil {
		return fmt.Errorf("withdraw tasks: %w", err)
	}
	return bots.Notify(ctx, tx, signalsOf(lib, gone)...)
}

const releaseOf = `
with freed as (
  update tasks set state = 'open', holder = null, taken_at = null where holder = $1 and state = 'taken'
    and not coalesce(department_id, 0) = any($3) returning library_id, id
), logged as (
  insert into task_log (library_id, task_id, staff_id, act) select library_id, id, nullif($2::bigint, 0), 'released' from freed
)
select library_id as library, id from freed`

// releaseHeld puts the tasks of a member of staff back, but for those of the departments that are kept; 0 are those of none.
func releaseHeld(ctx context.Context, tx pgx.Tx, holder, by StaffID, kept ...int64) error {
	type freed struct {
		Library library.ID
		ID      TaskID
	}
	list, err := all[freed](ctx, tx, releaseOf, holder, by, append([]int64{}, kept...))
	if err != nil {
		return fmt.Errorf("release tasks of staff %d: %w", holder, err)
	}
	var signals []bots.Signal
	for _, f := range list {
		signals = append(signals, signalsOf(f.Library, []TaskID{f.ID})...)
	}
	return bots.Notify(ctx, tx, signals...)
}

func signalsOf(lib library.ID, ids []TaskID) []bots.Signal {
	signals := make([]bots.Signal, len(ids))
	for i, id := range ids {
		signals[i] = bots.Signal{Topic: bots.TopicQueue, Library: lib, ID: int64(id)}
	}
	return signals
}

const getTask = `select ` + taskColumns + ` from tasks t left join staff h on h.id = t.holder where t.library_id = $1 and t.id = $2`

// Get gives the task, or ErrNotFound.
func (d *Desk) Get(ctx context.Context, lib library.ID, id TaskID) (Task, error) {
	t, err := one[Task](ctx, d.pool, getTask, lib, id)
	if err != nil {
		return Task{}, fmt.Errorf("get task %d: %w", id, err)
	}
	return t, nil
}

const tasksOfConversation = `
select ` + taskColumns + ` from tasks t left join staff h on h.id = t.holder
where t.library_id = $1 and t.conversation_id = $2 and t.state <> 'done' order by t.id`

// OfConversation gives the tasks of the conversation that are not done, oldest first.
func OfConversation(ctx context.Context, tx pgx.Tx, lib library.ID, conv bots.ConversationID) ([]Task, error) {
	list, err := all[Task](ctx, tx, tasksOfConversation, lib, conv)
	if err != nil {
		return nil, fmt.Errorf("tasks of conversation %d: %w", conv, err)
	}
	return list, nil
}
