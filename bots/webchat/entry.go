package webchat

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"librarian/bots"
	"librarian/contacts/library"
)

// entry is one line of the conversation as the page receives it.
type entry struct {
	Out     int                  `json:"out,omitempty"` // number among the outgoing messages
	Side    bots.Side            `json:"side"`
	Kind    string               `json:"kind,omitempty"`
	Staff   string               `json:"staff,omitempty"`
	Text    string               `json:"text,omitempty"`
	Choices []bots.Choice        `json:"choices,omitempty"`
	Turn    int                  `json:"turn,omitempty"`
	Files   []file               `json:"files,omitempty"`
	Refused []bots.RefusedUpload `json:"refused,omitempty"`
	At      time.Time            `json:"at"`
	Message string               `json:"message,omitempty"` // the id that the page gave a reader's message
}

type file struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"type"`
	Size int64  `json:"size"`
}

// secretGone stands where a secret was that is no longer kept.
const secretGone = "••••••"

// entryOf is the line as its reader sees it, with its secret open.
func (c *Chat) entryOf(ctx context.Context, lib library.ID, e bots.Entry) (entry, error) {
	out := entry{
		Out: e.At.Out, Side: e.Side, Kind: e.Kind, Staff: e.Staff, Text: e.Text, Choices: e.Choices, Turn: e.Turn,
		Refused: e.Refused, At: e.Written, Message: e.External,
	}
	for _, f := range e.Files {
		out.Files = append(out.Files, file{f.ID, f.Name, f.MediaType, f.Size})
	}
	if e.Secret == "" {
		return out, nil
	}
	plain, err := c.OpenSecret(ctx, lib, e.Secret)
	if errors.Is(err, bots.ErrDestroyed) {
		plain, err = secretGone, nil
	}
	if err != nil {
		return entry{}, fmt.Errorf("open secret %s: %w", e.Secret, err)
	}
	out.Text = strings.ReplaceAll(e.Text, bots.SecretMark, plain)
	return out, nil
}

// place says how the stream treats an outgoing message.
type place int

const (
	shown  place = iota
	passed       // it will never be shown
	held         // it will be shown once it is sent: what comes after it has to wait
)

func placeOf(e bots.Entry) place {
	if e.Side == bots.SideReader {
		if e.Text == "" && len(e.Choices) == 0 && len(e.Files) == 0 && len(e.Refused) == 0 {
			return passed // the page's own request to begin
		}
		return shown
	}
	switch e.State {
	case "sent", "confirmed", "read":
		return shown
	case "queued", "leased":
		return held
	}
	return passed
}
