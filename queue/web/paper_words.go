package web

import (
	"slices"

	"librarian/queue"
)

// paperName is the kind of paper in words; empty for one that there is not.
func (v *visit) paperName(kind string) string {
	switch kind {
	case "form":
		return v.t("desk_papers.form")
	case "application":
		return v.t("desk_papers.application")
	case "consent":
		return v.t("desk_papers.consent")
	case "surety":
		return v.t("desk_papers.surety")
	}
	return ""
}

// howName says how a page came to be this one; empty when its code said so.
func (v *visit) howName(how string) string {
	switch how {
	case "reader":
		return v.t("desk_papers.how_reader")
	case "alone":
		return v.t("desk_papers.how_alone")
	case "staff":
		return v.t("desk_papers.how_staff")
	case "post":
		return v.t("desk_papers.how_post")
	}
	return ""
}

// reasonOther stands for words of one's own.
const reasonOther = "other"

// reasons are the ready ones, in the order in which they are offered.
func reasons() []string {
	return []string{
		queue.ReasonBlurred, queue.ReasonCutOff, queue.ReasonUnsigned, queue.ReasonWrongPaper, queue.ReasonNameDiffers,
	}
}

// reasonName is a ready reason in words; other words are themselves.
func (v *visit) reasonName(reason string) string {
	switch reason {
	case queue.ReasonBlurred:
		return v.t("desk_papers.reason_blurred")
	case queue.ReasonCutOff:
		return v.t("desk_papers.reason_cut_off")
	case queue.ReasonUnsigned:
		return v.t("desk_papers.reason_unsigned")
	case queue.ReasonWrongPaper:
		return v.t("desk_papers.reason_wrong_paper")
	case queue.ReasonNameDiffers:
		return v.t("desk_papers.reason_name_differs")
	}
	return reason
}

// reasonChoices has the likeliest reason chosen.
func (v *visit) reasonChoices(p PaperPage) []choiceOf {
	var out []choiceOf
	for _, reason := range append(slices.Clip(reasons()), reasonOther) {
		label := v.reasonName(reason)
		if reason == reasonOther {
			label = v.t("desk_papers.reason_other")
		}
		out = append(out, choiceOf{reason, label, p.Unsigned && reason == queue.ReasonUnsigned})
	}
	return out
}
