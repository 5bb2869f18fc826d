package web

import "net/http"

type codePage struct{ frame }

func askCode(v *visit) error { return v.askCode(http.StatusOK) }

func (v *visit) askCode(status int) error {
	f, err := v.frame(v.ctx(), v.t("desk.code_title"))
	if err != nil {
		return err
	}
	return v.show("code", status, codePage{f})
}
