package web

import (
	"librarian/bots"
)

// followConversation streams "chat" whenever the conversation has changed, and "queue" as every page has it.
func followConversation(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	if _, err := v.Conversations.Header(v.ctx(), v.lib.ID, bots.ConversationID(id)); err != nil {
		return err
	}
	chat, end := v.Signals.Subscribe(bots.Signal{Topic: bots.TopicChat, Library: v.lib.ID, ID: id})
	defer end()
	return v.stream(chat)
}
