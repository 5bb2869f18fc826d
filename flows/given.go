package flows

import (
	"strings"

	"librarian/contacts/library"
	"librarian/templates"
)

// ReadGiven reads what staff type in the place of a reader, as the reader's own words are read, and gives it as it is stored; false for what cannot be meant.
// The key is name, born, email, phone, or "answer." and that of a field to which the answer is written rather than chosen.
func ReadGiven(words *templates.Texts, lib library.Library, today library.Date, key, text string) (string, bool) {
	switch key {
	case "name":
		return readName(text)
	case "born", "answer." + library.KeyDeregistered:
		day, err := words.ParseDate(text, today)
		return day.String(), err == nil
	case "email":
		return findEmail(text)
	case "phone", "answer." + library.KeyPhone:
		return parsePhone(text, lib.Settings.Region)
	}
	value, problem := typedText(text)
	return value, problem == ""
}

// readName is a full name on one line.
func readName(text string) (string, bool) {
	name := strings.Join(strings.Fields(strings.Map(visible, text)), " ")
	return name, isName(name)
}
