package web

import "librarian/queue"

// chooseNotices switches the letters about new and late tasks.
func chooseNotices(v *visit) error {
	return v.changeOwn(func(c *queue.OwnChange) { c.NotifyEmail = v.form("email") == "yes" })
}
