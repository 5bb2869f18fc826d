package queue

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts/library"
)

const departmentChats = `
select notify_at from staff where department_id = $2 and library_id = $1 and notify_library = $1 and notify_at is not null and state = 'on' order by notify_at`

// DepartmentChats gives the conversations that the department's people have bound, each their own: where they are told of tasks, and answer.
func DepartmentChats(ctx context.Context, db querier, lib library.ID, department int64) ([]bots.ConversationID, error) {
	rows, err := db.Query(ctx, departmentChats, lib, department)
	if err != nil {
		return nil, fmt.Errorf("chats of department %d: %w", department, err)
	}
	chats, err := pgx.CollectRows(rows, pgx.RowTo[bots.ConversationID])
	if err != nil {
		return nil, fmt.Errorf("chats of department %d: %w", department, err)
	}
	return chats, nil
}
