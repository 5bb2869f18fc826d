package queue_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
	"librarian/queue"
)

// TestExampleIsTheSources holds the shipped table to what the source says.
func TestExampleIsTheSources(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	h.tx(func(tx pgx.Tx) error { return queue.AddExampleDepartments(ctx, tx, queue.Console(), h.lib) })
	h.tx(func(tx pgx.Tx) error {
		for _, c := range []struct{ siglum, fund, want string }{
			{"КХ", "основной фонд", "Document storage"},
			{"КХ2", "", "Document storage"},
			{"КМ", "", "“Sandaly-Bichik” fund"},
			{"КМП", "", "“Sandaly-Bichik” fund"},
			{"СБ", "", "“Sandaly-Bichik” fund"},
			{"КХ", "краеведческий фонд", "Local-history funds"},
			{"КХ", "подсобный фонд ОНКФ", "Local-history funds"},
			{"ОНКФ", "", "Local-history funds"},
		} {
			list, err := queue.Route(ctx, tx, h.lib, [][2]string{{c.siglum, c.fund}})
			if err != nil {
				return err
			}
			if len(list) != 1 || !list[0].Certain {
				t.Fatalf("%s %s: %+v", c.siglum, c.fund, list)
			}
			dep, err := queue.DepartmentByID(ctx, tx, h.lib, list[0].Department)
			if err != nil || dep.Title(library.English, library.Russian) != c.want {
				t.Errorf("%s %s goes to %v, %v", c.siglum, c.fund, dep.Name, err)
			}
		}
		if list, err := queue.Route(ctx, tx, h.lib, [][2]string{{"КХ", ""}}); err != nil || len(list) != 2 || list[0].Certain || list[1].Certain {
			t.Errorf("КХ alone: %+v, %v", list, err)
		}
		for _, p := range queue.Purposes() {
			if list, err := queue.DepartmentsFor(ctx, tx, h.lib, p); err != nil || len(list) == 0 {
				t.Errorf("nobody does %s, %v", p, err)
			}
		}
		_, err := queue.DepartmentNamed(ctx, tx, h.lib, library.ExampleNewcomer().Department)
		return err
	})
}
