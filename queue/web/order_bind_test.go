package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"librarian/contacts/library"
	"librarian/queue"
	"librarian/queue/stock"
)

// edition takes a book of ten pages into the catalogue.
func (h *house) edition(title string) (id stock.EditionID) {
	h.t.Helper()
	record := stock.Record{
		Number: 1, Source: title, Title: title, Kind: stock.Book, Pages: 10, Copies: []stock.Copy{{Siglum: "КХ2", Inventory: title}},
	}
	catalogue := stock.New(h.pool)
	if _, err := catalogue.Import(h.t.Context(), h.lib, func(yield func(stock.Record, error) bool) { yield(record, nil) }, nil); err != nil {
		h.t.Fatal(err)
	}
	found, err := catalogue.Search(h.t.Context(), h.lib, title, 1)
	if err != nil || len(found) != 1 {
		h.t.Fatalf("catalogue: %v, %v", found, err)
	}
	return found[0].ID
}

// TestBookOfAnOrderIsFound: a librarian finds what a reader described in words; its holders are proposed, and its limit counts.
func TestBookOfAnOrderIsFound(t *testing.T) {
	t.Parallel()
	for _, lang := range library.Langs() {
		h := newHouse(t)
		librarian := h.signedIn(h.lib, queue.RoleLibrarian, lang)
		other := h.department(h.lib, "Другой отдел")
		o, department := h.ordered() // of four pages
		h.exec(`insert into sigla (library_id, siglum, fund, department_id, rank) values ($1, 'КХ2', '', $2, 1)`, h.lib, department)
		edition := h.edition("Песни реки")
		page := orderAddress(o.ID)
		if got := librarian.get(page + "?book=" + url.QueryEscape("река песни")); got.status != http.StatusOK || !strings.Contains(got.body, fmt.Sprintf(`name="edition" value="%d"`, edition)) {
			t.Errorf("%s: not found: %d", lang, got.status)
		}
		h.good(t, librarian, page+"?book=zzzz", "search")
		for _, bad := range []string{"", "x", "999999"} {
			if got := librarian.post(page+"/bind", url.Values{"edition": {bad}}); got.status != http.StatusConflict {
				t.Errorf("%s: bound to %q: %d", lang, bad, got.status)
			}
		}
		form := url.Values{"edition": {fmt.Sprint(edition)}}
		if got := librarian.post(page+"/bind?book="+url.QueryEscape("песни"), form); got.status != http.StatusConflict || !strings.Contains(got.body, "Песни реки") {
			t.Errorf("%s: four pages of ten are allowed, or what was found is gone: %d", lang, got.status)
		}
		form.Set("permit", "yes")
		librarian.post(page+"/bind", form).leads(t, page+"?did=bound")
		got := librarian.get(page).body
		place := func(department int64) int { return strings.Index(got, fmt.Sprintf(`<option value="%d"`, department)) }
		if !strings.Contains(got, "Песни реки") || place(department) < 0 || place(department) > place(other) {
			t.Errorf("%s: the page lacks the book, or proposes others first", lang)
		}
		var stand string
		h.scan(&stand, `select edition_id || ' ' || permit from orders where id = $1`, o.ID)
		if want := fmt.Sprint(edition, " true"); stand != want {
			t.Errorf("%s: %s, want %s", lang, stand, want)
		}
		if h.logged.Len() > 0 {
			t.Errorf("%s: logged %s", lang, h.logged)
		}
	}
}
