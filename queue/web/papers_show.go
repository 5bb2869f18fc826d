package web

import (
	"fmt"
	"slices"

	"librarian/contacts"
	"librarian/queue"
)

// papersView is the papers of a registration as the page of its task shows them, or its own.
type papersView struct {
	Registration   int64
	Task           queue.TaskID // on whose page; 0: on the registration's own
	Self           string       // where the part is fetched again; empty: nothing more will come of it
	Problem        string
	Progress       string
	Pages          []pageView
	Decide         bool // the visitor may decide now
	TakeFirst      bool
	Complete       bool
	Received       int // not decided yet
	Returned       int
	Waits          bool // for papers, which may come by post
	DecisionIsNext bool
	Outdated       string // what was corrected since they were drawn
}

// pageView is one page of the papers.
type pageView struct {
	Task          queue.TaskID // 0: nothing can be done to it
	Reopen        queue.TaskID // 0: nothing was decided that could be taken back
	Kind          string
	Number        int
	Name          string
	State         string
	Preview, File string
	Sheet         int
	Unsigned      bool
	How           string
	Post          bool
	Reason        string
	By            string
	At            *moment // decided, or received
	Reasons       []choiceOf
	Next          bool // is to be looked at next
}

// showTaskPapers gives the papers on the page of a task again.
func showTaskPapers(v *visit) error {
	t, err := v.task()
	if err != nil {
		return err
	}
	out, err := v.papersOf(t)
	if err != nil {
		return err
	}
	return v.part("papers", out)
}

// papersOf are the papers of the task as they are by now; errMissing when there are none.
func (v *visit) papersOf(t queue.Task) (*papersView, error) {
	if t.Kind != queue.KindRegistration {
		return nil, errMissing
	}
	reg, err := v.Registration(v.ctx(), v.lib.ID, t.Registration)
	if err != nil {
		return nil, err
	}
	out, err := v.papers(reg, &t)
	if err == nil && out == nil {
		err = errMissing
	}
	return out, err
}

// papers are those of the registration, or nil; t is the task on whose page they stand, or nil.
func (v *visit) papers(reg Registration, t *queue.Task) (*papersView, error) {
	if !reg.Papers {
		return nil, nil //nolint:nilnil // a simple registration has none
	}
	pages, err := v.Papers(v.ctx(), v.lib.ID, reg.ID)
	if err != nil {
		return nil, err
	}
	var who []queue.StaffID
	for _, p := range pages {
		who = append(who, p.By)
	}
	names, err := queue.StaffNames(v.ctx(), v.Pool, who...)
	if err != nil {
		return nil, err
	}
	n := count(pages)
	out := &papersView{
		Registration: reg.ID, Self: fmt.Sprintf("/desk/registrations/%d/papers", reg.ID), Complete: n.complete(), Received: n.Received,
		Returned: n.Returned, Waits: reg.State == registrationWaits && v.may(queue.PermDecide),
		Progress: v.t("desk_papers.progress", "accepted", n.Accepted, "all", n.All),
	}
	if t != nil {
		mayDecide := reg.State == awaited(t.Kind) && v.may(queue.PermDecide)
		out.Task, out.Self = t.ID, taskAddress(t.ID)+"/papers"
		out.Decide, out.TakeFirst = mayDecide && v.holds(*t), mayDecide && t.State == queue.StateOpen
	}
	changes, err := contacts.ChangesOf(v.ctx(), v.Pool, v.lib.ID, reg.ID)
	if err != nil {
		return nil, err
	}
	out.Outdated = v.outdated(pages, changes)
	for _, p := range pages {
		out.Pages = append(out.Pages, v.pageView(p, names[p.By], out))
	}
	return out, nil
}

func (v *visit) pageView(p PaperPage, by string, of *papersView) pageView {
	out := pageView{
		Kind: p.Kind, Number: p.Number, Name: v.pageName(p.Kind, p.Number), State: p.State,
		Preview: p.Preview, File: p.File, Sheet: p.Sheet, Unsigned: p.Unsigned, How: v.howName(p.How), Post: p.How == "post", Reason: v.reasonName(p.Reason),
		By: by, At: v.ago(p.Received),
	}
	if by != "" {
		out.At = v.ago(p.Decided)
	}
	if of.Decide && p.State == pageReceived {
		out.Task, out.Reasons = of.Task, v.reasonChoices(p)
	}
	if of.Decide && (p.State == pageAccepted || p.State == pageReturned) {
		out.Reopen = of.Task
	}
	return out
}

// ID names the page within its document.
func (p pageView) ID() string { return pageID(p.Kind, p.Number) }

func pageID(kind string, number int) string { return fmt.Sprintf("page-%s-%d", kind, number) }

// goOn marks what is to be looked at after the page: the next that is undecided, around the end too, or the decision.
func (p *papersView) goOn(after string) {
	from := slices.IndexFunc(p.Pages, func(page pageView) bool { return page.ID() == after }) + 1
	for i := range p.Pages {
		if page := &p.Pages[(from+i)%len(p.Pages)]; page.State == pageReceived {
			page.Next = true
			return
		}
	}
	p.DecisionIsNext = true
}

// lookAt marks the page itself as what is to be looked at next.
func (p *papersView) lookAt(id string) {
	for i := range p.Pages {
		p.Pages[i].Next = p.Pages[i].ID() == id
	}
}

// next is the place on the page of the task to which a browser without scripts goes on.
func (p *papersView) next() string {
	for _, page := range p.Pages {
		if page.Next {
			return page.ID()
		}
	}
	return "decision"
}
