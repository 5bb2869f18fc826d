package runner

import (
	"context"
	"errors"
	"strconv"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/flows"
	"librarian/queue"
	"librarian/queue/fragments"
	"librarian/templates"
)

// partsMost is into how many parts a PDF is cut for a channel. Each is a message of its own and has to be found and put beside the others: five are a handful;
// whoever is sent more is better served by one link.
const partsMost = 5

// product is what was made of an order, and how it goes.
type product struct {
	whole   files.ID
	parcels []parcel
}

// parcel is what goes one way. Its channel is known already.
type parcel struct {
	fragments.Send
	to string // of a letter: the e-mail
}

// conversations are those to which it goes, as far as they exist.
func (p product) conversations() (out []bots.ConversationID) {
	for _, one := range p.parcels {
		if one.Conversation != 0 {
			out = append(out, one.Conversation)
		}
	}
	return out
}

// cutter makes the parts for a limit once, however many go by such a channel.
type cutter struct {
	runner *Runner
	lib    library.ID
	front  fragments.Front
	pages  []fragments.Page
	whole  files.File
	sizes  fragments.Sizes
	done   map[int64]fragments.Send
}

// parcel says what goes this way: the whole, its parts, or a link. What is larger than the channel takes, where no link can be given, is a
// *fragments.SizeError or errParts.
func (r *Runner) parcel(ctx context.Context, lib library.Library, o fragments.Order, s fragments.Send, cut *cutter) (parcel, error) {
	p := parcel{Send: s}
	channel, err := r.parcelChannel(ctx, lib, o, &p)
	if err != nil || p.Problem != "" {
		return p, err
	}
	most := r.limits(channel).File
	made, known := cut.done[most]
	if !known {
		if made, err = cut.to(ctx, most); err != nil {
			return p, err
		}
		cut.done[most] = made
	}
	p.Files, p.Linked = made.Files, made.Linked
	return p, nil
}

// parcelChannel is by what the parcel goes. For a letter it finds the e-mail as it is now, and its conversation if there was one before.
func (r *Runner) parcelChannel(ctx context.Context, lib library.Library, o fragments.Order, p *parcel) (bots.ChannelID, error) {
	if !p.Mail {
		return r.channelOf(ctx, r.Pool, lib.ID, p.Conversation)
	}
	reader, err := contacts.ReaderByID(ctx, r.Pool, lib.ID, o.Reader)
	if err != nil {
		return 0, err
	}
	mail, err := r.Accounts.OfKind(ctx, lib.ID, bots.Email)
	if err != nil {
		return 0, err
	}
	if len(mail) == 0 || !reader.EmailProven || reader.Email == "" {
		p.Problem = fragments.NoMail
		return 0, nil
	}
	p.to = reader.Email
	known, ok, err := contacts.Lookup(ctx, r.Pool, int64(mail[0].ID), reader.Email)
	if ok {
		p.Conversation = bots.ConversationID(known)
	}
	return mail[0].ID, err
}

// to makes what goes by a channel that takes files of so many bytes.
func (c *cutter) to(ctx context.Context, most int64) (out fragments.Send, err error) {
	if c.whole.Size <= most {
		return fragments.Send{Files: []files.ID{c.whole.ID}}, nil
	}
	stretches, err := fragments.Split(c.sizes, most)
	if err == nil && len(stretches) > partsMost {
		err = errParts
	}
	if err != nil && c.runner.PublicURL != "" {
		return fragments.Send{Files: []files.ID{c.whole.ID}, Linked: true}, nil
	}
	if err != nil {
		return out, err
	}
	front := c.front
	front.Parts = len(stretches)
	for i, s := range stretches {
		front.Part = i + 1
		part, _, err := c.runner.join(ctx, c.lib, front, c.pages[s.From:s.To])
		if err != nil {
			return out, err
		}
		out.Files = append(out.Files, part.ID)
	}
	return out, nil
}

// sendOrder brings the PDF to the reader by each way, by all at one moment.
func (r *Runner) sendOrder(ctx context.Context, tx pgx.Tx, lib library.Library, o fragments.Order, made product) error {
	now := r.Now()
	o, err := fragments.Made(ctx, tx, lib, o.ID, []files.ID{made.whole}, now)
	if err != nil {
		return err
	}
	for _, p := range made.parcels {
		if p.Problem == "" {
			if err := r.sendParcel(ctx, tx, lib, o, &p); err != nil {
				return err
			}
		}
		if err := fragments.NoteSent(ctx, tx, lib.ID, o.ID, p.Send, now); err != nil {
			return err
		}
	}
	return nil
}

func (r *Runner) sendParcel(ctx context.Context, tx pgx.Tx, lib library.Library, o fragments.Order, p *parcel) error {
	if p.Mail {
		return r.sendByMail(ctx, tx, lib, o, p)
	}
	news := queue.News{
		Kind: queue.NewsOrderSent, Reader: int64(o.Reader), Files: fileNames(p.Files),
		Fields: map[string]string{"order": o.Code(), "kind": o.Kind, "code": o.Code(), "title": o.Title, "pages": o.Pages, "send": strconv.FormatInt(p.ID, 10)},
	}
	if p.Linked {
		lang, err := r.Lang(ctx, lib.ID, p.Conversation)
		if err != nil {
			return err
		}
		secret, l, err := r.newLink(ctx, tx, lib, o, p.Conversation, lang)
		if err != nil {
			return err
		}
		news.Kind, news.Files, news.Secret = queue.NewsOrderLink, nil, secret
		news.Fields["days"], news.Fields["views"] = strconv.Itoa(l.Days(r.Now())), strconv.Itoa(l.Views)
	}
	return r.Tell(ctx, tx, o.Library, p.Conversation, news)
}

// sendByMail writes the letters with the parts, or the one with the link, to the e-mail that the reader has proven; nobody else than they act there, so nothing
// is offered but to answer.
func (r *Runner) sendByMail(ctx context.Context, tx pgx.Tx, lib library.Library, o fragments.Order, p *parcel) error {
	lang, err := r.Lang(ctx, lib.ID, o.Conversation)
	if err != nil {
		return err
	}
	l := letter{
		lib: lib, lang: lang, to: p.to, kind: bots.OutNotice, subject: "order_mail.subject", text: "order_mail.files", send: p.ID,
		fields: templates.Fields{"library": lib.Title(lang), "code": o.Code(), "title": o.Title, "pages": o.Pages},
	}
	if p.Linked {
		secret, made, err := r.newLink(ctx, tx, lib, o, 0, lang)
		if err != nil {
			return err
		}
		l.text, l.secret = "order_mail.link", secret
		l.fields["url"], l.fields["days"], l.fields["views"] = bots.SecretMark, made.Days(r.Now()), made.Views
		at, err := r.post(ctx, tx, l)
		p.Conversation = at.Conversation
		return err
	}
	for _, name := range fileNames(p.Files) { // each may be as large as a letter takes
		l.files = []string{name}
		at, err := r.post(ctx, tx, l)
		if err != nil {
			return err
		}
		p.Conversation = at.Conversation
	}
	return nil
}

func fileNames(ids []files.ID) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = string(id)
	}
	return out
}

// newLink makes a link; its address is a secret until it is sent.
func (r *Runner) newLink(ctx context.Context, tx pgx.Tx, lib library.Library, o fragments.Order, conv bots.ConversationID, lang library.Lang) (secret string, l fragments.Link, err error) {
	token, l, err := fragments.NewLink(ctx, tx, lib, o, conv, lang, r.Now())
	if err != nil {
		return "", l, err
	}
	secret, err = r.Secrets.Put(ctx, tx, lib.ID, bots.PurposeLink, r.PublicURL+"/get/"+token)
	return secret, l, err
}

// fetchOrder gives the reader once more what was sent: as it is, where this channel takes it, cut as it was for another, or by a new link.
func (r *Runner) fetchOrder(ctx context.Context, tx pgx.Tx, a asked[flows.FetchOrder]) (flows.Answer, error) {
	o, err := a.orderOf(ctx, tx, a.ask.Order)
	if errors.Is(err, fragments.ErrNotFound) {
		return flows.OrderFetched{}, nil
	}
	if err != nil {
		return nil, err
	}
	out := flows.OrderFetched{Order: orderKnown(o)}
	if o.State != fragments.Sent || len(o.Files) == 0 {
		return out, nil
	}
	sends, err := fragments.Sends(ctx, tx, a.libID, o.ID)
	if err != nil {
		return nil, err
	}
	sets := fragments.SetsOf(o, sends)
	for _, set := range sets {
		fits, err := r.fit(ctx, a.libID, set, a.limits.File)
		if err != nil {
			return nil, err
		}
		if fits {
			out.Files = fileNames(set)
			return out, nil
		}
	}
	if r.PublicURL == "" || len(o.Files) > 1 { // the smallest there is; a link leads to one file, and an old order may be kept in parts alone
		out.Files = fileNames(sets[len(sets)-1])
		return out, nil
	}
	secret, l, err := r.newLink(ctx, tx, a.lib, o, a.id, a.lang)
	if err != nil {
		return nil, err
	}
	out.Secret, out.Days, out.Views = secret, l.Days(a.now), l.Views
	return out, nil
}

// fit reports whether all of the files are there and none is larger than that.
func (r *Runner) fit(ctx context.Context, lib library.ID, ids []files.ID, most int64) (bool, error) {
	known, err := r.Store.FindAll(ctx, lib, ids)
	if err != nil {
		return false, err
	}
	for _, id := range ids {
		if f, ok := known[id]; !ok || f.Size > most {
			return false, nil
		}
	}
	return true, nil
}
