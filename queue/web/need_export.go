package web

import (
	"fmt"
	"strconv"

	"librarian/queue"
)

// exportNeeds sends the list with its filter as a table. Nobody stands in it.
func exportNeeds(v *visit) error {
	rows := [][]string{{
		v.t("desk_need.kind"), v.t("desk_need.words"), v.t("desk_need.number"), v.t("desk_need.segments"), v.t("desk_need.first"), v.t("desk_need.last"), v.t("desk_need.decision"),
	}}
	f := v.needFilter()
	f.After, f.Limit = queue.NeedCursor{}, 200
	for {
		list, err := v.Desk.ListNeeds(v.ctx(), v.lib.ID, f)
		if err != nil {
			return err
		}
		for _, n := range list {
			rows = append(rows, []string{
				v.needKind(n.Kind), harmless(n.Words), strconv.Itoa(n.People), harmless(v.needSegments(n, len(n.Segments))), v.day(n.First), v.day(n.Last), harmless(n.Note),
			})
			f.After = n.Cursor()
		}
		if len(list) < f.Limit {
			break
		}
	}
	table, err := spreadsheet(rows)
	if err != nil {
		return fmt.Errorf("export needs: %w", err)
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", "attachment; filename=needs.csv")
	h.Set("Content-Length", strconv.Itoa(len(table)))
	_, _ = v.w.Write(table) // the visitor may be gone; nobody is left to be told
	return nil
}
