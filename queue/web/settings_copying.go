package web

import (
	"fmt"
	"net/http"
	"strconv"

	"librarian/contacts/library"
)

type copyingPage struct {
	settingsPage
	Kinds       []copyingForm
	Days, Views string // of a link
}

// copyingForm are the limits of one kind of request.
type copyingForm struct {
	Kind, Name              string
	Percent, Pages          string
	Free, More, One, OfOnes bool // OfOnes: articles are counted by issue
}

func showCopying(v *visit) error { return v.showCopying(nil, nil, http.StatusOK) }

// showCopying shows what was typed, if something was.
func (v *visit) showCopying(typed map[library.Request]library.Copying, faults map[string]string, status int) error {
	f, err := v.settingsFrame(v.t("desk_policy.copying_title"))
	if err != nil {
		return err
	}
	page := copyingPage{settingsPage: f}
	if faults != nil {
		page.Faults = faults
	}
	page.Saved = typed == nil
	for _, kind := range library.Copied() {
		limits := v.lib.Settings.Policy.Limits(kind)
		if typed != nil {
			limits = typed[kind]
		}
		page.Kinds = append(page.Kinds, copyingForm{
			Kind: string(kind), Name: v.requestName(string(kind)),
			Percent: v.typedOr("percent."+string(kind), strconv.Itoa(limits.Share())), Pages: v.numberText("pages."+string(kind), limits.Pages),
			Free: !limits.CountDomain, More: !limits.Final, One: limits.OneArticle, OfOnes: kind == library.RequestArticle,
		})
	}
	link := v.lib.Settings.Policy.Link
	page.Days, page.Views = v.typedOr("link_days", strconv.Itoa(link.Term())), v.typedOr("link_views", strconv.Itoa(link.Most()))
	return v.show("settings_copying", status, page)
}

// mostPages is the largest bound that can be typed.
const mostPages = 10000

// changeCopying sets how much of a work is copied.
func changeCopying(v *visit) error {
	typed, faults := map[library.Request]library.Copying{}, map[string]string{}
	for _, kind := range library.Copied() {
		name := string(kind)
		typed[kind] = library.Copying{
			Percent: v.typedNumber("percent."+name, 1, 100, faults), Pages: v.typedNumber("pages."+name, 0, mostPages, faults),
			OneArticle: v.form("one."+name) != "", CountDomain: v.form("free."+name) == "", Final: v.form("more."+name) == "",
		}
	}
	link := library.Linking{Days: v.typedNumber("link_days", 1, library.MostLinkDays, faults), Views: v.typedNumber("link_views", 1, library.MostLinkViews, faults)}
	if len(faults) > 0 {
		v.problem = v.t("desk_settings.problem_faults")
		return v.showCopying(typed, faults, http.StatusUnprocessableEntity)
	}
	err := v.revise(func(s *library.Settings) (changed []string, err error) {
		was := s.Policy
		s.Policy.Copying = map[library.Request]library.Copying{}
		for _, kind := range library.Copied() {
			before, now := was.Limits(kind), typed[kind]
			before.Percent = before.Share()
			if before != now {
				changed = append(changed, "copying "+string(kind))
			}
			s.Policy.Copying[kind] = now
		}
		if link.Term() != was.Link.Term() || link.Most() != was.Link.Most() {
			changed = append(changed, fmt.Sprintf("link %d days %d views", link.Term(), link.Most()))
			s.Policy.Link = link
		}
		return changed, nil
	})
	if v.problem = v.settingsProblem(err); v.problem != "" {
		return v.showCopying(typed, nil, statusOf(err))
	}
	if err != nil {
		return err
	}
	return v.to("/desk/settings/copying?did=saved")
}

func (v *visit) copyingWords(policy library.Policy) []string {
	var out []string
	for _, kind := range library.Copied() {
		limits := policy.Limits(kind)
		words := v.t("desk_policy.share", "percent", limits.Share())
		if limits.Pages > 0 {
			words += ", " + v.t("desk_policy.pages_most", "pages", limits.Pages)
		}
		if limits.OneArticle && kind == library.RequestArticle {
			words += ", " + v.t("desk_policy.one_article")
		}
		out = append(out, v.requestName(string(kind))+": "+words)
	}
	return append(out, v.t("desk_send.link_words", "days", policy.Link.Term(), "views", policy.Link.Most()))
}
