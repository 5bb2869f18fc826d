package telegramtest

import (
	"encoding/json"
	"net/http"
	"time"
)

// Message is what the bot sent.
type Message struct {
	Chat    int64
	ID      int
	Text    string // or the caption of the file
	Buttons []Button
	File    *File
	At      time.Time
}

// Button is one way on. Without Data, URL and Phone it belongs to the keyboard below the input field and says its label.
type Button struct {
	Label, Data, URL string
	Phone            bool // asks for the user's own number
}

// File is what the bot sent along.
type File struct {
	Name  string
	Data  []byte
	Photo bool // sent as a picture, not as a document
}

func readButtons(markup string) ([]Button, *apiError) {
	if markup == "" {
		return nil, nil
	}
	type button struct {
		Text  string `json:"text"`
		Data  string `json:"callback_data"`
		URL   string `json:"url"`
		Phone bool   `json:"request_contact"`
	}
	var m struct {
		Inline   [][]button `json:"inline_keyboard"`
		Keyboard [][]button `json:"keyboard"`
	}
	if json.Unmarshal([]byte(markup), &m) != nil {
		return nil, refusal(http.StatusBadRequest, "Bad Request: can't parse reply keyboard markup JSON object")
	}
	var buttons []Button
	for _, row := range append(m.Inline, m.Keyboard...) {
		for _, b := range row {
			if b.Text == "" || len(b.Data) > MaxButton {
				return nil, refusal(http.StatusBadRequest, "Bad Request: BUTTON_DATA_INVALID")
			}
			buttons = append(buttons, Button{b.Text, b.Data, b.URL, b.Phone})
		}
	}
	for _, row := range m.Inline {
		for _, b := range row {
			if b.Data == "" && b.URL == "" {
				return nil, refusal(http.StatusBadRequest, "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
			}
		}
	}
	return buttons, nil
}
