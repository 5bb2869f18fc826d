package runner

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/email"
	"librarian/contacts"
	"librarian/contacts/ledger"
	"librarian/contacts/library"
	"librarian/flows"
	"librarian/queue"
	"librarian/templates"
)

// asked is an ask with the turn that put it.
type asked[A flows.Ask] struct {
	*turn
	ask A
}

// carryOut does what the flows ask for, each kind for all its turns together, and leaves one answer with each turn.
func (r *Runner) carryOut(ctx context.Context, tx pgx.Tx, turns []*turn) error {
	left := len(turns)
	for _, do := range []func() (int, error){
		func() (int, error) { return carry(ctx, tx, turns, r.giveConsents) },
		func() (int, error) { return carry(ctx, tx, turns, r.openQuestions) },
		func() (int, error) { return carry(ctx, tx, turns, each(r.addToQuestion)) },
		func() (int, error) { return carry(ctx, tx, turns, each(r.sendCode)) },
		func() (int, error) { return carry(ctx, tx, turns, each(r.checkCode)) },
		func() (int, error) { return carry(ctx, tx, turns, each(r.register)) },
		func() (int, error) { return carry(ctx, tx, turns, each(r.showPapers)) },
		func() (int, error) { return carry(ctx, tx, turns, each(r.keepPapers)) },
		func() (int, error) { return carry(ctx, tx, turns, each(r.papersByPost)) },
		func() (int, error) { return carry(ctx, tx, turns, each(r.showLessons)) },
		func() (int, error) { return carry(ctx, tx, turns, r.bookLessons) },
		func() (int, error) { return carry(ctx, tx, turns, each(r.cancelLesson)) },
		func() (int, error) { return carry(ctx, tx, turns, each(r.joinDesk)) },
		func() (int, error) { return carry(ctx, tx, turns, each(r.sendJoinCode)) },
		func() (int, error) { return carry(ctx, tx, turns, each(r.joinByCode)) },
		func() (int, error) { return carry(ctx, tx, turns, each(r.withdrawConsent)) },
		func() (int, error) { return carry(ctx, tx, turns, each(r.findBook)) },
		func() (int, error) { return carry(ctx, tx, turns, each(r.placeOrder)) },
		func() (int, error) { return carry(ctx, tx, turns, each(r.showOrders)) },
		func() (int, error) { return carry(ctx, tx, turns, each(r.fetchOrder)) },
		func() (int, error) { return carry(ctx, tx, turns, each(r.cancelOrder)) },
		func() (int, error) { return carry(ctx, tx, turns, each(r.addToOrder)) },
		func() (int, error) { return carry(ctx, tx, turns, each(r.complainOrder)) },
		func() (int, error) { return carry(ctx, tx, turns, each(r.returnPages)) },
		func() (int, error) { return carry(ctx, tx, turns, r.noteNeeds) },
	} {
		n, err := do()
		if err != nil {
			return err
		}
		left -= n
	}
	if left > 0 {
		return fmt.Errorf("%d asks are of a kind that nobody carries out", left)
	}
	return nil
}

// carry gives the function the asks of its kind, if there are any.
func carry[A flows.Ask](ctx context.Context, tx pgx.Tx, turns []*turn, do func(context.Context, pgx.Tx, []asked[A]) ([]flows.Answer, error)) (int, error) {
	var mine []asked[A]
	for _, t := range turns {
		if a, ok := t.out.Ask.(A); ok {
			mine = append(mine, asked[A]{t, a})
		}
	}
	if len(mine) == 0 {
		return 0, nil
	}
	answers, err := do(ctx, tx, mine)
	if err != nil {
		return 0, fmt.Errorf("%T: %w", mine[0].ask, err)
	}
	for i, a := range mine {
		a.answers = append(a.answers, answers[i])
	}
	return len(mine), nil
}

// each carries out one ask after the other: for those that are rare.
func each[A flows.Ask](do func(context.Context, pgx.Tx, asked[A]) (flows.Answer, error)) func(context.Context, pgx.Tx, []asked[A]) ([]flows.Answer, error) {
	return func(ctx context.Context, tx pgx.Tx, all []asked[A]) ([]flows.Answer, error) {
		out := make([]flows.Answer, len(all))
		for i, a := range all {
			var err error
			if out[i], err = do(ctx, tx, a); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
}

func (r *Runner) giveConsents(ctx context.Context, tx pgx.Tx, all []asked[flows.GiveConsent]) ([]flows.Answer, error) {
	var given []contacts.Agreement
	last := make([]int, len(all)) // agreement of each ask
	for i, a := range all {
		consent := a.lib.Settings.Registration.Consent
		text := consent.Text[a.ask.Lang]
		if text == "" {
			text = consent.Text[a.lib.RecordLang()]
		}
		one := contacts.Agreement{
			Library: a.libID, Contact: a.party.Contact, Address: contacts.AddressID(a.id), Version: a.ask.Version, Lang: a.ask.Lang, Text: text, At: a.now,
		}
		for _, reader := range a.renewed(a.ask) {
			one.Reader = reader
			given = append(given, one)
		}
		last[i] = len(given) - 1
	}
	ids, err := contacts.Agree(ctx, tx, given)
	if err != nil {
		return nil, err
	}
	out := make([]flows.Answer, len(all))
	for i := range all {
		out[i] = flows.ConsentGiven{ID: ids[last[i]]}
	}
	return out, nil
}

func (r *Runner) openQuestions(ctx context.Context, tx pgx.Tx, all []asked[flows.OpenQuestion]) ([]flows.Answer, error) {
	out := make([]flows.Answer, len(all))
	var tasks []queue.NewTask
	var places []int // in out, of each task
	for i, a := range all {
		if !a.mayAsk(library.RequestQuestion) {
			out[i] = flows.QuestionOpened{Denied: true}
			continue
		}
		tasks, places = append(tasks, a.task(queue.KindQuestion, queue.RoleLibrarian, a.ask.Text)), append(places, i)
	}
	ids, err := queue.Open(ctx, tx, tasks)
	if err != nil {
		return nil, err
	}
	for i, id := range ids {
		out[places[i]] = flows.QuestionOpened{Task: int64(id), Due: tasks[i].Due}
	}
	return out, nil
}

// task is work for staff that the turn gives rise to.
func (t *turn) task(kind string, role queue.Role, note string) queue.NewTask {
	name := t.party.Name
	if p, ok := t.reader.Self(); ok {
		name = p.Name
	}
	return queue.NewTask{
		Library: t.libID, Kind: kind, Role: role, Conversation: t.id, ReaderName: name, Channel: t.kind, Note: note,
		Created: t.now,
	}.Promised(t.lib, t.lib.Settings.Hours)
}

func (r *Runner) addToQuestion(ctx context.Context, tx pgx.Tx, a asked[flows.AddToQuestion]) (flows.Answer, error) {
	err := queue.AddNote(ctx, tx, a.libID, queue.TaskID(a.ask.Task), a.ask.Text)
	if errors.Is(err, queue.ErrDone) || errors.Is(err, queue.ErrNotFound) { // answered this very moment: it is a new question
		answers, err := r.openQuestions(ctx, tx, []asked[flows.OpenQuestion]{{a.turn, flows.OpenQuestion{Text: a.ask.Text}}})
		if err != nil {
			return nil, err
		}
		return answers[0], nil
	}
	if err != nil {
		return nil, err
	}
	return flows.QuestionOpened{Task: a.ask.Task, Due: a.open.Due}, nil
}

func (r *Runner) sendCode(ctx context.Context, tx pgx.Tx, a asked[flows.SendCode]) (flows.Answer, error) {
	target, err := email.ParseAddress(a.ask.Email)
	if err != nil {
		return flows.CodeSent{Bad: true}, nil
	}
	code, err := contacts.NewCode(ctx, tx, a.libID, contacts.AddressID(a.id), target, a.now)
	if errors.Is(err, contacts.ErrTooManyCodes) {
		return flows.CodeSent{TooMany: true}, nil
	}
	if err != nil {
		return nil, err
	}
	secret, err := r.Secrets.Put(ctx, tx, a.libID, bots.PurposeCode, code)
	if err != nil {
		return nil, err
	}
	fields := templates.Fields{"library": a.lib.Title(a.lang), "secret": bots.SecretMark}
	l := letter{lib: a.lib, lang: a.lang, to: target, kind: bots.OutCode, subject: "mail.code_subject", text: "mail.code", fields: fields, secret: secret}
	if err := r.mail(ctx, tx, l); err != nil {
		return nil, err
	}
	return flows.CodeSent{}, nil
}

func (r *Runner) checkCode(ctx context.Context, tx pgx.Tx, a asked[flows.CheckCode]) (flows.Answer, error) {
	target, err := email.ParseAddress(a.ask.Email)
	if err != nil {
		return flows.CodeChecked{Old: true}, nil
	}
	right, left, err := contacts.CheckCode(ctx, tx, a.libID, contacts.AddressID(a.id), target, a.ask.Code, a.now)
	if errors.Is(err, contacts.ErrCodeOld) {
		return flows.CodeChecked{Old: true}, nil
	}
	if err != nil {
		return nil, err
	}
	return flows.CodeChecked{Right: right, Left: left}, nil
}

func (r *Runner) register(ctx context.Context, tx pgx.Tx, a asked[flows.Register]) (flows.Answer, error) {
	address := a.ask.Email
	if address != "" {
		if parsed, err := email.ParseAddress(address); err == nil {
			address = parsed
		}
	}
	var answers []contacts.Answer
	for _, given := range a.ask.Answers {
		answers = append(answers, contacts.Answer{Key: given.Key, Value: given.Value})
	}
	reg, err := contacts.Apply(ctx, tx, contacts.Application{
		Library: a.libID, Contact: a.party.Contact, Address: contacts.AddressID(a.id), Relation: a.ask.Relation, Name: strings.TrimSpace(a.ask.Name),
		Born: a.ask.Born, Email: address, EmailProven: a.ask.EmailProven, Phone: a.ask.Phone, PhoneProven: a.ask.PhoneProven,
		Consent: a.ask.Consent, Photos: a.ask.Photos, Answers: answers, Rules: acceptance(a), Papers: a.ask.Papers, At: a.now,
	})
	switch {
	case errors.Is(err, contacts.ErrRegistered):
		return flows.Registered{Again: true}, nil
	case errors.Is(err, contacts.ErrNoConsent):
		return flows.Registered{NoConsent: true}, nil
	}
	if err != nil {
		return nil, err
	}
	out := flows.Registered{ID: reg.ID, Papers: a.ask.Papers}
	if a.ask.Papers { // there is nothing to look at before they are back
		err = r.wantPapers(ctx, tx, reg.ID, printedOf(a, reg), a.now)
	} else {
		out.Due, err = r.openRegistration(ctx, tx, a, reg)
	}
	if err != nil {
		return nil, err
	}
	today := a.lib.Today(a.now)
	fact := ledger.Fact{Library: a.libID, At: a.now, Day: today, Kind: ledger.Applied, Channel: string(a.kind), Age: age(a.ask.Born, today), Reader: int64(reg.ReaderID)}
	if err := ledger.Add(ctx, tx, fact); err != nil {
		return nil, err
	}
	return out, nil
}

// openRegistration gives the registration to the librarians, and tells by when they promise to have looked at it.
func (r *Runner) openRegistration(ctx context.Context, tx pgx.Tx, a asked[flows.Register], reg contacts.Registration) (time.Time, error) {
	task := a.task(queue.KindRegistration, queue.RoleLibrarian, "")
	task.ReaderName, task.Reader, task.Registration = a.ask.Name, int64(reg.ReaderID), reg.ID
	_, err := queue.Open(ctx, tx, []queue.NewTask{task})
	return task.Due, err
}

func (r *Runner) joinDesk(ctx context.Context, tx pgx.Tx, a asked[flows.JoinDesk]) (flows.Answer, error) {
	ok, err := queue.Bind(ctx, tx, a.libID, a.id, a.ask.Word, a.now)
	return flows.DeskJoined{OK: ok}, err
}

// age is the number of full years on the day, or nil where the day of birth is not known.
func age(born, day library.Date) *int {
	if !born.Valid() {
		return nil
	}
	years := library.Age(born, day)
	return &years
}
