package webchat

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"time"

	"librarian/bots"
)

// What a refused request is told. The page has words for each.
const (
	codeEmpty       = "empty"
	codeBad         = "bad_request"
	codeFast        = "too_fast"
	codeLarge       = "too_large"
	codeOrigin      = "origin"
	codeUnavailable = "unavailable"
)

type refusal struct {
	Error string `json:"error"`
}

type receipt struct {
	Stored  bool                 `json:"stored"`
	Cut     bool                 `json:"cut"`
	Refused []bots.RefusedUpload `json:"refused"`
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the reader has gone: nobody is left to tell
}

func refuse(w http.ResponseWriter, status int, code string) { answer(w, status, refusal{code}) }

func unavailable(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "2")
	refuse(w, http.StatusServiceUnavailable, codeUnavailable)
}

func tooFast(w http.ResponseWriter, wait time.Duration) {
	w.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(wait.Seconds())))))
	refuse(w, http.StatusTooManyRequests, codeFast)
}
