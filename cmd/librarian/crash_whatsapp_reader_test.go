package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"go.mau.fi/whatsmeow/proto/waE2E"

	"librarian/bots/whatsapp/whatsapptest"
)

// phoneReader writes with a phone in WhatsApp.
type phoneReader struct {
	server  *whatsapptest.Server
	phone   *whatsapptest.Phone
	to      *whatsapptest.Account
	options whatsapptest.Options
	menu    string // stands where the menu is a word
	last    string // id of the last text
}

func (p *phoneReader) say(_ context.Context, number int, l utterance, hasty bool) (string, error) {
	if l.edits {
		return p.phone.Edits(p.to, p.last, l.text)
	}
	m, err := p.message(number, l, hasty)
	if err != nil {
		return "", err
	}
	id, err := p.phone.Send(p.to, m, p.options)
	if l.text != "" {
		p.last = id
	}
	return id, err
}

// message words an utterance. A choice is its number, or every other time what stands beside it; who does not wait for the list writes the words.
func (p *phoneReader) message(number int, l utterance, hasty bool) (*waE2E.Message, error) {
	switch {
	case l.photo:
		return p.server.Image("image/jpeg", l.file, "")
	case l.file != nil:
		return p.server.Document(fmt.Sprintf("list-%d.txt", number), "text/plain", l.file, "")
	case l.label == "" || hasty || number%2 == 0:
		return whatsapptest.Text(l.text + l.label), nil
	}
	inbox := p.phone.Inbox()
	for _, line := range numbered.FindAllStringSubmatch(inbox[len(inbox)-1].Text(), -1) {
		if line[2] == l.label {
			return whatsapptest.Text(line[1]), nil
		}
	}
	return whatsapptest.Text(l.label), nil // it is in the menu, which is not listed each time
}

// heard are the messages at the phone, which shows each id once.
func (p *phoneReader) heard() []heard {
	var out []heard
	for _, m := range p.phone.Inbox() {
		h := heard{text: m.Text(), copies: m.Copies}
		for _, line := range numbered.FindAllStringSubmatch(h.text, -1) {
			h.offers = append(h.offers, line[2])
		}
		h.menu = strings.Contains(h.text, p.menu)
		out = append(out, h)
	}
	return out
}

func (p *phoneReader) await(ctx context.Context, answers int) error {
	ctx, cancel := context.WithTimeout(ctx, patienceOfReaders)
	defer cancel()
	return p.server.Until(ctx, func() bool {
		all := p.phone.Inbox()
		return len(all) >= answers && !slices.ContainsFunc(all, func(m whatsapptest.Sent) bool { return m.Err != nil }) // the phone asks for those again
	})
}

func (p *phoneReader) address() string {
	if p.options.NumberHidden {
		return "lid:" + p.phone.LID()
	}
	return p.phone.Number()
}

func (p *phoneReader) finish(context.Context) error { return nil }

// remarks are what a reader says to a librarian.
func (r *reader) remarks() []utterance {
	var out []utterance
	for i := range 8 {
		l := utterance{text: fmt.Sprintf("Reader %d says %d.", r.number, r.rng.Uint64())}
		switch what := r.rng.IntN(16); {
		case what == 0:
			l = utterance{file: r.picture(), photo: true}
		case what < 4:
			l = utterance{file: fmt.Appendf(nil, "Reader %d encloses a list, %d.\n", r.number, r.rng.Uint64())}
		case what < 6 && i > 0:
			l.edits = true
		}
		out = append(out, l)
	}
	return out
}

// talkAside makes a librarian the speaker of some conversations, so that more is written than the number can answer at the pace of one person.
func (n *number) talkAside(readers []*reader) {
	n.Helper()
	var staff int64
	err := n.db.QueryRow(n.Context(), `insert into staff (library_id, login, name, role, password_hash) values (1, 'olga', 'Olga', 'librarian', '') returning id`).Scan(&staff)
	if err != nil {
		n.Fatal(err)
	}
	for _, r := range readers {
		r.aside = true
		for _, l := range r.opening() {
			if err := r.tell(n.Context(), l); err != nil {
				n.Fatal(err)
			}
		}
		if err := r.await(n.Context(), len(r.want)); err != nil {
			n.Fatal(err)
		}
		tag, err := n.db.Exec(n.Context(), `update conversations c set speaker = $2, epoch = epoch + 1 from addresses a
where a.library_id = c.library_id and a.id = c.id and a.external = $1`, r.address(), staff)
		if err != nil || tag.RowsAffected() != 1 {
			n.Fatal(tag, err)
		}
	}
}
