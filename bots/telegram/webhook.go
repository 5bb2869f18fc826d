package telegram

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
)

// SecretHeader is where Telegram puts the secret that SetWebhook was given.
const SecretHeader = "X-Telegram-Bot-Api-Secret-Token"

const maxUpdate = 1 << 20

// Webhook receives the updates that Telegram delivers. It answers 200 once the update is stored, 503 when it could not be, which makes Telegram
// deliver it again, and 403 to whoever does not know the secret; an empty secret is known to nobody.
func (t *Telegram) Webhook(secret string) http.Handler {
	want := sha256.Sum256([]byte(secret)) // equal lengths, so that the time tells nothing
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got := sha256.Sum256([]byte(r.Header.Get(SecretHeader)))
		if secret == "" || subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		t.delivered(w, r)
	})
}

func (t *Telegram) delivered(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxUpdate))
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		t.Log.ErrorContext(ctx, "update refused: it is too long", "channel", t.Channel)
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	case err != nil:
		w.WriteHeader(http.StatusBadRequest) // the sender has gone and sends it again
		return
	}
	var u update
	if json.Unmarshal(body, &u) != nil {
		t.Log.ErrorContext(ctx, "update skipped: it cannot be read", "channel", t.Channel, "update", updateID(body))
		return // 200: it would come forever
	}
	if in, ok := convert(t.Library, t.Channel, &u, t.Now()); ok {
		if err := t.Receive.Try(ctx, in); err != nil {
			t.Log.WarnContext(ctx, "update not stored", "channel", t.Channel, "update", u.ID, "error", err)
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
	}
	if query := u.callback(); query != "" {
		t.reply(w, r, query)
	}
}

// reply stops the spinner on a pressed button: the answer to a webhook may itself be a call of the Bot API.
func (t *Telegram) reply(w http.ResponseWriter, r *http.Request, query string) {
	w.Header().Set("Content-Type", "application/json")
	err := json.NewEncoder(w).Encode(map[string]string{"method": "answerCallbackQuery", "callback_query_id": query})
	if err != nil {
		t.Log.DebugContext(r.Context(), "callback not answered", "channel", t.Channel)
	}
}
