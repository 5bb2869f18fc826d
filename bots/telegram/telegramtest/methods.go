package telegramtest

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"
)

// apiError is an error as the Bot API writes it.
type apiError struct {
	Code        int    `json:"error_code"`
	Description string `json:"description"`
}

func refusal(code int, description string) *apiError { return &apiError{code, description} }

var errGone = refusal(0, "the caller is gone")

// ServeHTTP is the Bot API: /bot<token>/<method> and /file/bot<token>/<path>.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if path, ok := strings.CutPrefix(r.URL.Path, "/file/bot"); ok {
		s.download(w, r, path)
		return
	}
	rest, ok := strings.CutPrefix(r.URL.Path, "/bot")
	token, method, ok2 := strings.Cut(rest, "/")
	switch {
	case !ok || !ok2 || !strings.Contains(token, ":"):
		write(w, nil, refusal(http.StatusNotFound, "Not Found"))
		return
	case token != s.Token:
		write(w, nil, refusal(http.StatusUnauthorized, "Unauthorized"))
		return
	}
	p, err := readParams(w, r)
	fail := s.failure(method, p.number("chat_id"))
	switch {
	case fail != nil && !fail.recorded:
		fail.write(r.Context(), w)
		return
	case err != nil:
		write(w, nil, refusal(http.StatusBadRequest, "Bad Request: can't read the request"))
		return
	}
	result, bad := s.run(r.Context(), method, p)
	switch {
	case bad == errGone:
		panic(http.ErrAbortHandler)
	case fail != nil:
		fail.write(r.Context(), w)
	default:
		write(w, result, bad)
	}
}

func write(w http.ResponseWriter, result any, bad *apiError) {
	w.Header().Set("Content-Type", "application/json")
	reply := map[string]any{"ok": true, "result": result}
	if bad != nil {
		w.WriteHeader(bad.Code)
		reply = map[string]any{"ok": false, "error_code": bad.Code, "description": bad.Description}
	}
	_ = json.NewEncoder(w).Encode(reply) // the caller may be gone
}

// run carries out a method.
func (s *Server) run(ctx context.Context, method string, p params) (any, *apiError) {
	do := map[string]func(context.Context, params) (any, *apiError){
		"getupdates":          s.getUpdates,
		"setwebhook":          s.setWebhook,
		"deletewebhook":       s.deleteWebhook,
		"getme":               s.getMe,
		"sendmessage":         s.sendMessage,
		"sendphoto":           s.sendPhoto,
		"senddocument":        s.sendDocument,
		"sendchataction":      s.sendChatAction,
		"answercallbackquery": s.answerCallbackQuery,
		"getfile":             s.getFile,
	}[strings.ToLower(method)]
	if do == nil {
		return nil, refusal(http.StatusNotFound, "Not Found: method not found")
	}
	return do(ctx, p)
}

func (s *Server) getMe(context.Context, params) (any, *apiError) { return s.bot(), nil }

func (s *Server) bot() map[string]any {
	number, _, _ := strings.Cut(s.Token, ":")
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		id = 1
	}
	return map[string]any{"id": id, "is_bot": true, "first_name": "Library", "username": "library_test_bot"}
}

func (s *Server) sendMessage(_ context.Context, p params) (any, *apiError) {
	switch text := p.text["text"]; {
	case strings.TrimSpace(text) == "":
		return nil, refusal(http.StatusBadRequest, "Bad Request: message text is empty")
	case utf8.RuneCountInString(text) > MaxText:
		return nil, refusal(http.StatusBadRequest, "Bad Request: message is too long")
	}
	return s.record(p, Message{Text: p.text["text"]})
}

func (s *Server) sendPhoto(_ context.Context, p params) (any, *apiError) {
	f, bad := p.upload("photo", MaxPhoto)
	if bad != nil {
		return nil, bad
	}
	switch http.DetectContentType(f.Data) {
	case "image/jpeg", "image/png":
	default:
		return nil, refusal(http.StatusBadRequest, "Bad Request: IMAGE_PROCESS_FAILED")
	}
	f.Photo = true
	return s.record(p, Message{Text: p.text["caption"], File: f})
}

func (s *Server) sendDocument(_ context.Context, p params) (any, *apiError) {
	f, bad := p.upload("document", MaxUpload)
	if bad != nil {
		return nil, bad
	}
	return s.record(p, Message{Text: p.text["caption"], File: f})
}

// record keeps what was sent and answers with it.
func (s *Server) record(p params, m Message) (any, *apiError) {
	buttons, bad := readButtons(p.text["reply_markup"])
	if bad != nil {
		return nil, bad
	}
	if m.File != nil && utf8.RuneCountInString(m.Text) > MaxCaption {
		return nil, refusal(http.StatusBadRequest, "Bad Request: message caption is too long")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, bad := s.reachable(p)
	if bad != nil {
		return nil, bad
	}
	c.last++
	m.Chat, m.ID, m.At, m.Buttons = p.number("chat_id"), c.last, s.now(), buttons
	c.sent = append(c.sent, m)
	s.change()
	return map[string]any{
		"message_id": m.ID, "date": m.At.Unix(), "chat": s.chatObject(m.Chat), "from": s.bot(), "text": m.Text,
	}, nil
}

func (s *Server) reachable(p params) (*chat, *apiError) {
	c := s.chats[p.number("chat_id")]
	switch {
	case c == nil:
		return nil, refusal(http.StatusBadRequest, "Bad Request: chat not found")
	case c.blocked:
		return nil, refusal(http.StatusForbidden, "Forbidden: bot was blocked by the user")
	}
	return c, nil
}

func (s *Server) sendChatAction(_ context.Context, p params) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, bad := s.reachable(p)
	if bad != nil {
		return nil, bad
	}
	c.typing++
	s.change()
	return true, nil
}

func (s *Server) answerCallbackQuery(_ context.Context, p params) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answered = append(s.answered, p.text["callback_query_id"])
	s.change()
	return true, nil
}
