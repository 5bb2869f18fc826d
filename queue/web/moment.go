package web

import (
	"fmt"
	"time"

	"librarian/contacts/library"
	"librarian/queue"
)

// moment is a time as people read it at a glance, and exactly.
type moment struct {
	At    string // for machines
	Short string
	Exact string
	Late  bool
}

// ago is a moment that has passed: "12 min".
func (v *visit) ago(at time.Time) *moment {
	if at.IsZero() {
		return nil
	}
	return &moment{At: at.UTC().Format(time.RFC3339), Short: v.span(v.at.Sub(at)), Exact: v.exactly(at)}
}

// due is a promised moment: "in 40 min", "overdue 1 h".
func (v *visit) due(at time.Time) *moment {
	if at.IsZero() {
		return nil
	}
	m := &moment{At: at.UTC().Format(time.RFC3339), Exact: v.exactly(at)}
	left := at.Sub(v.at)
	if left >= 0 {
		m.Short = v.t("desk.due_in", "time", v.span(max(left, time.Minute)))
		return m
	}
	m.Short, m.Late = v.t("desk.due_late", "time", v.span(max(-left, time.Minute))), true
	return m
}

// dueOf is due, of a task whose clock stands still that it does.
func (v *visit) dueOf(t queue.Task) *moment {
	m := v.due(t.Due)
	if t.Paused != nil && t.Done == nil && m != nil {
		m.Short, m.Late = v.t("desk_departments.paused"), t.Late(v.at)
	}
	return m
}

// clock is a moment of a day that stands above it.
func (v *visit) clock(at time.Time) *moment {
	return &moment{At: at.UTC().Format(time.RFC3339), Short: v.Texts.Clock(v.lang, at.In(v.zone())), Exact: v.exactly(at)}
}

// plainly is a moment written out.
func (v *visit) plainly(at time.Time) *moment {
	if at.IsZero() {
		return nil
	}
	return &moment{At: at.UTC().Format(time.RFC3339), Short: v.exactly(at), Exact: v.exactly(at)}
}

// stamp is day and time in figures, for a column of them.
func (v *visit) stamp(at time.Time) *moment {
	return &moment{At: at.UTC().Format(time.RFC3339), Short: at.In(v.zone()).Format("2006-01-02 15:04"), Exact: v.exactly(at)}
}

func (v *visit) exactly(at time.Time) string {
	at = at.In(v.zone())
	return v.Texts.Date(v.lang, library.DateOf(at)) + ", " + v.Texts.Clock(v.lang, at)
}

func (v *visit) zone() *time.Location {
	if v.lib.Zone == nil {
		return time.UTC
	}
	return v.lib.Zone
}

// span is rounded down to what matters: minutes in the first two hours, hours in the first two days, days after.
func (v *visit) span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < time.Minute:
		return v.t("desk.just_now")
	case d < 2*time.Hour:
		return v.t("desk.minutes", "count", int(d/time.Minute))
	case d < 2*day:
		return v.t("desk.hours", "count", int(d/time.Hour))
	}
	return v.t("desk.days", "count", int(d/day))
}

// size is a number of bytes in words.
func (v *visit) size(bytes int64) string {
	const kb, mb = 1 << 10, 1 << 20
	if bytes < mb {
		return v.t("desk.kilobytes", "number", int((bytes+kb-1)/kb))
	}
	return v.t("desk.megabytes", "number", fmt.Sprintf("%.1f", float64(bytes)/mb))
}
