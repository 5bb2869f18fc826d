package web

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/contacts"
	"librarian/queue"
)

// correctRegistration puts right what the reader gave, and tells them. The task stays with its holder.
func correctRegistration(v *visit) error {
	t, err := v.task()
	if err != nil {
		return err
	}
	if awaited(t.Kind) == "" {
		return errMissing
	}
	if !v.may(needed(t.Kind)) {
		return errForbidden
	}
	reg, err := v.Registration(v.ctx(), v.lib.ID, t.Registration)
	if err != nil {
		return err
	}
	wanted, err := v.wanted(reg)
	if err != nil {
		return err
	}
	if len(v.corrected) > 0 {
		return v.again(t.ID, v.t("desk_correct.problem"))
	}
	if len(wanted.All) == 0 {
		return v.to(taskAddress(t.ID))
	}
	err = v.write(func(ctx context.Context, tx pgx.Tx) error { return v.correct(ctx, tx, t, wanted) })
	if problem := v.correctionProblem(err); problem != "" {
		return v.again(t.ID, problem)
	}
	if err != nil {
		return err
	}
	return v.to(taskAddress(t.ID) + "?did=corrected")
}

// wanted reads the form: what is to become another. What cannot be read is noted in v.corrected, by its key.
func (v *visit) wanted(reg Registration) (contacts.Corrections, error) {
	out := contacts.Corrections{Registration: reg.ID, By: int64(v.me()), At: v.at}
	g, err := v.givenValues(reg.ID)
	if err != nil {
		return out, err
	}
	v.corrected = map[string]string{}
	reason, cut := bots.Clean(strings.Join(strings.Fields(v.form("reason")), " "))
	if cut || len([]rune(reason)) > maxPageReason {
		return out, errForm
	}
	out.Reason = reason
	for _, key := range v.correctable(reg, g) {
		if _, came := v.r.PostForm["old."+key]; !came || v.untouched(key) {
			continue
		}
		value, ok := v.readValue(key)
		if !ok {
			v.corrected[key] = v.badValue(key)
			continue
		}
		if old := v.form("old." + key); value != old {
			out.All = append(out.All, contacts.Correction{Key: key, Old: old, New: value})
		}
	}
	return out, nil
}

// untouched reports that the form shows what it was made of: that is not read, however it came about.
func (v *visit) untouched(key string) bool {
	row := v.correctionRow(key, v.form("old."+key))
	var picked []string
	for _, c := range row.Choices {
		if c.Chosen && c.Value != "" {
			picked = append(picked, c.Value)
		}
	}
	came := slices.DeleteFunc(slices.Clone(v.r.PostForm["pick."+key]), func(id string) bool { return id == "" })
	return v.form("text."+key) == row.Text && slices.Equal(came, picked)
}

// readValue is what the form has for the key, as it is stored. One that the reader had to answer cannot be emptied.
func (v *visit) readValue(key string) (string, bool) {
	text := strings.TrimSpace(v.form("text." + key))
	f, known := v.fieldOf(key)
	if len(f.Choices) > 0 {
		var ids []string
		for _, id := range v.r.PostForm["pick."+key] {
			if id != "" && !f.Has(id) || slices.Contains(ids, id) {
				return "", false
			}
			if id != "" {
				ids = append(ids, id)
			}
		}
		if text != "" {
			var ok bool
			if text, ok = v.ReadGiven(v.lib, v.lib.Today(v.at), key, text); !ok {
				return "", false
			}
		}
		one := len(ids) + min(len(text), 1)
		return f.List(ids, text), (one > 0 || !f.Required) && (one <= 1 || f.Several)
	}
	if text == "" {
		return "", key == contacts.KeyEmail || key == contacts.KeyPhone || known && !f.Required
	}
	return v.ReadGiven(v.lib, v.lib.Today(v.at), key, text)
}

// badValue says what is wrong with a value that could not be read.
func (v *visit) badValue(key string) string {
	switch key {
	case contacts.KeyName:
		return v.t("desk_correct.bad_name")
	case contacts.KeyBorn:
		return v.t("desk_correct.bad_day")
	case contacts.KeyEmail:
		return v.t("desk_correct.bad_email")
	case contacts.KeyPhone:
		return v.t("desk_correct.bad_phone")
	}
	return v.t("desk_correct.bad_answer")
}

func (v *visit) correct(ctx context.Context, tx pgx.Tx, t queue.Task, wanted contacts.Corrections) error {
	if err := v.hold(ctx, tx, t); err != nil {
		return err
	}
	if err := v.Desk.Holding(ctx, tx, v.lib.ID, t.ID, v.me()); err != nil {
		return err
	}
	made, err := contacts.Correct(ctx, tx, v.lib.ID, wanted)
	if err != nil || len(made) == 0 {
		return err
	}
	type change struct {
		Key string `json:"key"`
		Old string `json:"old"`
		New string `json:"new"`
	}
	var changes []change
	var keys []string
	for _, c := range made {
		changes, keys = append(changes, change(c)), append(keys, c.Key)
		if c.Key == contacts.KeyName {
			if err := queue.RenameReader(ctx, tx, v.lib.ID, t.Registration, c.New); err != nil {
				return err
			}
		}
	}
	list, err := json.Marshal(changes)
	if err != nil {
		return err
	}
	news := queue.News{Kind: queue.NewsCorrected, Fields: map[string]string{"changes": string(list), "reason": wanted.Reason}}
	if err := v.tell(ctx, tx, t, news); err != nil {
		return err
	}
	detail := map[string]any{"task": t.ID, "fields": strings.Join(keys, " ")}
	if err := v.audit(ctx, tx, v.object("registration", t.Registration), detail); err != nil {
		return err
	}
	return bots.Notify(ctx, tx, bots.Signal{Topic: bots.TopicQueue, Library: v.lib.ID, ID: int64(t.ID)})
}

// correctionProblem says what is in the way of a correction; empty when it is something else.
func (v *visit) correctionProblem(err error) string {
	var changed *contacts.ChangedError
	switch {
	case errors.As(err, &changed):
		v.corrected[changed.Key] = v.t("desk_correct.changed_value", "now", v.valueText(changed.Key, changed.Now))
		return v.t("desk_correct.changed")
	case errors.Is(err, contacts.ErrNoAddress):
		v.corrected[contacts.KeyEmail] = v.t("desk_correct.no_address")
		return v.t("desk_correct.problem")
	}
	return v.taskProblem(err)
}
