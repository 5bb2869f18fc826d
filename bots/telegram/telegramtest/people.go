package telegramtest

import (
	"bytes"
	"fmt"
	"image"
	_ "image/jpeg" // to tell the size of a picture
	_ "image/png"  // to tell the size of a picture
	"strconv"
)

// User is who writes in a chat.
type User struct {
	FirstName, LastName, Username string
	Language                      string // of their program, such as ru
}

// Introduce says who writes in the chat; without it that is a Reader whose program speaks Russian. The bot may write to the chat from now on.
func (s *Server) Introduce(chat int64, u User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.chat(chat).user = u
}

// chat is the chat, which exists from now on; the lock is held.
func (s *Server) chat(id int64) *chat {
	c := s.chats[id]
	if c == nil {
		c = &chat{user: User{FirstName: "Reader", LastName: strconv.FormatInt(id, 10), Language: "ru"}}
		s.chats[id] = c
	}
	return c
}

// UserSays gives the number of the message.
func (s *Server) UserSays(chat int64, text string) int {
	return s.say(chat, map[string]any{"text": text})
}

// UserEdits changes the text of an earlier message.
func (s *Server) UserEdits(chat int64, id int, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.message(chat, id, map[string]any{"text": text, "edit_date": s.now().Unix()})
	s.push("edited_message", m)
}

// UserTaps presses the button of the newest message that has it. From the keyboard below the input field the label is said as a text.
func (s *Server) UserTaps(chat int64, label string) error {
	sent := s.Sent(chat)
	for i := len(sent) - 1; i >= 0; i-- {
		for _, b := range sent[i].Buttons {
			if b.Label == label {
				return s.tap(chat, sent[i], b)
			}
		}
	}
	return fmt.Errorf("tap: no message with the button %q among %d", label, len(sent))
}

func (s *Server) tap(chat int64, m Message, b Button) error {
	switch {
	case b.URL != "":
		return fmt.Errorf("tap: the button %q opens an address", b.Label)
	case b.Phone:
		return fmt.Errorf("tap: the button %q asks for a number: use UserSharesPhone", b.Label)
	case b.Data == "":
		s.UserSays(chat, b.Label)
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.push("callback_query", map[string]any{
		"id": s.nextID(), "from": s.user(chat), "chat_instance": "1", "data": b.Data,
		"message": map[string]any{"message_id": m.ID, "date": m.At.Unix(), "chat": s.chatObject(chat), "from": s.bot(), "text": m.Text},
	})
	return nil
}

// UserSendsPhoto sends a picture as Telegram hands it on: in a small and a full size. Pictures of one album bear its name.
func (s *Server) UserSendsPhoto(chat int64, data []byte, album string) int {
	fields := s.photo(data)
	if album != "" {
		fields["media_group_id"] = album
	}
	return s.say(chat, fields)
}

func (s *Server) photo(data []byte) map[string]any {
	width, height := 1280, 960
	if c, _, err := image.DecodeConfig(bytes.NewReader(data)); err == nil {
		width, height = c.Width, c.Height
	}
	small, full := s.keep("photos", "", data[:len(data)/2]), s.keep("photos", "", data)
	return map[string]any{"photo": []map[string]any{
		{"file_id": full.id, "file_unique_id": "u" + full.id, "width": width, "height": height, "file_size": len(data)},
		{"file_id": small.id, "file_unique_id": "u" + small.id, "width": max(1, width/4), "height": max(1, height/4), "file_size": len(small.data)},
	}}
}

// UserSendsDocument sends a file untouched.
func (s *Server) UserSendsDocument(chat int64, name, mediaType string, data []byte) int {
	return s.say(chat, s.document(name, mediaType, data))
}

func (s *Server) document(name, mediaType string, data []byte) map[string]any {
	f := s.keep("documents", name, data)
	return map[string]any{"document": map[string]any{
		"file_id": f.id, "file_unique_id": "u" + f.id, "file_name": name, "mime_type": mediaType, "file_size": len(data),
	}}
}

// Attachment is a file of a user.
type Attachment struct {
	Name, MediaType string // of a document
	Data            []byte
	Photo           bool // Telegram makes a picture of it
}

// UserSendsFiles sends files in one go, as Telegram hands them on: each is a message, the first has the caption, and several make an album.
func (s *Server) UserSendsFiles(chat int64, caption string, files ...Attachment) {
	s.mu.Lock()
	album := "album-" + s.nextID()
	s.mu.Unlock()
	for i, a := range files {
		fields := s.document(a.Name, a.MediaType, a.Data)
		if a.Photo {
			fields = s.photo(a.Data)
		}
		if len(files) > 1 {
			fields["media_group_id"] = album
		}
		if i == 0 && caption != "" {
			fields["caption"] = caption
		}
		s.say(chat, fields)
	}
}

// UserSharesPhone sends the user's own number, as the button that asks for it does.
func (s *Server) UserSharesPhone(chat int64, phone string) int {
	return s.say(chat, map[string]any{"contact": map[string]any{"phone_number": phone, "first_name": "Reader", "user_id": chat}})
}

// UserBlocks shuts the door: nothing can be sent to the chat any more.
func (s *Server) UserBlocks(chat int64) { s.member(chat, "kicked") }

// UserUnblocks opens it again.
func (s *Server) UserUnblocks(chat int64) { s.member(chat, "member") }

func (s *Server) member(chat int64, status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.chat(chat).blocked = status == "kicked"
	s.push("my_chat_member", map[string]any{
		"chat": s.chatObject(chat), "from": s.user(chat), "date": s.now().Unix(),
		"old_chat_member": map[string]any{"status": "member", "user": s.bot()},
		"new_chat_member": map[string]any{"status": status, "user": s.bot(), "until_date": 0},
	})
}

// UserSends sends a message with these fields of the Bot API, for what has no method of its own. It gives the message's number.
func (s *Server) UserSends(chat int64, fields map[string]any) int { return s.say(chat, fields) }

// Push queues an update of the kind, such as message, with any content. It gives the update's number; 0 when the bot does not ask for the kind.
func (s *Server) Push(kind string, content any) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.push(kind, content)
}

func (s *Server) say(chat int64, fields map[string]any) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.chat(chat)
	c.last++
	s.push("message", s.message(chat, c.last, fields))
	return c.last
}

func (s *Server) message(chat int64, id int, fields map[string]any) map[string]any {
	m := map[string]any{"message_id": id, "date": s.now().Unix(), "chat": s.chatObject(chat), "from": s.user(chat)}
	for k, v := range fields {
		m[k] = v
	}
	return m
}

func (s *Server) chatObject(id int64) map[string]any {
	return map[string]any{"id": id, "type": "private", "first_name": s.chat(id).user.FirstName}
}

func (s *Server) user(chat int64) map[string]any {
	u := s.chat(chat).user
	m := map[string]any{"id": chat, "is_bot": false, "first_name": u.FirstName}
	for k, v := range map[string]string{"last_name": u.LastName, "username": u.Username, "language_code": u.Language} {
		if v != "" {
			m[k] = v
		}
	}
	return m
}
