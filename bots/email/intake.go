package email

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/contacts"
	"librarian/contacts/library"
)

// ForPerson is the error by which a department's letter is left in the tray for a person to look at, whatever was taken of it: one of the Reasons.
type ForPerson string

// Error says why.
func (f ForPerson) Error() string { return "a person has to look at the letter: " + string(f) }

// MaxLetter is how large a letter is taken in whole, in bytes of its source, unless IntakeConfig.Limit says otherwise.
const MaxLetter = 25 << 20

// IntakeConfig is what receiving for one account needs. Returned, Listed, Roots and Limit may be left out.
type IntakeConfig struct {
	Library library.ID
	Channel bots.ChannelID
	IMAP    string // see ParseMailbox
	Address string // the account's own
	Pool    *pgxpool.Pool
	Store   *files.Store
	Receive bots.Receive
	// MessageID is that of a letter of ours, sent or not: Email has it. Without it an answer to a letter whose sending is not noted names what nobody knows.
	MessageID func(m bots.Outbound) string
	// Inspect looks at a stored file before it is shown to Returned.
	Inspect func(ctx context.Context, lib library.ID, id files.ID) error
	// Bounced notes that a letter of ours came back: bots.Sender has it.
	Bounced func(ctx context.Context, tx pgx.Tx, sent bots.Sent, problem string, gone bool) error
	// Returned is asked first for a letter that names one of ours and is not its reader's, and for whatever a listed address writes. When it has taken the
	// letter nobody else gets it. ForPerson leaves it in the tray. After a crash it may be asked again for the same Stored.ID.
	Returned func(ctx context.Context, l Stored) (taken bool, err error)
	// Listed reports whether the address is one that departments write from.
	Listed func(ctx context.Context, lib library.ID, address string) (bool, error)
	// Lock makes this the only process that reads the mailbox until release is called; ok is false while another one does.
	Lock func(ctx context.Context) (release func(), ok bool, err error)
	// Report tells why nothing can be received, as one of the Problems, and ProblemNone when it works again.
	Report func(ctx context.Context, problem string)
	Roots  *x509.CertPool // that the server's certificate must come from; nil: the machine's own
	Limit  int64          // bytes of a letter's source; 0: MaxLetter
	Now    func() time.Time
	Log    *slog.Logger
}

// Stored is a letter that is kept, with its files in the store.
type Stored struct {
	ID     LetterID
	Letter Letter
	Raw    files.ID
	Files  []files.ID // of Letter.Files, in their order
	Sent   *bots.Sent // the letter of ours that it names, if the outbox knows it
}

// Intake receives the letters of one account.
type Intake struct {
	IntakeConfig
	server inbox
	own    string // Address in its normal form
	pause  func(ctx context.Context, d time.Duration)
}

// NewIntake prepares receiving without connecting to anything. Its errors wrap ErrConfig and never show the URL.
func NewIntake(c IntakeConfig) (*Intake, error) {
	server, err := parseInbox(c.IMAP)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	own, err := ParseAddress(c.Address)
	if err != nil {
		return nil, fmt.Errorf("%w: address: %w", ErrConfig, err)
	}
	if c.Limit == 0 {
		c.Limit = MaxLetter
	}
	server.roots = c.Roots
	return &Intake{IntakeConfig: c, server: server, own: own, pause: bots.Pause}, nil
}

// arrival is a letter as it was fetched.
type arrival struct {
	raw  []byte
	only bool // its headers alone: the rest is too large
	at   time.Time
}

// take stores the letter and hands it on, once however often it is called, and gives the state that it is in.
func (in *Intake) take(ctx context.Context, a arrival) (State, error) {
	l, unreadable := in.convert(a.raw)
	k, again, err := in.known(ctx, l.identity())
	if err == nil && !again {
		k, err = in.keep(ctx, a, &l)
	}
	if err != nil {
		return "", err
	}
	if k.State != StateArrived {
		return k.State, nil
	}
	stored := Stored{ID: k.ID, Letter: l, Raw: k.Raw, Files: k.Files}
	var o outcome
	switch {
	case unreadable != nil:
		o = outcome{state: StateFailed, reason: ReasonUnreadable}
		in.Log.WarnContext(ctx, "letter cannot be read", "channel", in.Channel, "letter", k.ID, "error", unreadable)
	case l.What == Bounced:
		return StateBounce, in.bounced(ctx, &stored)
	default:
		if o, err = in.judge(ctx, &stored, a); err != nil {
			return "", fmt.Errorf("letter %d: %w", k.ID, err)
		}
	}
	return o.state, pgx.BeginFunc(ctx, in.Pool, func(tx pgx.Tx) error { return note(ctx, tx, in.Library, k.ID, o) })
}

var errPanic = errors.New("its reading panicked")

// convert reads the source. Whatever it holds, the intake goes on.
func (in *Intake) convert(raw []byte) (l Letter, err error) {
	defer func() {
		if p := recover(); p != nil {
			in.Log.Error("reading a letter panicked", "channel", in.Channel, "stack", string(debug.Stack()))
			l, err = unread(raw), errPanic
		}
	}()
	return Convert(raw, in.own)
}

// keep puts the source and the files into the store and makes the letter's row.
func (in *Intake) keep(ctx context.Context, a arrival, l *Letter) (kept, error) {
	raw, err := in.Store.Put(ctx, in.Library, bytes.NewReader(a.raw), files.Meta{Name: "letter.eml"}, in.Limit)
	if err != nil {
		return kept{}, fmt.Errorf("keep a letter: %w", err)
	}
	attached := make([]files.ID, 0, len(l.Files))
	for _, f := range l.Files {
		one, err := in.Store.Put(ctx, in.Library, bytes.NewReader(f.Content), files.Meta{Name: f.Name}, in.Limit)
		if err != nil {
			return kept{}, fmt.Errorf("keep a letter's file: %w", err)
		}
		attached = append(attached, one.ID)
	}
	return in.insert(ctx, l, raw.ID, attached)
}

// judge decides whose the letter is, and gives it to them.
func (in *Intake) judge(ctx context.Context, s *Stored, a arrival) (outcome, error) {
	l := &s.Letter
	names := in.names(l)
	sent, found, err := in.sent(ctx, names)
	if err != nil {
		return outcome{}, err
	}
	own := false // the one to whom it was sent answers
	if found {
		s.Sent = &sent
		if own, err = in.addressed(ctx, sent, l.From); err != nil {
			return outcome{}, err
		}
	}
	theirs, taken, err := in.offer(ctx, s, len(names) > 0 && !own, a.only)
	var left ForPerson
	switch {
	case errors.As(err, &left):
		return outcome{state: StateTray, reason: string(left)}, nil
	case err != nil:
		return outcome{}, err
	case taken:
		return outcome{state: StateReturned}, nil
	case theirs && a.only:
		return outcome{state: StateTray, reason: ReasonTooLarge}, nil
	}
	if o, unfit := unfit(l, len(names) > 0 && !own, found); unfit {
		if own {
			o.conversation = sent.Conversation
		}
		return o, nil
	}
	if flood, err := in.flooded(ctx, l.From); err != nil || flood {
		return outcome{state: StateTray, reason: ReasonFlood}, err
	}
	return in.tell(ctx, s, own, a)
}

// unfit reports that the letter is no part of a conversation. Foreign says that it names a letter of ours that its sender did not get, or that nobody knows.
func unfit(l *Letter, foreign, found bool) (outcome, bool) {
	switch {
	case l.What == Ours:
		return outcome{state: StateIgnored, reason: ReasonOurs}, true
	case l.What == Automatic:
		return outcome{state: StateIgnored, reason: ReasonAutomatic}, true
	case l.What == List:
		return outcome{state: StateTray, reason: ReasonList}, true
	case l.From == "":
		return outcome{state: StateTray, reason: ReasonSender}, true
	case foreign && found:
		return outcome{state: StateTray, reason: ReasonForeign}, true
	case foreign:
		return outcome{state: StateTray, reason: ReasonUnknown}, true
	}
	return outcome{}, false
}

// names are the Message-IDs of ours that the letter may answer.
func (in *Intake) names(l *Letter) []string {
	host := domain(in.own)
	var out []string
	if l.Token != "" {
		out = append(out, l.Token+"@"+host)
	}
	for _, id := range l.Names() {
		if token, at, _ := strings.Cut(id, "@"); isToken(token) && strings.EqualFold(at, host) {
			out = append(out, token+"@"+host)
		}
	}
	return out
}

// sent finds the letter of ours that is named. One that the server took before that could be noted is known by what its Message-ID has to be.
func (in *Intake) sent(ctx context.Context, names []string) (bots.Sent, bool, error) {
	sent, found, err := bots.FindSent(ctx, in.Pool, in.Library, in.Channel, names)
	if err != nil || found || len(names) == 0 || in.MessageID == nil {
		return sent, found, err
	}
	tried, err := bots.FindTried(ctx, in.Pool, in.Library, in.Channel)
	for _, s := range tried {
		s.ProviderID = in.MessageID(bots.Outbound{Library: s.Library, Channel: in.Channel, Conversation: s.Conversation, Seq: s.Seq})
		if slices.Contains(names, s.ProviderID) {
			return s, true, nil
		}
	}
	return bots.Sent{}, false, err
}

// addressed reports whether the letter of ours was sent to this address.
func (in *Intake) addressed(ctx context.Context, sent bots.Sent, from string) (bool, error) {
	key := contacts.PartyKey{Library: in.Library, Address: contacts.AddressID(sent.Conversation)}
	all, err := contacts.Externals(ctx, in.Pool, []contacts.PartyKey{key})
	if err != nil {
		return false, err
	}
	return from != "" && strings.EqualFold(all[key], from), nil
}

// offer shows the letter to those who wait for departments' letters. Theirs says that it looks like one.
func (in *Intake) offer(ctx context.Context, s *Stored, foreign, only bool) (theirs, taken bool, err error) {
	l := &s.Letter
	if l.What == Ours || l.What == List || l.What == Automatic && len(l.Files) == 0 {
		return false, false, nil
	}
	if theirs = foreign; !theirs && in.Listed != nil && l.From != "" {
		if theirs, err = in.Listed(ctx, in.Library, l.From); err != nil {
			return false, false, fmt.Errorf("ask whether a department wrote: %w", err)
		}
	}
	if !theirs || only || in.Returned == nil {
		return theirs, false, nil
	}
	for _, id := range s.Files {
		if err := in.Inspect(ctx, in.Library, id); err != nil {
			return theirs, false, fmt.Errorf("look at file %s: %w", id, err)
		}
	}
	taken, err = in.Returned(ctx, *s)
	return theirs, taken, err
}
