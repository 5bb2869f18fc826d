package web

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"

	"librarian/queue"
)

// exportRegistration sends what the registrar enters as a table of one row, for a catalogue that can read it in.
func exportRegistration(v *visit) error {
	t, err := v.task()
	if err != nil {
		return err
	}
	if t.Kind != queue.KindCard {
		return errMissing
	}
	reg, err := v.Registration(v.ctx(), v.lib.ID, t.Registration)
	if err != nil {
		return err
	}
	table, err := tableOf(v.entryFields(reg))
	if err != nil {
		return fmt.Errorf("export registration %d: %w", reg.ID, err)
	}
	if err := v.look(v.route.act, v.object("registration", reg.ID)); err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=registration-%d.csv", reg.ID))
	h.Set("Content-Length", strconv.Itoa(len(table)))
	_, _ = v.w.Write(table) // the visitor may be gone; nobody is left to be told
	return nil
}

// tableOf is the fields as CSV with their labels above them.
func tableOf(fields []Answer) ([]byte, error) {
	var labels, values []string
	for _, f := range fields {
		labels, values = append(labels, harmless(f.Label)), append(values, harmless(f.Value))
	}
	return spreadsheet([][]string{labels, values})
}

// spreadsheet is the rows as CSV. Without the mark at its beginning, Excel reads Cyrillic as something else.
func spreadsheet(rows [][]string) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString("\ufeff")
	w := csv.NewWriter(&out)
	w.UseCRLF = true
	if err := w.WriteAll(rows); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// harmless keeps a spreadsheet from taking what a reader wrote for a formula.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
