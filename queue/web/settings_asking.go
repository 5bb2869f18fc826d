package web

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"librarian/contacts/library"
)

type askingPage struct {
	settingsPage
	Accounts []accountForm
}

// accountForm is what one kind of account may ask for.
type accountForm struct {
	Name, Field string
	Requests    []choiceOf
}

func showAsking(v *visit) error { return v.showAsking(nil, http.StatusOK) }

// showAsking shows what was chosen, if something was.
func (v *visit) showAsking(typed *library.Policy, status int) error {
	f, err := v.settingsFrame(v.t("desk_policy.asking_title"))
	if err != nil {
		return err
	}
	page, policy := askingPage{settingsPage: f}, v.lib.Settings.Policy
	if typed != nil {
		policy, page.Saved = *typed, false
	}
	for _, account := range library.Asking() {
		form := accountForm{Name: v.accountName(account), Field: "asks." + string(account)}
		for _, kind := range library.Served() {
			form.Requests = append(form.Requests, choiceOf{string(kind), v.requestName(string(kind)), policy.May(account, kind)})
		}
		page.Accounts = append(page.Accounts, form)
	}
	return v.show("settings_asking", status, page)
}

func (v *visit) accountName(account library.Account) string {
	return v.t(map[library.Account]string{
		library.AccountUnknown: "desk_policy.account_unknown", library.AccountRemote: "desk_policy.account_remote",
		library.AccountCard: "desk_policy.account_card",
	}[account])
}

// requestName is a kind of request, or of work, in words.
func (v *visit) requestName(kind string) string {
	keys := map[string]string{
		"question": "desk_policy.request_question", "fragment": "desk_policy.request_fragment", "article": "desk_policy.request_article",
		"query": "desk_policy.request_query", "registration": "desk_policy.request_registration", "card": "desk_policy.request_card",
	}
	return v.t(keys[kind])
}

// changeAsking sets who may ask for what. An account that has the usual is not stored, so that it goes on having it; what is not on the page stays.
func changeAsking(v *visit) error {
	typed := library.Policy{Asks: map[library.Account][]library.Request{}}
	for _, account := range library.Asking() {
		typed.Asks[account] = []library.Request{} // nothing, unless it is ticked
		for _, kind := range library.Requests() {
			ticked := slices.Contains(v.r.PostForm["asks."+string(account)], string(kind))
			if ticked && slices.Contains(library.Served(), kind) || v.lib.Settings.Policy.May(account, kind) && !slices.Contains(library.Served(), kind) {
				typed.Asks[account] = append(typed.Asks[account], kind)
			}
		}
	}
	err := v.revise(func(s *library.Settings) (changed []string, err error) {
		asks := maps.Clone(s.Policy.Asks)
		for _, account := range library.Asking() {
			for _, kind := range library.Served() {
				if s.Policy.May(account, kind) != typed.May(account, kind) {
					changed = append(changed, "asks "+string(account)+" "+string(kind))
				}
			}
			delete(asks, account)
			if slices.ContainsFunc(library.Requests(), func(k library.Request) bool { return typed.May(account, k) != (library.Policy{}).May(account, k) }) {
				if asks == nil {
					asks = map[library.Account][]library.Request{}
				}
				asks[account] = typed.Asks[account]
			}
		}
		s.Policy.Asks = asks
		return changed, nil
	})
	if v.problem = v.settingsProblem(err); v.problem != "" {
		return v.showAsking(&typed, statusOf(err))
	}
	if err != nil {
		return err
	}
	return v.to("/desk/settings/asking?did=saved")
}

func (v *visit) askingWords(policy library.Policy) []string {
	var out []string
	for _, account := range library.Asking() {
		var kinds []string
		for _, kind := range library.Served() {
			if policy.May(account, kind) {
				kinds = append(kinds, v.requestName(string(kind)))
			}
		}
		if len(kinds) == 0 {
			kinds = []string{v.t("desk_policy.nothing")}
		}
		out = append(out, v.accountName(account)+": "+strings.Join(kinds, ", "))
	}
	return out
}
