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
from unnest($1::bigint[], $2::bigint[]) as w (lib, conv)
join tasks t on t.library_id = w.lib and t.conversation_id = w.conv
where t.kind = 'question' and t.state <> 'done' order by 1, 2, t.id desc`

// QueueOpenQuestions adds the reading of the conversations' unanswered questions to the batch, one query however many they are, and fills the map
// when it is sent.
func QueueOpenQuestions(batch *pgx.Batch, talks []Talk, into map[Talk]OpenQuestion) {
	libs, convs := make([]int64, len(talks)), make([]int64, len(talks))
	for i, t := range talks {
		libs[i], convs[i] = int64(t.Library), int64(t.Conversation)
	}
	batch.Queue(openQuestions, libs, convs).Query(func(rows pgx.Rows) error {
		var talk Talk
		var open OpenQuestion
		_, err := pgx.ForEachRow(rows, []any{&talk.Library, &talk.Conversation, &open.Task, &open.Due}, func() error {
			into[talk] = open
			return nil
		})
		return err
	})
}
