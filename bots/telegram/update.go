package telegram

// The parts of an update that the library reads. The types of go-telegram/bot are not used here: they refuse a whole update because of one part that
// is newer than they are, and a reader's message must not be lost to that.
type update struct {
	ID            int64          `json:"update_id"`
	Message       *message       `json:"message"`
	EditedMessage *message       `json:"edited_message"`
	CallbackQuery *callbackQuery `json:"callback_query"`
	MyChatMember  *memberChange  `json:"my_chat_member"`
}

type chat struct {
	ID   int64  `json:"id"`
	Type string `json:"type"`
}

type user struct {
	ID           int64  `json:"id"`
	IsBot        bool   `json:"is_bot"`
	FirstName    string `json:"first_name"`
	LastName     string `json:"last_name"`
	Username     string `json:"username"`
	LanguageCode string `json:"language_code"`
}

type message struct {
	ID       int64   `json:"message_id"`
	From     *user   `json:"from"`
	Chat     chat    `json:"chat"`
	Date     int64   `json:"date"`
	EditDate int64   `json:"edit_date"`
	Album    string  `json:"media_group_id"`
	Text     string  `json:"text"`
	Caption  string  `json:"caption"`
	Photo    []photo `json:"photo"`
	Document *media  `json:"document"`
	Contact  *person `json:"contact"`
	Answered *struct {
		From     *user  `json:"from"`
		Text     string `json:"text"`
		Caption  string `json:"caption"`
		Document *media `json:"document"`
	} `json:"reply_to_message"`

	Animation *media `json:"animation"` // comes with a document too
	Audio     *media `json:"audio"`
	Video     *media `json:"video"`
	VideoNote *media `json:"video_note"`
	Voice     *media `json:"voice"`
	Sticker   *media `json:"sticker"`
	Story     *media `json:"story"`
	Location  *media `json:"location"` // comes with a venue too
	Dice      *media `json:"dice"`
	Poll      *media `json:"poll"`
	Game      *media `json:"game"`
}

type photo struct {
	FileID string `json:"file_id"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Size   int64  `json:"file_size"`
}

type media struct {
	FileID    string `json:"file_id"`
	Name      string `json:"file_name"`
	MediaType string `json:"mime_type"`
	Size      int64  `json:"file_size"`
}

type person struct {
	Phone     string `json:"phone_number"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
	UserID    int64  `json:"user_id"`
}

type callbackQuery struct {
	ID      string   `json:"id"`
	From    user     `json:"from"`
	Message *message `json:"message"` // only chat and number when it is old
	Data    string   `json:"data"`
}

type memberChange struct {
	Chat chat  `json:"chat"`
	From user  `json:"from"`
	Date int64 `json:"date"`
	New  struct {
		Status string `json:"status"`
	} `json:"new_chat_member"`
}

// callback is the query whose sender waits for an answer; empty when there is none.
func (u *update) callback() string {
	if u.CallbackQuery == nil {
		return ""
	}
	return u.CallbackQuery.ID
}
