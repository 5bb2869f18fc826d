package web

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"librarian/contacts/library"
	"librarian/queue"
	"librarian/queue/fragments"
)

// stands are the names of the order's pages; those left out in brackets.
func (h *house) stands(o fragments.Order) string {
	h.t.Helper()
	parts, err := fragments.Parts(context.Background(), h.pool, h.lib, o.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	var out []string
	for _, p := range parts {
		name := strings.TrimSuffix(p.Name, ".jpg")
		switch {
		case p.Slip && p.Dropped:
			name = "(slip)"
		case p.Slip || p.Dropped:
			name = "?" + name
		}
		out = append(out, name)
	}
	return strings.Join(out, " ")
}

// TestSlipIsPrinted: whoever sees the order prints its slip, which says nothing of the reader.
func TestSlipIsPrinted(t *testing.T) {
	t.Parallel()
	for _, lang := range library.Langs() {
		h := newHouse(t)
		by := h.signedIn(h.lib, queue.RoleLibrarian, lang)
		o := h.sought(by)
		h.good(t, by, orderAddress(o.ID), orderAddress(o.ID)+"/slip")
		got := by.get(orderAddress(o.ID) + "/slip")
		for _, want := range []string{"Олонхо о реке", o.Pages, o.SlipCode(), "data:image/png;base64,", "Книгохранение"} {
			if !strings.Contains(got.body, want) {
				t.Errorf("%s: the slip lacks %q", lang, want)
			}
		}
		if strings.Contains(got.body, "Айыына") || strings.Contains(got.body, "slip_print.") {
			t.Errorf("%s: the slip names the reader, or a text lacks", lang)
		}
	}
}

// TestSlipInAnUpload: pages behind a slip go to its order; behind one that is made up, or another department's, to none.
func TestSlipInAnUpload(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	librarian := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	first, second := h.sought(librarian), h.sought(librarian)
	page := orderAddress(first.ID)
	got := librarian.post(page+"/parts", upload("a.jpg", second.SlipMark()+".jpg", "b.jpg", first.SlipMark()+".jpg", "c.jpg", "LR1.O.7-AAAAAAAA.jpg", "d.jpg", "e.jpg"))
	if got.status != http.StatusOK || !strings.Contains(got.body, "1 page went to order no. "+second.Code()) || !strings.Contains(got.body, "2 photos were not taken") {
		t.Errorf("the upload is answered by %d", got.status)
	}
	if one, two := h.stands(first), h.stands(second); one != "a (slip) c" || two != "(slip) b" {
		t.Errorf("they stand as %q and %q", one, two)
	}
	librarian.post(page+"/parts", upload("a.jpg", first.SlipMark()+".jpg"))
	if one := h.stands(first); one != "a (slip) c" {
		t.Errorf("brought twice they stand as %q", one)
	}
	keeper := h.signedIn(h.lib, queue.RoleDepartment, library.English)
	h.exec(`update staff set department_id = $2 where id = $1`, keeper.staff.ID, first.Department)
	got = keeper.post(page+"/parts", upload(second.SlipMark()+".jpg", "f.jpg"))
	if !strings.Contains(got.body, "was not taken") || h.stands(second) != "(slip) b" || h.stands(first) != "a (slip) c" {
		t.Errorf("another department's slip: %q, %q, %d", h.stands(first), h.stands(second), got.status)
	}
	got = keeper.post(page+"/parts", upload("notes.txt", first.SlipMark()+".jpg"))
	if got.status != http.StatusOK || !strings.Contains(got.body, "notes.txt") {
		t.Errorf("a file without pages beside a slip: %d", got.status)
	}
	if got := h.signedIn(h.other, queue.RoleLibrarian, library.English).get(page + "/slip"); got.status != http.StatusNotFound {
		t.Errorf("another library prints it: %d", got.status)
	}
}
