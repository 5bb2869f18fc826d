package web

// papersOrder are the papers in the order of their page.
func papersOrder() []string { return []string{"form", "application", "consent", "surety"} }

// sentenceName is what a sentence of a paper is for.
func (v *visit) sentenceName(sentence string) string {
	keys := map[string]string{
		"form_true": "desk_settings.sentence_form_true", "form_rules": "desk_settings.sentence_form_rules",
		"application_ask": "desk_settings.sentence_ask", "application_parent": "desk_settings.sentence_parent", "application_duty": "desk_settings.sentence_duty",
		"consent_give": "desk_settings.sentence_give", "consent_parent": "desk_settings.sentence_give_parent",
		"surety_ask": "desk_settings.sentence_surety", "surety_duty": "desk_settings.sentence_surety_duty",
	}
	if key := keys[sentence]; key != "" {
		return v.t(key)
	}
	return sentence
}
