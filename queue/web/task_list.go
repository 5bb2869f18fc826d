package web

import (
	"net/url"
	"slices"

	"librarian/queue"
)

// chunk is a stretch of the queue that keeps itself up to date: everything after one place and, if another chunk follows, up to the next.
type chunk struct {
	Self      string
	First     bool
	Rows      []rowView
	More      *more
	EmptyHead string
	EmptyHelp string
}

type more struct{ Page, Fetch string }

type rowView struct {
	ID      queue.TaskID
	Kind    string
	Reader  string
	Note    string
	Channel string
	Age     *moment
	Due     *moment
	Holder  string
	Mine    bool
}

const (
	chunkRows = 50
	boundRows = 200 // of a chunk whose end is fixed: what has come since may have made it longer
)

// listTasks gives a chunk again or, asked for more, the same chunk with its end fixed and the next one.
func listTasks(v *visit) error {
	tab, after, until := v.query("tab"), queue.ParseCursor(v.query("after")), queue.ParseCursor(v.query("until"))
	this, err := v.chunk(tab, after, until)
	if err != nil || v.query("more") == "" {
		if err != nil {
			return err
		}
		return v.part("chunk", this)
	}
	next, err := v.chunk(tab, until, queue.Cursor{})
	if err != nil {
		return err
	}
	return v.part("chunks", []chunk{this, next})
}

func (v *visit) chunk(tab string, after, until queue.Cursor) (chunk, error) {
	bounded := until != queue.Cursor{}
	filter := v.filter(tab, after)
	if bounded {
		filter.Limit = boundRows
	}
	rows, err := v.Desk.List(v.ctx(), v.lib.ID, filter)
	if err != nil {
		return chunk{}, err
	}
	full, last := len(rows) == filter.Limit, queue.Cursor{}
	if full {
		last = rows[len(rows)-1].Cursor()
	}
	if tab == tabLate { // the list is in order of promises: after the first that is kept, all are, but for those whose clock stood still
		if n := slices.IndexFunc(rows, func(r queue.TaskRow) bool { return !r.Late && r.Paused == nil }); n >= 0 {
			rows, full = rows[:n], false
		}
		rows = slices.DeleteFunc(rows, func(r queue.TaskRow) bool { return !r.Late })
	}
	if bounded {
		rows = slices.DeleteFunc(rows, func(r queue.TaskRow) bool { return beyond(r.Cursor(), until, tab == tabDone) })
	}
	out := chunk{Self: chunkAddress("/desk/queue", tab, after, until), First: after == queue.Cursor{}}
	out.EmptyHead, out.EmptyHelp = v.emptiness(tab)
	for _, row := range rows {
		out.Rows = append(out.Rows, v.row(row))
	}
	if full && !bounded {
		out.More = &more{chunkAddress("/desk", tab, last, queue.Cursor{}), chunkAddress("/desk/queue", tab, after, last) + "&more=1"}
	}
	return out, nil
}

func (v *visit) filter(tab string, after queue.Cursor) queue.Filter {
	f := queue.Filter{Scope: v.session.Staff.Scope(), After: after, Limit: chunkRows}
	switch {
	case tab == tabMine:
		f.Mine = v.me()
	case tab == tabDone:
		f.State = queue.StateDone
	case slices.Contains(queue.Kinds(), tab):
		f.Kinds = []string{tab}
	}
	return f
}

// beyond compares places; done tasks are listed newest first.
func beyond(place, until queue.Cursor, newestFirst bool) bool {
	order := place.At.Compare(until.At)
	if order == 0 {
		order = int(place.ID - until.ID)
	}
	if newestFirst {
		return order < 0
	}
	return order > 0
}

func chunkAddress(path, tab string, after, until queue.Cursor) string {
	query := url.Values{}
	for name, value := range map[string]string{"tab": tab, "after": after.String(), "until": until.String()} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

func (v *visit) row(t queue.TaskRow) rowView {
	out := rowView{
		ID: t.ID, Kind: v.kindName(t.Kind), Reader: v.readerOf(t.Task), Note: t.Note, Channel: v.channelName(t.Channel),
		Age: v.ago(t.Created), Due: v.dueOf(t.Task), Holder: t.HolderName, Mine: t.Holder == v.me(),
	}
	if t.Kind == queue.KindChannel {
		out.Note = v.alarmed(t.Task).Happened
	}
	if t.Done != nil {
		out.Due = v.ago(*t.Done)
	}
	return out
}

func (v *visit) emptiness(tab string) (head, help string) {
	switch tab {
	case tabAll:
		return v.t("desk.empty_all"), v.t("desk.empty_all_help")
	case tabMine:
		return v.t("desk.empty_mine"), v.t("desk.empty_mine_help")
	case tabLate:
		return v.t("desk.empty_late"), v.t("desk.empty_late_help")
	case tabDone:
		return v.t("desk.empty_done"), v.t("desk.empty_done_help")
	}
	return v.t("desk.empty_kind"), v.t("desk.empty_kind_help")
}
