package web

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"librarian/bots"
	"librarian/queue"
	"librarian/queue/fragments"
)

type taskPage struct {
	frame
	Task         taskView
	Happened     string
	Given        *givenView
	Entry        *entryForm
	Lesson       *newcomerView
	Order        *orderView
	Question     *passView
	Channel      *alarmedView
	Talk         *talkView
	Conversation bots.ConversationID // 0: none that they may open
	Log          []logView
}

type logView struct {
	At        *moment
	Act, Name string
}

// givenView is what the reader gave to be registered, for the librarian.
type givenView struct {
	Task                     queue.TaskID
	Name, Born, Email, Phone string
	EmailProven, PhoneProven bool
	By                       string
	Sent, ConsentAt          *moment
	ConsentVersion           string
	Card, Reason             string
	Same                     []sameView
	Photos                   []string
	ShowPhotos               bool
	Decide, TakeFirst        bool
	Answers                  []Answer
	Papers                   *papersView     // nil: a simple registration
	Talk                     *talkView       // nil: not this visitor's to see
	Correct                  *correctionForm // nil: nothing can be put right by this visitor
	Changes                  []changeView
	Doubts                   []string // about what was corrected
	Proof                    string   // where all of it is taken out; empty: not by this visitor
}

// entryForm is the registrar's: data to copy, number and password to give.
type entryForm struct {
	Task                   queue.TaskID
	Fields                 []Answer
	Papers                 *papersView // to look at; nil: a simple registration
	Correct                *correctionForm
	Changes                []changeView
	Doubts                 []string
	Issue, TakeFirst       bool
	Series                 bool
	Number, Password       string
	NumberBad, PasswordBad bool
	Keep                   *keepForm // of a card that the reader has had all along
}

func showTask(v *visit) error {
	t, err := v.task()
	if err != nil {
		return err
	}
	return v.showTask(t, http.StatusOK)
}

func (v *visit) showTask(t queue.Task, status int) error {
	f, err := v.frame(v.ctx(), v.kindName(t.Kind))
	if err != nil {
		return err
	}
	plain, err := v.plain(v.ctx(), t)
	if err != nil {
		return err
	}
	view, err := v.taskView(t, plain)
	if err != nil {
		return err
	}
	page := taskPage{frame: f, Task: view, Happened: v.happened(t.Kind)}
	if err := v.fillTask(&page, t); err != nil {
		return err
	}
	rows, err := v.Desk.Log(v.ctx(), v.lib.ID, t.ID)
	if err != nil {
		return err
	}
	for _, row := range rows {
		page.Log = append(page.Log, logView{v.ago(row.At), v.logName(row.Act), row.StaffName})
	}
	return v.show("task", status, page)
}

// fillTask adds what the kind of task needs and the role may see.
func (v *visit) fillTask(page *taskPage, t queue.Task) (err error) {
	switch {
	case t.Kind == queue.KindRegistration && v.may(queue.PermPapers):
		_, page.Given, err = v.given(t.Registration, &t)
	case t.Kind == queue.KindCard && v.may(queue.PermCards):
		page.Entry, err = v.entry(t)
	case t.Kind == queue.KindLesson && v.may(queue.PermCertify):
		page.Lesson, err = v.lessonTask(t.Registration)
	case t.Order != 0 && v.may(queue.PermParts):
		err = v.fillOrder(page, t)
	case t.Kind == queue.KindChannel:
		page.Task.Note = v.alarmed(t).Happened
		if t.State != queue.StateDone {
			page.Task.Note, page.Channel = "", v.alarmed(t)
		}
	case t.Kind == queue.KindQuestion:
		page.Question, err = v.question(t)
	}
	if err != nil || t.Conversation == 0 || !v.may(queue.PermAnswer) {
		return err
	}
	page.Conversation = t.Conversation
	if t.Kind == queue.KindCard { // the registrar's: nothing is asked there
		return nil
	}
	page.Events = conversationAddress(t.Conversation) + "/events"
	talk, err := v.talk(t.Conversation, &t)
	if page.Given != nil {
		page.Given.Talk = talk // beside the papers
	} else {
		page.Talk = talk
	}
	return err
}

// fillOrder adds the order of a task, which says all that the task does.
func (v *visit) fillOrder(page *taskPage, t queue.Task) error {
	o, err := fragments.ByID(v.ctx(), v.Pool, v.lib.ID, fragments.ID(t.Order))
	if err != nil {
		return err
	}
	page.Task.Note = ""
	page.Order, err = v.orderView(o)
	return err
}

func (v *visit) happened(kind string) string {
	switch kind {
	case queue.KindStuck:
		return v.t("desk.stuck_help")
	case queue.KindUndelivered:
		return v.t("desk.undelivered_help")
	case queue.KindWithdrawal:
		return v.t("desk_consent.help")
	}
	return ""
}

// given reads the registration for the page of a task, or for its own when t is nil.
func (v *visit) given(id int64, t *queue.Task) (Registration, *givenView, error) {
	reg, err := v.Registration(v.ctx(), v.lib.ID, id)
	if err != nil {
		return reg, nil, err
	}
	if err := v.look("registration.looked", v.object("registration", reg.ID)); err != nil {
		return reg, nil, err
	}
	out := v.givenOf(reg)
	if t != nil {
		mayDecide := reg.State == awaited(t.Kind) && v.may(queue.PermDecide)
		out.Task, out.Decide, out.TakeFirst = t.ID, mayDecide && v.holds(*t), mayDecide && t.State == queue.StateOpen
	}
	values, err := v.givenValues(id)
	if err != nil {
		return reg, nil, err
	}
	out.Same = v.sameViews(reg, 0)
	if out.Decide {
		out.Same = v.sameViews(reg, t.ID)
		out.Correct = v.correctionForm(*t, reg, values)
	}
	out.Doubts = v.doubts(reg, values)
	if out.Changes, err = v.changesView(values.changes); err != nil {
		return reg, nil, err
	}
	out.Papers, err = v.papers(reg, t)
	return reg, out, err
}

func (v *visit) givenOf(reg Registration) *givenView {
	out := &givenView{
		Name: reg.Name, Born: v.dateOf(reg.Born), Email: reg.Email, Phone: reg.Phone, EmailProven: reg.EmailProven,
		PhoneProven: reg.PhoneProven, By: v.asked(reg), Sent: v.plainly(reg.Sent), ConsentAt: v.plainly(reg.ConsentAt),
		ConsentVersion: reg.ConsentVersion, Card: reg.Card, Reason: v.refusalName(reg.Reason), Photos: reg.Photos,
		ShowPhotos: v.lib.Settings.Registration.ConsentPhoto && !reg.Papers || len(reg.Photos) > 0, Answers: reg.Answers,
	}
	if v.may(queue.PermDecide) {
		out.Proof = fmt.Sprintf("/desk/registrations/%d/proof.zip", reg.ID)
	}
	return out
}

// asked says who asked for another; nothing when readers ask for themselves.
func (v *visit) asked(reg Registration) string {
	switch reg.Relation {
	case "child":
		return v.t("desk.asked_parent", "name", reg.Contact)
	case "other":
		return v.t("desk.asked_other", "name", reg.Contact)
	}
	return ""
}

func (v *visit) entry(t queue.Task) (*entryForm, error) {
	reg, err := v.Registration(v.ctx(), v.lib.ID, t.Registration)
	if err != nil {
		return nil, err
	}
	if err := v.look("registration.looked", v.object("registration", reg.ID)); err != nil {
		return nil, err
	}
	out := &entryForm{Task: t.ID, Fields: v.entryFields(reg)}
	if v.may(queue.PermPapers) {
		if out.Papers, err = v.papers(reg, nil); err != nil {
			return nil, err
		}
	}
	mayIssue := reg.State == awaited(t.Kind)
	out.Issue, out.TakeFirst = mayIssue && v.holds(t), mayIssue && t.State == queue.StateOpen
	values, err := v.givenValues(reg.ID)
	if err != nil {
		return nil, err
	}
	out.Doubts = v.doubts(reg, values)
	if out.Changes, err = v.changesView(values.changes); err != nil || !out.Issue {
		return out, err
	}
	out.Correct = v.correctionForm(t, reg, values)
	if out.Number, out.Series, err = v.NextNumber(v.ctx(), v.lib.ID); err != nil {
		return nil, err
	}
	out.Password = suggestion()
	out.Keep = v.keepForm(t)
	if v.changes() && v.corrected == nil && !v.keeps { // what was typed stays, whatever is wrong with it
		out.Number, out.Password = v.form("number"), v.form("password")
		out.NumberBad, out.PasswordBad = !v.goodNumber, !goodPassword(out.Password)
	}
	return out, nil
}

// entryFields are what the registrar enters, each with its label. What was not given is left out.
func (v *visit) entryFields(reg Registration) []Answer {
	out := []Answer{{v.t("desk.given_name"), reg.Name}}
	if reg.Born.Valid() {
		out = append(out, Answer{v.t("desk.given_born"), reg.Born.Time(v.zone()).Format("02.01.2006")}) // as library systems take it
	}
	out = append(out, Answer{v.t("desk.given_email"), reg.Email}, Answer{v.t("desk.given_phone"), reg.Phone})
	out = append(out, reg.Answers...)
	return slices.DeleteFunc(out, func(a Answer) bool { return a.Value == "" })
}

// suggestion is a password of 60 random bits in groups that can be read out.
func suggestion() string {
	text := strings.ToLower(rand.Text())
	return text[:4] + "-" + text[4:8] + "-" + text[8:12]
}
