package web

import "librarian/bots"

// listEntries gives the entries again from the place at which the page began.
func listEntries(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	conv, from := bots.ConversationID(id), bots.ParseCursor(v.query("from"))
	header, err := v.Conversations.Header(v.ctx(), v.lib.ID, conv)
	if err != nil {
		return err
	}
	var entries []bots.Entry
	for at := from; len(entries) < mostEntries; {
		page, err := v.Conversations.History(v.ctx(), v.lib.ID, conv, at, readAtOnce)
		if err != nil {
			return err
		}
		for _, e := range page {
			at = past(at, e)
		}
		entries = append(entries, page...)
		if len(page) < readAtOnce {
			break
		}
	}
	return v.part("entries", talkView{ID: conv, Earlier: from != bots.Cursor{}, Entries: v.entries(entries, header.Name)})
}
