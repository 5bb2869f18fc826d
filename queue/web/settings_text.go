package web

import (
	"maps"
	"slices"

	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/queue"
)

// textPage is the page of the consent, or of the rules.
type textPage struct {
	settingsPage
	Action  string
	Help    string
	InForce string // the version
	Version string // proposed, or typed
	Texts   []textField
	History []versionView
}

// textField is the text in one language, as it is typed and as the chat shows it.
type textField struct {
	Name, Label, Text string
	Lang              library.Lang
	Preview           string
	Buttons           []string
}

// versionView is one version as it was in force.
type versionView struct {
	Version string
	Since   *moment
	By      string
	Texts   []versionText
}

type versionText struct {
	Label, Text, Hash string
	Lang              library.Lang
}

// history are the versions of a text, the newest first, and the version to be proposed.
func (v *visit) history(kind contacts.TextKind) (views []versionView, next string, err error) {
	texts, err := contacts.TextHistory(v.ctx(), v.Pool, v.lib.ID, kind)
	if err != nil {
		return nil, "", err
	}
	who := map[queue.StaffID]bool{}
	for _, t := range texts {
		who[queue.StaffID(t.By)] = true
	}
	names, err := queue.StaffNames(v.ctx(), v.Pool, slices.Collect(maps.Keys(who))...)
	if err != nil {
		return nil, "", err
	}
	last := 0
	for _, t := range texts {
		if len(views) == 0 || t.Settings != last {
			by := names[queue.StaffID(t.By)]
			if by == "" {
				by = v.t("desk.audit_program")
			}
			views, last = append(views, versionView{Version: t.Version, Since: v.plainly(t.Since), By: by}), t.Settings
		}
		label := v.langName(t.Lang)
		if t.Part != "" {
			label = v.sentenceName(t.Part) + " · " + label
		}
		one := &views[len(views)-1]
		one.Texts = append(one.Texts, versionText{label, t.Text, t.Hash, t.Lang})
	}
	return views, v.nextVersion(texts), nil
}
