package telegram

import (
	"errors"

	"github.com/go-telegram/bot/models"

	"librarian/bots"
)

var errMixed = errors.New("a message cannot ask for a number and offer a link")

// keyboard shows the choices: as buttons under the message, or, when one of them asks for the reader's number, as the keyboard below the input field,
// for only there can a number be asked for. The other choices come back from that keyboard as their label, as if typed. A message without choices
// takes an earlier such keyboard away.
func keyboard(m bots.Outbound) (models.ReplyMarkup, *bots.SendError) {
	if len(m.Choices) == 0 {
		return &models.ReplyKeyboardRemove{RemoveKeyboard: true}, nil
	}
	for _, c := range m.Choices {
		if c.Phone {
			return phoneKeyboard(m.Choices)
		}
	}
	var rows [][]models.InlineKeyboardButton
	for _, c := range m.Choices {
		button := models.InlineKeyboardButton{Text: c.Label, URL: c.URL}
		if c.URL == "" {
			data, ok := buttonData(m.Turn, c.ID)
			if !ok {
				return nil, bots.Refuse("choice", errButton)
			}
			button.CallbackData = data
		}
		rows = append(rows, []models.InlineKeyboardButton{button})
	}
	return &models.InlineKeyboardMarkup{InlineKeyboard: rows}, nil
}

func phoneKeyboard(choices []bots.Choice) (models.ReplyMarkup, *bots.SendError) {
	var rows [][]models.KeyboardButton
	for _, c := range choices {
		if c.URL != "" {
			return nil, bots.Refuse("choice", errMixed)
		}
		rows = append(rows, []models.KeyboardButton{{Text: c.Label, RequestContact: c.Phone}})
	}
	return &models.ReplyKeyboardMarkup{Keyboard: rows, ResizeKeyboard: true, OneTimeKeyboard: true}, nil
}
