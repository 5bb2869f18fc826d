package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"librarian/contacts/library"
	"librarian/queue"
)

type needsPage struct {
	frame
	Tabs   []needTab // kinds
	Kind   queue.NeedKind
	Times  []choiceOf
	States []choiceOf
	CSV    string
	List   needsView
	New    needForm
}

type needTab struct {
	Href, Label string
	Current     bool
}

// needsView is a stretch of what people miss.
type needsView struct {
	Self string // where it is fetched again
	Rows []needRow
	Next string // address of the next stretch; empty: this is the last
}

type needRow struct {
	Href, Words, Kind, People, Segments, Note string
	Last                                      *moment
}

// needForm is a need that staff note on somebody's behalf, as far as it is typed.
type needForm struct {
	Open                 bool
	Kinds                []choiceOf
	Words, Who, Category string
	Categories           []string
}

// How much of the needs is shown at once, and how many kinds of reader in a row of the list.
const (
	needsAtOnce  = 50
	segmentsMost = 4
)

// The times within which somebody has to have asked; no word: any.
const (
	lastMonth   = "month"
	lastQuarter = "quarter"
	lastYear    = "year"
)

// needFilter is what the address asks for.
func (v *visit) needFilter() queue.NeedFilter {
	f := queue.NeedFilter{Kind: queue.NeedKind(v.query("kind")), Decided: v.query("state") == "decided", After: queue.ParseNeedCursor(v.query("after")), Limit: needsAtOnce}
	if !slices.Contains(queue.NeedKinds(), f.Kind) {
		f.Kind = ""
	}
	today := v.at.In(v.zone())
	switch v.query("time") {
	case lastMonth:
		f.Since = today.AddDate(0, -1, 0)
	case lastQuarter:
		f.Since = today.AddDate(0, -3, 0)
	case lastYear:
		f.Since = today.AddDate(-1, 0, 0)
	}
	return f
}

// needsAddress is the page with the filter of this visit, but for what is set.
func (v *visit) needsAddress(path string, set ...string) string {
	query := url.Values{}
	for _, name := range []string{"kind", "time", "state"} {
		query.Set(name, v.query(name))
	}
	for i := 0; i+1 < len(set); i += 2 {
		query.Set(set[i], set[i+1])
	}
	for name := range query {
		if query.Get(name) == "" {
			query.Del(name)
		}
	}
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

// listNeeds shows what people miss, what most of them do first.
func listNeeds(v *visit) error { return v.listNeeds(needForm{}, http.StatusOK) }

func (v *visit) listNeeds(typed needForm, status int) error {
	f := v.needFilter()
	list, err := v.Desk.ListNeeds(v.ctx(), v.lib.ID, f)
	if err != nil {
		return err
	}
	view := needsView{Self: v.needsAddress("/desk/needs", "after", f.After.String())}
	for _, n := range list {
		view.Rows = append(view.Rows, v.needRow(n))
	}
	if len(list) == needsAtOnce {
		view.Next = v.needsAddress("/desk/needs", "after", list[len(list)-1].Cursor().String())
	}
	if v.fragment() {
		return v.part("needs", view)
	}
	page := needsPage{List: view, New: v.needForm(typed), Kind: f.Kind, CSV: v.needsAddress("/desk/needs.csv")}
	for _, kind := range append([]queue.NeedKind{""}, queue.NeedKinds()...) {
		page.Tabs = append(page.Tabs, needTab{v.needsAddress("/desk/needs", "kind", string(kind)), v.needKind(kind), kind == f.Kind})
	}
	for _, at := range []string{"", lastMonth, lastQuarter, lastYear} {
		page.Times = append(page.Times, choiceOf{at, v.needTime(at), at == v.query("time")})
	}
	page.States = []choiceOf{{"", v.t("desk_need.waits"), !f.Decided}, {"decided", v.t("desk_need.decided"), f.Decided}}
	if page.frame, err = v.frame(v.ctx(), v.t("desk_need.title")); err != nil {
		return err
	}
	return v.show("needs", status, page)
}

func (v *visit) needRow(n queue.Need) needRow {
	row := needRow{
		Href: needAddress(n.ID), Words: n.Words, Kind: v.needKind(n.Kind), People: v.t("desk_need.people", "count", n.People), Last: v.ago(n.Last),
		Segments: v.needSegments(n, segmentsMost),
	}
	switch {
	case n.Note != "" && n.Open:
		row.Note = v.t("desk_need.before", "note", n.Note)
	case n.Note != "":
		row.Note = n.Note
	}
	return row
}

// needForm is the form with its lists.
func (v *visit) needForm(typed needForm) needForm {
	for _, kind := range queue.NeedKinds() {
		typed.Kinds = append(typed.Kinds, choiceOf{string(kind), v.needKind(kind), string(kind) == v.form("kind") || !typed.Open && string(kind) == v.query("kind")})
	}
	f, asked := v.lib.Settings.Registration.Segment()
	if !asked {
		return typed
	}
	for _, c := range f.Choices {
		typed.Categories = append(typed.Categories, v.Texts.Words(v.lang, f.ChoiceName(c.ID)))
	}
	return typed
}

func needAddress(id queue.NeedID) string { return "/desk/needs/" + strconv.FormatInt(int64(id), 10) }

// needKind is the kind in words; that of none is all of them.
func (v *visit) needKind(kind queue.NeedKind) string {
	switch kind {
	case queue.NeedDigitise:
		return v.t("desk_need.digitise")
	case queue.NeedSection:
		return v.t("desk_need.section")
	case queue.NeedResource:
		return v.t("desk_need.resource")
	}
	return v.t("desk_need.all")
}

func (v *visit) needTime(at string) string {
	switch at {
	case lastMonth:
		return v.t("desk_need.month")
	case lastQuarter:
		return v.t("desk_need.quarter")
	case lastYear:
		return v.t("desk_need.year")
	}
	return v.t("desk_need.ever")
}

// category is the part of the readers in words, whether or not the library still asks for it.
func (v *visit) category(answer string) string {
	f, asked := v.lib.Settings.Registration.Segment()
	switch {
	case answer == "":
		return v.t("desk_need.unknown")
	case !asked:
		f = library.Field{Key: "category"}
	}
	return v.Texts.WordsList(v.lang, f.Say(answer))
}

// needSegments are the parts of the readers with how many each, the largest first, at most so many of them. That nothing is known of anybody is not said.
func (v *visit) needSegments(n queue.Need, most int) string {
	if len(n.Segments) == 1 && n.Segments[0].Category == "" {
		return ""
	}
	var out []string
	for i, s := range n.Segments {
		if i == most {
			out = append(out, "…")
			break
		}
		out = append(out, v.t("desk_need.segment", "category", v.category(s.Category), "count", s.People))
	}
	return strings.Join(out, " · ")
}

// day is the date of the moment in the library's zone, for a table.
func (v *visit) day(at time.Time) string { return at.In(v.zone()).Format(time.DateOnly) }
