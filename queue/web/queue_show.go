package web

import (
	"net/http"

	"librarian/queue"
)

type queuePage struct {
	frame
	Tabs   []navItem
	Chunks []chunk
}

// The tabs that are no kind of task.
const (
	tabAll  = ""
	tabMine = "mine"
	tabLate = "late"
	tabDone = "done"
)

func showQueue(v *visit) error {
	f, err := v.frame(v.ctx(), v.t("desk.queue_title"))
	if err != nil {
		return err
	}
	first, err := v.chunk(v.query("tab"), queue.ParseCursor(v.query("after")), queue.Cursor{})
	if err != nil {
		return err
	}
	return v.show("queue", http.StatusOK, queuePage{f, v.tabs(v.query("tab")), []chunk{first}})
}

func (v *visit) tabs(current string) []navItem {
	tab := func(name, label string) navItem {
		return navItem{Href: tabAddress("/desk", name), Label: label, Current: name == current}
	}
	out := []navItem{tab(tabAll, v.t("desk.tab_all")), tab(tabMine, v.t("desk.tab_mine")), tab(tabLate, v.t("desk.tab_late"))}
	for _, kind := range queue.Kinds() {
		if v.may(needed(kind)) && (kind != queue.KindLesson || v.hasLessons()) {
			out = append(out, tab(kind, v.kindName(kind)))
		}
	}
	return append(out, tab(tabDone, v.t("desk.tab_done")))
}

func tabAddress(path, tab string) string {
	if tab == tabAll {
		return path
	}
	return path + "?tab=" + tab
}
