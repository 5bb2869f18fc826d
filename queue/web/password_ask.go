package web

import (
	"net/http"

	"librarian/contacts/library"
)

type signInPage struct {
	frame
	Login  string
	Offers []offerView
	Langs  []langView
}

type offerView struct{ Login, Name, Role string }

type langView struct {
	Code    library.Lang
	Name    string
	Current bool
}

func askPassword(v *visit) error { return v.askPassword("", http.StatusOK) }

func (v *visit) askPassword(login string, status int) error {
	f, err := v.frame(v.ctx(), v.t("desk.sign_in_title"))
	if err != nil {
		return err
	}
	page := signInPage{frame: f, Login: login}
	for _, lang := range library.Langs() {
		page.Langs = append(page.Langs, langView{lang, v.langName(lang), lang == v.lang})
	}
	if v.SignInOffer != nil {
		for _, o := range v.SignInOffer() {
			page.Offers = append(page.Offers, offerView{o.Login, o.Name, v.roleName(o.Role)})
		}
	}
	return v.show("sign_in", status, page)
}
