package web

import (
	"fmt"
	"net/http"
)

type trayPage struct {
	frame
	Tray trayView
}

// trayView are the letters that wait.
type trayView struct {
	Rows []trayRow
	More int // letters that wait behind those shown
}

type trayRow struct {
	ID, Href, From, Subject, Why, Files string
	At                                  *moment
}

// trayCount stands beside the tray's link on every page.
type trayCount struct{ Waiting int }

// trayAtOnce is how many letters the list has: those behind them come up as the first are settled.
const trayAtOnce = 200

// listTray shows the letters that matched nothing, who waits longest first.
func listTray(v *visit) error {
	letters, err := v.Letters.Tray(v.ctx(), v.lib.ID, trayAtOnce)
	if err != nil {
		return err
	}
	waiting, _, err := v.Letters.Count(v.ctx(), v.lib.ID)
	if err != nil {
		return err
	}
	view := trayView{More: max(0, waiting-len(letters))}
	for _, l := range letters {
		row := trayRow{
			ID: fmt.Sprintf("letter-%d", l.ID), Href: letterAddress(l.ID), From: v.letterFrom(l), Subject: v.letterSubject(l), Why: v.letterWhy(l.Why), At: v.ago(l.Received),
		}
		if n := len(l.Files); n > 0 {
			row.Files = v.t("desk_tray.files", "count", n)
		}
		view.Rows = append(view.Rows, row)
	}
	if v.fragment() {
		return v.part("tray", view)
	}
	page := trayPage{Tray: view}
	if page.frame, err = v.frame(v.ctx(), v.t("desk_tray.title")); err != nil {
		return err
	}
	return v.show("tray", http.StatusOK, page)
}

// countTray gives how many letters wait.
func countTray(v *visit) error {
	n, _, err := v.Letters.Count(v.ctx(), v.lib.ID)
	if err != nil {
		return err
	}
	return v.part("tray_count", trayCount{n})
}
