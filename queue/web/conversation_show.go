package web

import (
	"net/http"

	"librarian/bots"
	"librarian/contacts/library"
	"librarian/queue"
)

type conversationPage struct {
	frame
	Contact  string
	Channel  string
	Language string
	Step     string
	Readers  []string
	MayBlock bool
	Same     *contactView
	Talk     *talkView
}

func showConversation(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	return v.showConversation(bots.ConversationID(id), http.StatusOK)
}

func (v *visit) showConversation(id bots.ConversationID, status int) error {
	h, err := v.Conversations.Header(v.ctx(), v.lib.ID, id)
	if err != nil {
		return err
	}
	f, err := v.frame(v.ctx(), v.t("desk.conversation_title"))
	if err != nil {
		return err
	}
	f.Events = conversationAddress(id) + "/events"
	page := conversationPage{
		frame: f, Contact: h.Name, Channel: v.channelName(h.Channel), Language: v.langName(h.Lang), MayBlock: v.may(queue.PermBlock),
		Step: v.stepName(h.Flow, h.Step),
	}
	if h.ChannelName != "" {
		page.Channel += " · " + h.ChannelName
	}
	for _, r := range h.Readers {
		name := r.Name
		if r.Card != "" {
			name += " (" + r.Card + ")"
		}
		page.Readers = append(page.Readers, name)
	}
	if page.Same, err = v.contact(id, h.Contact); err != nil {
		return err
	}
	if page.Talk, err = v.talk(id, nil); err != nil {
		return err
	}
	return v.show("conversation", status, page)
}

func (v *visit) dayOf(e bots.Entry) string {
	return v.Texts.Date(v.lang, library.DateOf(e.Written.In(v.zone())))
}
