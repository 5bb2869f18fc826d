package web

import (
	"librarian/bots"
	"librarian/contacts/library"
	"librarian/queue"
	"librarian/queue/fragments"
)

// kindName is the kind of task in words.
func (v *visit) kindName(kind string) string {
	switch kind {
	case queue.KindQuestion:
		return v.t("desk.kind_question")
	case queue.KindRegistration:
		return v.t("desk.kind_registration")
	case queue.KindCard:
		return v.t("desk.kind_card")
	case queue.KindStuck:
		return v.t("desk.kind_stuck")
	case queue.KindUndelivered:
		return v.t("desk.kind_undelivered")
	case queue.KindLesson:
		return v.t("desk_lesson.kind")
	case queue.KindWithdrawal:
		return v.t("desk_consent.kind")
	case queue.KindRoute:
		return v.t("desk_order.task_route")
	case queue.KindFind:
		return v.t("desk_order.task_find")
	case queue.KindCheck:
		return v.t("desk_order.task_check")
	case queue.KindChannel:
		return v.t("desk_channel.kind")
	}
	return kind
}

// needed is the permission to do tasks of the kind.
func needed(kind string) queue.Permission {
	switch kind {
	case queue.KindRegistration:
		return queue.PermDecide
	case queue.KindCard, queue.KindWithdrawal:
		return queue.PermCards
	case queue.KindLesson:
		return queue.PermCertify
	case queue.KindQuestion:
		return queue.PermAnswer
	case queue.KindRoute, queue.KindCheck:
		return queue.PermOrders
	case queue.KindFind:
		return queue.PermParts
	case queue.KindChannel:
		return queue.PermChannels
	}
	return queue.PermQueue
}

func (v *visit) channelName(kind bots.Kind) string {
	switch kind {
	case bots.WebChat:
		return v.t("desk.channel_webchat")
	case bots.Telegram:
		return v.t("desk.channel_telegram")
	case bots.Email:
		return v.t("desk.channel_email")
	case bots.WhatsApp:
		return v.t("desk_channel.whatsapp")
	}
	return string(kind)
}

func (v *visit) roleName(role queue.Role) string {
	keys := map[queue.Role]string{
		queue.RoleOperator: "desk.role_operator", queue.RoleDirector: "desk.role_director", queue.RoleLibrarian: "desk.role_librarian",
		queue.RoleRegistrar: "desk.role_registrar", queue.RoleControl: "desk.role_control", queue.RoleDepartment: "desk.role_department",
		queue.RoleHead: "desk.role_head", queue.RoleDigitiser: "desk.role_digitiser", queue.RoleCentre: "desk.role_centre",
		queue.RoleMethodist: "desk.role_methodist", queue.RoleGate: "desk.role_gate", queue.RoleAuditor: "desk.role_auditor",
	}
	if key := keys[role]; key != "" {
		return v.t(key)
	}
	return string(role)
}

// stepName is the bot's place in a conversation in words; empty for one that has none.
func (v *visit) stepName(flow, step string) string {
	keys := map[string]string{
		"menu.start": "desk.step_menu", "menu.confirm": "desk.step_question_confirm", "question.write": "desk.step_question",
		"register.who": "desk.step_register_who", "register.consent": "desk.step_register_consent", "register.photo": "desk.step_register_photo",
		"register.name": "desk.step_register_name", "register.born": "desk.step_register_born", "register.contact": "desk.step_register_contact",
		"register.code": "desk.step_register_code", "register.review": "desk.step_register_review",
		"register.rules": "desk.step_register_rules", "register.field": "desk.step_register_field", "register.denied": "desk.step_register_denied",
		"register.change": "desk.step_register_change",
		"papers.send":     "desk.step_papers_send", "papers.which": "desk.step_papers_which",
		"join.where": "desk_join.step_where", "join.code": "desk_join.step_code",
		"lesson.who": "desk_lesson.step_who", "lesson.time": "desk_lesson.step_time",
		"consent.renew": "desk_consent.step_renew", "withdraw.confirm": "desk_consent.step_withdraw",
		"fragment.find": "desk_steps.fragment_find", "fragment.which": "desk_steps.fragment_which", "fragment.describe": "desk_steps.fragment_describe",
		"fragment.pages": "desk_steps.fragment_pages", "fragment.want": "desk_steps.fragment_want", "fragment.notice": "desk_steps.fragment_notice",
		"fragment.limit": "desk_steps.fragment_limit", "article.find": "desk_steps.article_find", "article.year": "desk_steps.article_year",
		"article.number": "desk_steps.article_number", "article.which": "desk_steps.article_which", "article.describe": "desk_steps.article_describe",
		"article.pages": "desk_steps.article_pages", "article.want": "desk_steps.article_want", "article.notice": "desk_steps.article_notice",
		"article.limit": "desk_steps.article_limit", "orders.list": "desk_steps.orders_list", "orders.one": "desk_steps.orders_one",
		"orders.add": "desk_steps.orders_add", "orders.complain": "desk_steps.orders_complain", "orders.cancel": "desk_steps.orders_cancel",
		"needs.which": "desk_need.step_which", "needs.words": "desk_need.step_words",
	}
	if key := keys[flow+"."+step]; key != "" {
		return v.t(key)
	}
	return ""
}

// langName is the language's name in itself.
func (v *visit) langName(lang library.Lang) string {
	said, err := v.text(lang, "desk.language_own")
	if err != nil {
		return string(lang)
	}
	return said
}

// logName is a line of a task's log in words.
func (v *visit) logName(act string) string {
	keys := map[string]string{
		"opened": "desk.log_opened", "note": "desk.log_note", "taken": "desk.log_taken", "released": "desk.log_released",
		"finished": "desk.log_finished", "withdrawn": "desk.log_withdrawn", "paused": "desk_departments.log_paused", "resumed": "desk_departments.log_resumed",
		"passed": "desk_question.log_passed", "replied": "desk_question.log_replied", "given_back": "desk_question.log_given_back",
		"recalled": "desk_question.log_recalled",
	}
	if key := keys[act]; key != "" {
		return v.t(key)
	}
	return act
}

// outcomeName is the end of a task in words. The desk writes words that it knows; others are shown as they are.
func (v *visit) outcomeName(outcome string) string {
	keys := map[string]string{
		outcomeAnswered: "desk.outcome_answered", outcomeAccepted: "desk.outcome_accepted", outcomeRefused: "desk.outcome_refused",
		outcomeIssued: "desk.outcome_issued", outcomeReturned: "desk_papers.outcome_returned", outcomeDone: "desk.outcome_done", outcomeRedrawn: "desk_correct.outcome_redrawn", outcomeKept: "desk_correct.outcome_kept",
		outcomeDouble:          "desk_correct.outcome_double",
		queue.OutcomeWithdrawn: "desk_consent.outcome", queue.OutcomeCancelled: "desk_lesson.outcome_cancelled",
		queue.OutcomeWorks: "desk_channel.outcome_works", queue.OutcomeTrouble: "desk_channel.outcome_trouble",
		outcomeCertified: "desk_lesson.outcome_certified", outcomeMissed: "desk_lesson.outcome_missed", outcomeWaived: "desk_lesson.outcome_waived",
	}
	if key := keys[outcome]; key != "" {
		return v.t(key)
	}
	if said := v.orderAct(fragments.Act(outcome)); said != "" {
		return said
	}
	return outcome
}

// How a task can end at the desk.
const (
	outcomeAnswered = "answered"
	outcomeAccepted = "accepted"
	outcomeRefused  = "refused"
	outcomeIssued   = "issued"
	outcomeReturned = "returned"
	outcomeDouble   = "double"
	outcomeKept     = "kept"
	outcomeRedrawn  = "redrawn"
	outcomeDone     = "done"

	outcomeCertified = "certified"
	outcomeMissed    = "missed"
	outcomeWaived    = "waived"
)

// deliveryName says what became of an outgoing message.
func (v *visit) deliveryName(state string) string {
	switch state {
	case "queued", "leased":
		return v.t("desk.delivery_queued")
	case "sent":
		return v.t("desk.delivery_sent")
	case "confirmed":
		return v.t("desk.delivery_confirmed")
	case "read":
		return v.t("desk_delivery.read")
	case "failed":
		return v.t("desk.delivery_failed")
	case "withdrawn":
		return v.t("desk.delivery_withdrawn")
	}
	return state
}

// choiceOf is one line of a select.
type choiceOf struct {
	Value, Label string
	Chosen       bool
}

func (v *visit) languages(chosen library.Lang) []choiceOf {
	var out []choiceOf
	for _, lang := range library.Langs() {
		out = append(out, choiceOf{string(lang), v.langName(lang), lang == chosen})
	}
	return out
}
