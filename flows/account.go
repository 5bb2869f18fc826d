package flows

import (
	"time"

	"librarian/contacts/library"
	"librarian/templates"
)

// sayCards shows each card that the contact may show.
func sayCards(r *Reader, out *Turn) {
	for _, p := range r.People {
		if p.Card == "" {
			continue
		}
		out.say("card.show", templates.Fields{"name": p.Name, "number": p.Card})
		if p.Picture != "" {
			out.Say[len(out.Say)-1].Files = []string{p.Picture}
		}
	}
	if !hasCard(r) {
		out.say("card.none", nil)
	}
	out.enquiry()
	out.offer(menuChoices(r)...)
}

// sayStatus tells where each registration stands.
func sayStatus(r *Reader, out *Turn) {
	if len(r.People) == 0 {
		out.say("status.none", nil)
	}
	for i, p := range r.People {
		key, fields := statusText(p), templates.Fields{"name": p.Name, "number": p.Card}
		if p.newcomer() {
			key, fields = p.Lesson.status(p.Name)
		}
		if i == 0 {
			out.say(key, fields)
		} else {
			out.line(key, fields)
		}
	}
	out.enquiry()
	out.offer(append(append(menuChoices(r), joinOffer()), withdrawOffer(r)...)...)
}

func statusText(p Person) string {
	switch {
	case p.Card != "":
		return "status.card"
	case p.State == "accepted" || p.State == "done":
		return "status.accepted"
	case p.State == "papers":
		return "status.papers"
	case p.State == "refused":
		return "status.refused"
	case p.State == "withdrawn":
		return "status.withdrawn"
	}
	return "status.sent"
}

// sayInfo tells when the library answers and how to reach it otherwise.
func sayInfo(r *Reader, out *Turn) {
	s := r.Library.Settings
	out.say("info.library", templates.Fields{"library": r.Library.Title(r.Lang)})
	if until, open := closes(r.Library, r.Now); open {
		out.line("info.open", templates.Fields{"until": until})
	} else if opens, known := r.Library.Opens(r.Now); known {
		out.line("info.closed", templates.Fields{"opens": opens})
	}
	if s.Phone != "" {
		out.line("info.phone", templates.Fields{"phone": s.Phone})
	}
	if s.Email != "" {
		out.line("info.email", templates.Fields{"email": s.Email})
	}
	if s.Site != "" {
		out.line("info.site", templates.Fields{"site": s.Site})
	}
	out.enquiry()
	out.offer(append(menuChoices(r), joinOffer())...)
}

// closes is the end of the working hours in which the moment lies; false when it lies in none.
func closes(l library.Library, now time.Time) (time.Time, bool) {
	today, local := l.Today(now), now.In(l.Zone)
	minute := local.Hour()*60 + local.Minute()
	for _, s := range l.Settings.Hours.On(today) {
		if s.From <= minute && minute < s.Until {
			return time.Date(today.Year, today.Month, today.Day, 0, s.Until, 0, 0, l.Zone), true
		}
	}
	return time.Time{}, false
}
