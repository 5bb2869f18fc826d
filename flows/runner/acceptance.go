package runner

import (
	"crypto/sha256"
	"encoding/hex"

	"librarian/contacts"
	"librarian/flows"
)

// acceptance is what the reader accepted, with the words if the library has not changed them since.
func acceptance(a asked[flows.Register]) contacts.Acceptance {
	given := a.ask.Rules
	out := contacts.Acceptance{Version: given.Version, Lang: given.Lang, Hash: given.Hash, Day: given.Day}
	text := a.lib.Settings.Registration.Rules.Text[given.Lang]
	if sum := sha256.Sum256([]byte(text)); hex.EncodeToString(sum[:]) == given.Hash {
		out.Text = text
	}
	return out
}
