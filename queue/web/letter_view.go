package web

import (
	"fmt"
	"strconv"

	"librarian/queue"
	"librarian/queue/fragments"
)

// letterView is a letter as its page shows it.
type letterView struct {
	From, Address, Subject, Why string
	At                          *moment
	Words                       string
	Files                       []letterFile
	Source                      string // where its source is downloaded
	Acts                        letterActs
}

// letterActs are what can be done with the letter, or what became of it.
type letterActs struct {
	Self, Address string
	Waits         bool
	Speaks, Pages bool
	Orders        []choiceOf // that can be given its pages, the newest first
	Number        string     // as it was typed
	Words         string     // as they were typed
	Stays         bool       // as it was ticked

	Settled      *moment
	By           string
	Order        string // its number
	OrderHref    string
	Conversation string // its address
	Aside        string // the word why
}

func letterAddress(id int64) string { return "/desk/tray/" + strconv.FormatInt(id, 10) }

// letter is the one in the address.
func (v *visit) letter() (Letter, error) {
	id, err := v.id()
	if err != nil {
		return Letter{}, err
	}
	return v.Letters.ByID(v.ctx(), v.lib.ID, id)
}

func (v *visit) letterFrom(l Letter) string {
	switch {
	case l.Name != "":
		return l.Name
	case l.Sender != "":
		return l.Sender
	}
	return v.t("desk_tray.no_sender")
}

func (v *visit) letterSubject(l Letter) string {
	if l.Subject == "" {
		return v.t("desk_tray.no_subject")
	}
	return l.Subject
}

// letterWhy says why a letter waits, by the reasons of package email.
func (v *visit) letterWhy(why string) string {
	keys := map[string]string{
		"foreign": "desk_tray.why_foreign", "unknown": "desk_tray.why_unknown", "list": "desk_tray.why_list", "over": "desk_tray.why_over", "sender": "desk_tray.why_sender",
		"empty": "desk_tray.why_empty", "flood": "desk_tray.why_flood", "unreadable": "desk_tray.why_unreadable",
		"slip": "desk_slip.why_letter", "words": "desk_answer.why_letter",
	}
	if key := keys[why]; key != "" {
		return v.t(key)
	}
	return v.t("desk_tray.why_other")
}

func (v *visit) letterView(l Letter) (*letterView, error) {
	out := &letterView{
		From: v.letterFrom(l), Subject: v.letterSubject(l), Why: v.letterWhy(l.Why), At: v.plainly(l.Received), Source: letterAddress(l.ID) + "/source",
	}
	if l.Name != "" {
		out.Address = l.Sender
	}
	var err error
	if out.Words, err = v.Letters.Words(v.ctx(), v.lib.ID, l.ID); err != nil {
		return nil, err
	}
	if out.Files, err = v.letterFiles(l); err != nil {
		return nil, err
	}
	out.Acts, err = v.letterActs(l, out.Files)
	return out, err
}

// letterActs gathers what can be done with the letter.
func (v *visit) letterActs(l Letter, all []letterFile) (letterActs, error) {
	out := letterActs{Self: letterAddress(l.ID) + "/part", Address: letterAddress(l.ID), Waits: l.Waits, Speaks: l.Speaks}
	if !l.Waits {
		return out, v.letterEnd(&out, l)
	}
	out.Number, out.Words, out.Stays = v.form("number"), v.form("words"), v.form("stays") != ""
	for _, f := range all {
		out.Pages = out.Pages || f.Pages
	}
	if !out.Pages {
		return out, nil
	}
	open, err := fragments.Wanting(v.ctx(), v.Pool, v.lib.ID, ordersAtOnce)
	for _, o := range open {
		label := v.t("desk_order.number", "number", int64(o.ID)) + " · " + o.Title + " · " + o.Pages
		out.Orders = append(out.Orders, choiceOf{Value: o.Code(), Label: label, Chosen: o.Code() == v.form("order")})
	}
	return out, err
}

// letterEnd says who settled the letter, and how.
func (v *visit) letterEnd(out *letterActs, l Letter) error {
	names, err := queue.StaffNames(v.ctx(), v.Pool, l.By)
	if err != nil {
		return err
	}
	out.Settled, out.By, out.Aside = v.ago(l.Settled), names[l.By], l.End.Words
	if l.End.Order != 0 {
		out.Order, out.OrderHref = v.t("desk_order.number", "number", int64(l.End.Order)), orderAddress(l.End.Order)
	}
	if l.End.Conversation != 0 {
		out.Conversation = conversationAddress(l.End.Conversation)
	}
	return nil
}

// Address is where the file's picture is; below it lies the original.
func (f letterFile) Address() string {
	return fmt.Sprintf("%s/files/%d", letterAddress(f.Letter), f.Number)
}

// chosen are the numbers of the files that a form has ticked; nil: there was no form.
func (v *visit) chosen() map[int]bool {
	if !v.changes() {
		return nil
	}
	out := map[int]bool{}
	for _, text := range v.r.PostForm["file"] {
		if n, err := strconv.Atoi(text); err == nil {
			out[n] = true
		}
	}
	return out
}
