package queue

import (
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts/library"
)

// Talk names a conversation of a library.
type Talk struct {
	Library      library.ID
	Conversation bots.ConversationID
}

// OpenQuestion is a question that nobody has answered yet.
type OpenQuestion struct {
	Task TaskID
	Due  time.Time
}

const openQuestions = `select distinct on (1, 2) t.library_id, t.conversation_id, t.id, t.due_at
from in_hand(null, null) as w
join tasks t on t.library_id = w.lib and t.conversation_id = w.id
where t.kind = 'question' and t.state <> 'done' order by 1, 2, t.id desc`

// QueueOpenQuestions adds the reading of the unanswered questions of the conversations that the transaction has claimed to the batch, one query however
// many they are, and fills the map when it is sent.
func QueueOpenQuestions(batch *pgx.Batch, into map[Talk]OpenQuestion) {
	batch.Queue(openQuestions).Query(func(rows pgx.Rows) error {
		var talk Talk
		var open OpenQuestion
		_, err := pgx.ForEachRow(rows, []any{&talk.Library, &talk.Conversation, &open.Task, &open.Due}, func() error {
			into[talk] = open
			return nil
		})
		return err
	})
}
