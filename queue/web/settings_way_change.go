package web

import (
	"net/http"
	"strings"
	"unicode/utf8"

	"librarian/contacts/library"
)

// The ways of joining.
const (
	waySimple = "simple"
	wayPhoto  = "photo"
	wayFull   = "full"
)

type wayPage struct {
	settingsPage
	Way, Address string
}

func showWay(v *visit) error { return v.showWay(nil, http.StatusOK) }

// showWay shows what was typed, if something was.
func (v *visit) showWay(typed *wayPage, status int) error {
	f, err := v.settingsFrame(v.t("desk_settings.way_title"))
	if err != nil {
		return err
	}
	page := wayPage{f, wayOf(v.lib.Settings.Registration), v.lib.Settings.Address}
	if typed != nil {
		page.Way, page.Address, page.Faults, page.Saved = typed.Way, typed.Address, typed.Faults, false
	}
	return v.show("settings_way", status, page)
}

func wayOf(r library.Registration) string {
	switch {
	case r.Full:
		return wayFull
	case r.ConsentPhoto:
		return wayPhoto
	}
	return waySimple
}

// changeWay sets how one joins, and where papers may be posted.
func changeWay(v *visit) error {
	typed := &wayPage{settingsPage{Faults: map[string]string{}}, v.form("way"), strings.Join(strings.Fields(v.form("address")), " ")}
	if typed.Way != waySimple && typed.Way != wayPhoto && typed.Way != wayFull {
		return errForm
	}
	if utf8.RuneCountInString(typed.Address) > mostLabel {
		typed.Faults["address"] = v.t("desk_settings.fault_long", "count", mostLabel)
		return v.showWay(typed, http.StatusUnprocessableEntity)
	}
	err := v.revise(func(s *library.Settings) (changed []string, err error) {
		if wayOf(s.Registration) != typed.Way {
			s.Registration.Full, s.Registration.ConsentPhoto = typed.Way == wayFull, typed.Way == wayPhoto
			changed = append(changed, "full", "consent_photo")
		}
		if s.Address != typed.Address {
			s.Address = typed.Address
			changed = append(changed, "address")
		}
		return changed, nil
	})
	if v.problem = v.settingsProblem(err); v.problem != "" {
		return v.showWay(typed, statusOf(err))
	}
	if err != nil {
		return err
	}
	return v.to("/desk/settings?did=saved")
}
