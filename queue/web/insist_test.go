package web

import (
	"net/url"
	"testing"

	"librarian/contacts/library"
	"librarian/queue"
)

// TestActIsTriedAgain: an act that PostgreSQL gives up for another's sake is done again, and the librarian sees no error.
func TestActIsTriedAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	librarian := h.signedIn(h.lib, queue.RoleLibrarian, library.English)
	o := h.sought(librarian)
	h.exec(`create sequence tries`)
	h.exec(`create function clash() returns trigger language plpgsql as $$ begin
  if nextval('tries') <= 2 then raise exception 'planned' using errcode = '40P01'; end if; return new; end $$`)
	h.exec(`create trigger clash before insert on order_steps for each row execute function clash()`)
	librarian.post(orderAddress(o.ID)+"/cancel", url.Values{}).leads(t, "/desk?did=cancelled-order")
	var steps int
	if h.scan(&steps, `select count(*) from order_steps where order_id = $1 and act = 'cancel'`, o.ID); steps != 1 {
		t.Errorf("cancelled %d times", steps)
	}
}
