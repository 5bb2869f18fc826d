package web

import (
	"net/http"
	"slices"

	"librarian/contacts"
	"librarian/contacts/library"
)

// changeQuestions sets which questions are asked, and in which order. A press of up or down moves one on the page, and saves nothing.
func changeQuestions(v *visit) error {
	lib, err := contacts.Current(v.ctx(), v.Pool, v.lib.ID)
	if err != nil {
		return err
	}
	typed, err := v.typedQuestions(lib.Settings.Registration)
	if err != nil {
		return err
	}
	if up, down := v.form("up"), v.form("down"); up != "" || down != "" {
		moved(typed, up, -1)
		moved(typed, down, 1)
		return v.showQuestions(typed, http.StatusOK)
	}
	err = v.revise(func(s *library.Settings) ([]string, error) {
		was := s.Registration
		arrange(&s.Registration, typed)
		return differing(was, s.Registration), nil
	})
	if v.problem = v.settingsProblem(err); v.problem != "" {
		return v.showQuestions(typed, statusOf(err))
	}
	if err != nil {
		return err
	}
	return v.to("/desk/settings/questions?did=saved")
}

// typedQuestions are all questions as the form has them. One that it does not name, because somebody has just added it, stays as it is.
func (v *visit) typedQuestions(r library.Registration) ([]placed, error) {
	all := placedIn(r)
	var on, off []placed
	seen := map[string]bool{}
	for _, key := range v.r.PostForm["key"] {
		i := slices.IndexFunc(all, func(p placed) bool { return p.field.Key == key })
		state := v.form("state." + key)
		if i < 0 || seen[key] {
			continue
		}
		seen[key] = true
		switch p := (placed{all[i].field, state}); state {
		case questionOff:
			off = append(off, p)
		case questionOptional, questionRequired:
			on = append(on, p)
		default:
			return nil, errForm
		}
	}
	for _, p := range all {
		switch {
		case seen[p.field.Key]:
		case p.state == questionOff:
			off = append(off, p)
		default:
			on = append(on, p)
		}
	}
	return append(on, off...), nil
}

// moved lets the question with the key change places with its neighbour among those that are asked.
func moved(all []placed, key string, by int) {
	i := slices.IndexFunc(all, func(p placed) bool { return p.field.Key == key && p.state != questionOff })
	if j := i + by; i >= 0 && j >= 0 && j < len(all) && all[j].state != questionOff {
		all[i], all[j] = all[j], all[i]
	}
}
