package web

import (
	"net/http"
	"strings"
)

type accountPage struct {
	frame
	Login     string
	Email     string
	Notify    bool
	Binding   bindingView
	Languages []choiceOf
	Sessions  []sessionView
}

type sessionView struct {
	ID          string
	Agent       string
	Since, Seen *moment
	Current     bool
}

func showAccount(v *visit) error { return v.showAccount("", http.StatusOK) }

// showAccount shows the word, if there is one, to be sent to the library's bot.
func (v *visit) showAccount(word string, status int) error {
	f, err := v.frame(v.ctx(), v.t("desk.account_title"))
	if err != nil {
		return err
	}
	sessions, err := v.Desk.ListSessions(v.ctx(), v.me())
	if err != nil {
		return err
	}
	binding, err := v.binding()
	if err != nil {
		return err
	}
	if word != "" {
		binding = bindingView{Word: word}
	}
	me := v.session.Staff
	page := accountPage{frame: f, Login: me.Login, Email: me.Email, Notify: me.NotifyEmail, Binding: binding, Languages: v.languages(v.lang)}
	for _, s := range sessions {
		page.Sessions = append(page.Sessions, sessionView{s.ID, agentName(s.Agent), v.ago(s.Created), v.ago(s.Seen), s.ID == v.session.ID})
	}
	return v.show("account", status, page)
}

// agentName is the browser and the machine, as far as the browser's own words tell; the first that fits counts.
func agentName(agent string) string {
	find := func(marks ...string) string {
		for i := 0; i < len(marks); i += 2 {
			if strings.Contains(agent, marks[i]) {
				return marks[i+1]
			}
		}
		return ""
	}
	browser := find("YaBrowser/", "Yandex", "Edg", "Edge", "OPR/", "Opera", "Firefox/", "Firefox", "Chrome/", "Chrome", "Safari/", "Safari")
	machine := find("Android", "Android", "iPhone", "iPhone", "iPad", "iPad", "Windows", "Windows", "Mac OS", "macOS", "Linux", "Linux")
	switch {
	case browser != "" && machine != "":
		return browser + " · " + machine
	case browser+machine != "":
		return browser + machine
	case agent != "":
		return agent
	}
	return "—"
}
