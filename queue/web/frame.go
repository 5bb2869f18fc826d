package web

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"librarian/contacts/library"
	"librarian/queue"
)

// frame is what every page has around its own matter.
type frame struct {
	Lang     library.Lang
	Title    string
	Library  string
	SignedIn bool
	Name     string // of who is signed in
	Role     string
	Home     string
	Chooses  bool // an operator, who can look at another library
	Nav      []navItem
	Counts   *counters   // nil where there is no queue to count
	Events   string      // address of the stream that the page follows
	Alarms   []alarmView // channels that do not work
	Watches  bool        // they are theirs to know of
	Notice   string      // what has just been done
	Problem  string      // what went wrong
}

type navItem struct {
	Href    string
	Label   string
	Current bool
	Tray    *trayCount // how many letters wait there; nil: it is no tray
}

// counters stand on every page.
type counters struct{ Waiting, Late, Mine int }

// frame makes the frame of a page with the title.
func (v *visit) frame(ctx context.Context, title string) (frame, error) {
	f := frame{Lang: v.lang, Title: title, Home: v.home(), Notice: v.notice(), Problem: v.problem}
	if v.lib.ID != 0 {
		f.Library = v.lib.Title(v.lang)
	}
	staff := v.session.Staff
	if !v.signedIn() || staff.MustChange {
		return f, nil
	}
	f.SignedIn, f.Name, f.Role, f.Chooses = true, staff.Name, v.roleName(staff.Role), staff.Library == nil
	var err error
	if f.Nav, err = v.navWithTray(ctx); err != nil {
		return f, err
	}
	if f.Alarms, err = v.alarms(ctx); err != nil {
		return f, err
	}
	f.Watches = v.lib.ID != 0 && v.may(queue.PermChannels)
	if v.lib.ID == 0 || !v.may(queue.PermQueue) {
		return f, nil
	}
	f.Events = "/desk/events"
	counts, err := v.counters(ctx)
	f.Counts = &counts
	return f, err
}

func (v *visit) counters(ctx context.Context) (counters, error) {
	counts, err := v.Desk.Counts(ctx, v.lib.ID, v.me(), v.session.Staff.Scope())
	if err != nil {
		return counters{}, err
	}
	out := counters{Late: counts.Late, Mine: counts.Mine}
	for _, n := range counts.Open {
		out.Waiting += n
	}
	return out, nil
}

// nav shows what the role may open. A page that is added takes one line here.
func (v *visit) nav() []navItem {
	var out []navItem
	for _, page := range []struct {
		needs queue.Permission
		href  string
		key   string
	}{
		{queue.PermQueue, "/desk", "desk.queue_title"},
		{queue.PermPapers, "/desk/papers", "desk_papers.waiting_title"},
		{queue.PermParts, "/desk/orders", "desk_order.list_title"},
		{queue.PermNeeds, "/desk/needs", "desk_need.title"},
		{queue.PermCertify, "/desk/lessons", "desk_lesson.title"},
		{queue.PermStaff, "/desk/staff", "desk.staff_title"},
		{queue.PermSettings, "/desk/settings", "desk_settings.title"},
		{queue.PermAudit, "/desk/audit", "desk.audit_title"},
	} {
		if !v.may(page.needs) || page.href == "/desk/lessons" && !v.hasLessons() {
			continue
		}
		here := v.r.URL.Path == page.href || page.href == "/desk" && strings.HasPrefix(v.r.URL.Path, "/desk/tasks/") ||
			page.href == "/desk/orders" && strings.HasPrefix(v.r.URL.Path, "/desk/orders/") ||
			page.href == "/desk/needs" && strings.HasPrefix(v.r.URL.Path, "/desk/needs/") ||
			page.href == "/desk/settings" && (strings.HasPrefix(v.r.URL.Path, "/desk/settings/") || strings.HasPrefix(v.r.URL.Path, "/desk/channels"))
		out = append(out, navItem{Href: page.href, Label: v.t(page.key), Current: here})
	}
	return out
}

// navWithTray shows the tray beside the orders, where letters come to the library at all.
func (v *visit) navWithTray(ctx context.Context) ([]navItem, error) {
	all := v.nav()
	i := slices.IndexFunc(all, func(item navItem) bool { return item.Href == "/desk/orders" })
	if i < 0 || v.lib.ID == 0 || !v.may(queue.PermOrders) {
		return all, nil
	}
	n, used, err := v.Letters.Count(ctx, v.lib.ID)
	if err != nil || !used {
		return all, err
	}
	here := v.r.URL.Path == "/desk/tray" || strings.HasPrefix(v.r.URL.Path, "/desk/tray/")
	return slices.Insert(all, i+1, navItem{Href: "/desk/tray", Label: v.t("desk_tray.nav"), Current: here, Tray: &trayCount{n}}), nil
}

// notice says what the act before the redirect has done. The address carries a word only; others mean nothing.
func (v *visit) notice() string {
	keys := map[string]string{
		"released": "desk.did_release", "done": "desk.did_finish", "accepted": "desk.did_accept", "refused": "desk.did_refuse",
		"issued": "desk.did_issue", "answered": "desk.did_answer", "blocked": "desk.did_block",
		"unblocked": "desk.did_unblock", "returned": "desk.did_return", "speaking": "desk.did_take_over", "saved": "desk.did_save",
		"ended": "desk.did_end", "password": "desk.did_password", "switched": "desk.did_switch",
		"sent-back": "desk_papers.did_send_back", "by-post": "desk_papers.did_by_post",
		"accepted-lesson": "desk_lesson.did_accept", "certified": "desk_lesson.did_certify", "missed": "desk_lesson.did_miss", "waived": "desk_lesson.did_waive",
		"in-force": "desk_settings.did_text", "joined": "desk_join.did_join", "parted": "desk_join.did_part",
		"routed": "desk_order.did_route", "digitised": "desk_order.did_digitise", "bound": "desk_order.did_bind", "given-back": "desk_order.did_give_back", "handed-over": "desk_order.did_hand_over", "asked-again": "desk_order.did_return",
		"released-order": "desk_order.did_release", "refused-order": "desk_order.did_refuse", "cancelled-order": "desk_order.did_cancel",
		"letter-given": "desk_tray.did_give", "letter-stays": "desk_tray.did_give_part", "letter-passed": "desk_tray.did_pass", "letter-aside": "desk_tray.did_put_aside",
		"need-noted": "desk_need.did_note", "need-decided": "desk_need.did_decide", "need-opened": "desk_need.did_open", "need-joined": "desk_need.did_join", "need-parted": "desk_need.did_part",
		"asked-reader": "desk_order.did_ask", "undone": "desk_order.did_undo",
		"passed": "desk_question.did_pass", "replied": "desk_question.did_reply", "question-back": "desk_question.did_give_back", "recalled": "desk_question.did_recall",
		"double": "desk_correct.did_double", "kept": "desk_correct.did_keep", "corrected": "desk_correct.did_correct", "redrawn": "desk_correct.did_redraw",
	}
	if key := keys[v.query("did")]; key != "" && !v.changes() {
		return v.t(key)
	}
	return ""
}

type failurePage struct {
	frame
	Head, Help string
}

// showFailure is the page for what cannot be answered. It asks the database for nothing. A part of a page stays as it was.
func (v *visit) showFailure(status int) {
	if v.fragment() {
		v.w.Header().Set("HX-Reswap", "none")
	}
	head, help := v.t("desk.fail_title"), v.t("desk.fail_help")
	switch status {
	case http.StatusNotFound:
		head, help = v.t("desk.missing_title"), v.t("desk.missing_help")
	case http.StatusForbidden:
		head, help = v.t("desk.forbidden_title"), v.t("desk.forbidden_help")
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		head, help = v.t("desk.bad_title"), v.t("desk.bad_help")
	}
	f := frame{Lang: v.lang, Title: head, Home: v.home()}
	if v.signedIn() && !v.session.Staff.MustChange && v.lib.ID != 0 {
		f.Library, f.SignedIn, f.Name, f.Role, f.Nav = v.lib.Title(v.lang), true, v.session.Staff.Name, v.roleName(v.session.Staff.Role), v.nav()
	}
	if err := v.show("failure", status, failurePage{f, head, help}); err != nil {
		v.Log.ErrorContext(v.ctx(), "desk: error page", "error", err)
		http.Error(v.w, http.StatusText(status), status)
	}
}
