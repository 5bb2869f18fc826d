package web

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

type auditPage struct {
	frame
	Rows []auditView
	More string
}

type auditView struct {
	At                       *moment
	Who, Act, Object, Detail string
}

const auditRows = 100

func listAudit(v *visit) error {
	f, err := v.frame(v.ctx(), v.t("desk.audit_title"))
	if err != nil {
		return err
	}
	before, err := strconv.ParseInt(v.query("before"), 10, 64)
	if err != nil {
		before = 0 // from the newest
	}
	rows, err := v.Desk.ListAudit(v.ctx(), v.lib.ID, before, auditRows)
	if err != nil {
		return err
	}
	page := auditPage{frame: f}
	for _, row := range rows {
		who := row.StaffName
		if who == "" {
			who = v.t("desk.audit_program")
		}
		page.Rows = append(page.Rows, auditView{v.stamp(row.At), who, v.actName(row.Act), row.Object, details(row.Detail)})
	}
	if len(rows) == auditRows {
		page.More = "/desk/audit?before=" + strconv.FormatInt(rows[len(rows)-1].ID, 10)
	}
	return v.show("audit", http.StatusOK, page)
}

func details(of map[string]any) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		out = append(out, fmt.Sprintf("%s %v", name, of[name]))
	}
	return strings.Join(out, ", ")
}

// actName is an act of the audit log in words; one without words is shown as it is stored.
func (v *visit) actName(act string) string {
	keys := map[string]string{
		"session.begun": "desk.act_session_begun", "session.opened": "desk.act_session_opened", "session.ended": "desk.act_session_ended",
		"library.entered": "desk.act_library_entered", "department.added": "desk.act_department_added",
		"department.changed": "desk_departments.act_changed", "sigla.changed": "desk_departments.act_sigla", "staff.placed": "desk_departments.act_placed",
		"task.taken": "desk.act_task_taken", "task.released": "desk.act_task_released", "task.finished": "desk.act_task_finished",
		"registration.looked": "desk.act_registration_looked", "registration.accepted": "desk.act_registration_accepted",
		"registration.refused": "desk.act_registration_refused", "card.issued": "desk.act_card_issued",
		"message.said": "desk.act_message_said", "conversation.taken": "desk.act_conversation_taken",
		"conversation.returned": "desk.act_conversation_returned", "sender.blocked": "desk.act_sender_blocked",
		"sender.unblocked": "desk.act_sender_unblocked", "file.looked": "desk.act_file_looked", "file.downloaded": "desk.act_file_downloaded",
		"staff.added": "desk.act_staff_added", "staff.off": "desk.act_staff_off", "staff.on": "desk.act_staff_on",
		"staff.reset": "desk.act_staff_reset", "staff.updated": "desk.act_staff_updated", "staff.own": "desk.act_staff_own",
		"staff.password": "desk.act_staff_password",
		"page.accepted":  "desk_papers.act_page_accepted", "page.returned": "desk_papers.act_page_returned",
		"papers.sent_back": "desk_papers.act_papers_sent_back", "papers.by_post": "desk_papers.act_papers_by_post",
		"registration.exported": "desk_papers.act_registration_exported", "registration.proof": "desk_proof.act",
		"lesson.certified": "desk_lesson.act_certified", "lesson.missed": "desk_lesson.act_missed", "lesson.waived": "desk_lesson.act_waived",
		"settings.changed": "desk_settings.act_changed", "contact.joined": "desk_join.act_joined", "contact.parted": "desk_join.act_parted",
		"registration.corrected": "desk_correct.act_corrected", "papers.redrawn": "desk_correct.act_redrawn",
		"registration.double": "desk_correct.act_double",
		"card.kept":           "desk_correct.act_kept",
		"page.reopened":       "desk_correct.act_reopened",
		"order.routed":        "desk_order.act_routed", "order.handed_over": "desk_order.act_handed_over", "order.returned": "desk_order.act_returned",
		"task.passed": "desk_question.act_passed", "task.recalled": "desk_question.act_recalled", "task.replied": "desk_question.act_replied",
		"task.given_back": "desk_question.act_given_back",
		"order.bound":     "desk_order.act_bound",
		"order.digitised": "desk_order.act_digitised", "order.given_back": "desk_order.act_given_back",
		"order.released": "desk_order.act_released", "order.refused": "desk_order.act_refused", "order.cancelled": "desk_order.act_cancelled",
		"order.asked": "desk_order.act_asked", "order.undone": "desk_order.act_undone", "order.looked": "desk_order.act_looked",
		"part.added": "desk_order.act_part_added", "part.looked": "desk_order.act_part_looked", "part.downloaded": "desk_order.act_part_downloaded",
		"letter.looked": "desk_tray.act_looked", "letter.downloaded": "desk_tray.act_downloaded", "letter.given": "desk_tray.act_given",
		"letter.passed": "desk_tray.act_passed", "letter.put_aside": "desk_tray.act_put_aside",
		"need.noted": "desk_need.act_noted", "need.decided": "desk_need.act_decided", "need.opened": "desk_need.act_opened",
		"need.joined": "desk_need.act_joined", "need.parted": "desk_need.act_parted",
		"channel.added": "desk_channel.act_added", "channel.link_asked": "desk_channel.act_link", "channel.link_cancelled": "desk_channel.act_cancel",
		"channel.connect_asked": "desk_channel.act_connect", "channel.unlink_asked": "desk_channel.act_unlink",
		"part.turned": "desk_order.act_part_turned", "part.dropped": "desk_order.act_part_dropped", "part.moved": "desk_order.act_part_moved",
	}
	if key := keys[act]; key != "" {
		return v.t(key)
	}
	return act
}
