package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue"
)

// What a handler can end with beside the errors of package queue.
var (
	errMissing   = errors.New("no such page")
	errForbidden = errors.New("no permission")
	errForm      = errors.New("the form cannot be read")
)

// visit is one request, with whoever makes it.
type visit struct {
	*Site
	w          http.ResponseWriter
	r          *http.Request
	route      route
	at         time.Time
	lang       library.Lang
	session    queue.Session   // zero: nobody is signed in
	lib        library.Library // the one being looked at; zero: none
	problem    string          // what went wrong, to be shown on the page
	goodNumber bool            // of a card: false marks its field

	keeps     bool              // the form is of a card that there is
	corrected map[string]string // what is wrong with corrections that were tried, by key; nil: none were
}

func (v *visit) ctx() context.Context                { return v.r.Context() }
func (v *visit) me() queue.StaffID                   { return v.session.Staff.ID }
func (v *visit) may(p queue.Permission) bool         { return v.session.Staff.Role.May(p) }
func (v *visit) form(name string) string             { return v.r.PostFormValue(name) }
func (v *visit) query(name string) string            { return v.r.URL.Query().Get(name) }
func (v *visit) fragment() bool                      { return v.r.Header.Get("HX-Request") != "" }
func (v *visit) changes() bool                       { return v.r.Method != http.MethodGet && v.r.Method != http.MethodHead }
func (v *visit) signedIn() bool                      { return v.session.State == queue.SessionFull }
func (v *visit) object(kind string, id int64) string { return kind + " " + strconv.FormatInt(id, 10) }

// id is the number in the address. What is no number names nothing.
func (v *visit) id() (int64, error) {
	id, err := strconv.ParseInt(v.r.PathValue("id"), 10, 64)
	if err != nil || id <= 0 {
		return 0, errMissing
	}
	return id, nil
}

func (v *visit) parse() error {
	if !v.changes() {
		return nil
	}
	if err := v.r.ParseForm(); err != nil {
		return errors.Join(errForm, err)
	}
	return nil
}

// write does the work in one transaction.
func (v *visit) write(work func(ctx context.Context, tx pgx.Tx) error) error {
	return pgx.BeginFunc(v.ctx(), v.Pool, func(tx pgx.Tx) error { return work(v.ctx(), tx) })
}

// attempts is how often the desk does again what PostgreSQL gave up for another's sake.
const attempts = 4

// insist is write that is not given up because two people were in each other's way. The work may be done several times: it leaves nothing behind but in the
// transaction.
func (v *visit) insist(work func(ctx context.Context, tx pgx.Tx) error) (err error) {
	for range attempts {
		if err = v.write(work); !queue.Lost(err) {
			return err
		}
	}
	return err
}

// audit notes the route's act in the transaction of the act itself.
func (v *visit) audit(ctx context.Context, tx pgx.Tx, object string, detail map[string]any) error {
	return queue.Audit(ctx, tx, queue.AuditEntry{Library: v.lib.ID, Staff: v.me(), Act: v.route.act, Object: object, Detail: detail})
}

// look notes that papers were looked at. It has to be written before they leave the program.
func (v *visit) look(act, object string) error {
	return v.write(func(ctx context.Context, tx pgx.Tx) error {
		return queue.Audit(ctx, tx, queue.AuditEntry{Library: v.lib.ID, Staff: v.me(), Act: act, Object: object})
	})
}

// to sends the browser on after an act. A fragment is told by htmx's own header: fetch would follow a redirect by itself.
func (v *visit) to(address string) error {
	if v.fragment() {
		v.w.Header().Set("HX-Redirect", address)
		v.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	http.Redirect(v.w, v.r, address, http.StatusSeeOther)
	return nil
}

// status is the answer to an error; 0 means that nobody waits for one.
func (v *visit) status(err error) int {
	var tooLarge *http.MaxBytesError
	switch {
	case v.ctx().Err() != nil:
		return 0
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, errMissing), errors.Is(err, queue.ErrNotFound), errors.Is(err, contacts.ErrNotFound), errors.Is(err, files.ErrNotFound), errors.Is(err, bots.ErrNoSuch):
		return http.StatusNotFound
	case errors.Is(err, errForbidden), errors.Is(err, queue.ErrNotAllowed):
		return http.StatusForbidden
	case errors.Is(err, errForm), errors.Is(err, queue.ErrInvalid):
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}

// fail ends the visit with an error page, and logs what is our own fault.
func (v *visit) fail(err error) {
	status := v.status(err)
	if status == 0 {
		return
	}
	if status >= http.StatusInternalServerError {
		v.Log.ErrorContext(v.ctx(), "desk", slog.String("route", v.route.pattern), slog.Any("error", err))
	}
	v.showFailure(status)
}
