package web

import "librarian/queue/fragments"

func (v *visit) orderKind(kind string) string {
	if kind == fragments.Article {
		return v.t("desk_order.kind_article")
	}
	return v.t("desk_order.kind_fragment")
}

// orderState says how far the order has come.
func (v *visit) orderState(o fragments.Order) string {
	if o.Question != "" {
		return v.t("desk_order.state_waiting")
	}
	switch o.State {
	case fragments.New:
		return v.t("desk_order.state_new")
	case fragments.Asked:
		return v.t("desk_order.state_asked")
	case fragments.Came:
		return v.t("desk_order.state_came")
	case fragments.Making:
		return v.t("desk_order.state_making")
	case fragments.Sent:
		return v.t("desk_order.state_sent")
	case fragments.Refused:
		return v.t("desk_order.state_refused")
	case fragments.Cancelled:
		return v.t("desk_order.state_cancelled")
	}
	return string(o.State)
}

func (v *visit) orderWant(want string) string {
	if want == "scan" {
		return v.t("desk_order.want_scan")
	}
	return v.t("desk_order.want_photo")
}

// orderReason is why an order was refused; empty for none.
func (v *visit) orderReason(reason string) string {
	switch reason {
	case fragments.NotFound:
		return v.t("desk_order.reason_not_found")
	case fragments.Lost:
		return v.t("desk_order.reason_lost")
	case fragments.Fragile:
		return v.t("desk_order.reason_fragile")
	case fragments.Forbidden:
		return v.t("desk_order.reason_forbidden")
	case fragments.Other:
		return v.t("desk_order.reason_other")
	}
	return reason
}

func (v *visit) sourceName(source string) string {
	switch source {
	case fragments.FromEmail:
		return v.t("desk_order.from_email")
	case fragments.FromChat:
		return v.t("desk_order.from_chat")
	}
	return v.t("desk_order.from_desk")
}

// orderAct is a step of an order in words, which are also how its tasks ended.
func (v *visit) orderAct(act fragments.Act) string {
	switch act {
	case fragments.ActPlace:
		return v.t("desk_order.step_place")
	case fragments.ActRoute:
		return v.t("desk_order.step_route")
	case fragments.ActDigitise:
		return v.t("desk_order.step_digitise")
	case fragments.ActGiveBack:
		return v.t("desk_order.step_give_back")
	case fragments.ActHandOver:
		return v.t("desk_order.step_hand_over")
	case fragments.ActReturn:
		return v.t("desk_order.step_return")
	case fragments.ActRelease:
		return v.t("desk_order.step_release")
	case fragments.ActMade:
		return v.t("desk_order.step_made")
	case fragments.ActFail:
		return v.t("desk_order.step_fail")
	case fragments.ActRefuse:
		return v.t("desk_order.step_refuse")
	case fragments.ActCancel:
		return v.t("desk_order.step_cancel")
	case fragments.ActComplain:
		return v.t("desk_order.step_complain")
	case fragments.ActFetch:
		return v.t("desk_send.step_fetch")
	case fragments.ActBind:
		return v.t("desk_order.step_bind")
	case fragments.ActUndo:
		return v.t("desk_order.step_undo")
	}
	return ""
}
