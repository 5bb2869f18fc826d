package papers

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"librarian/bots/files"
	"librarian/contacts"
	"librarian/contacts/library"
)

// exampleDrawing is raised when the examples are drawn differently: those that are kept are then made anew.
const exampleDrawing = 1

// ExampleOf names the picture of an example for readers of one language of a library.
type ExampleOf struct {
	Library library.ID
	Lang    library.Lang
	Example Example
}

// KeptExamples gives the files of all examples that are kept as they are drawn now.
func KeptExamples(ctx context.Context, db contacts.DB) (map[ExampleOf]files.ID, error) {
	rows, err := db.Query(ctx, `select library_id, lang, example, file_id from paper_examples where drawing = $1`, exampleDrawing)
	if err != nil {
		return nil, fmt.Errorf("examples of papers: %w", err)
	}
	out := map[ExampleOf]files.ID{}
	var of ExampleOf
	var file files.ID
	_, err = pgx.ForEachRow(rows, []any{&of.Library, &of.Lang, &of.Example, &file}, func() error {
		out[of] = file
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("examples of papers: %w", err)
	}
	return out, nil
}

// KeepExample notes the file of an example and links it. One that is kept already stays: the new file is then shown by nothing, and swept away.
func KeepExample(ctx context.Context, tx pgx.Tx, of ExampleOf, file files.ID) error {
	tag, err := tx.Exec(ctx, `insert into paper_examples (library_id, lang, example, drawing, file_id) values ($1, $2, $3, $4, $5)
on conflict (library_id, lang, example) do update set drawing = excluded.drawing, file_id = excluded.file_id where paper_examples.drawing < excluded.drawing`,
		of.Library, of.Lang, of.Example, exampleDrawing, file)
	if err != nil {
		return fmt.Errorf("example %s of library %d: %w", of.Example, of.Library, err)
	}
	if tag.RowsAffected() == 0 {
		return nil
	}
	return files.Link(ctx, tx, of.Library, file)
}
