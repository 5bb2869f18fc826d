package mailbox

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"slices"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

// picked is a letter that a command names, with the number under which the session knows it.
type picked struct {
	entry
	number uint32
}

// pick gives the letters of the open folder for which holds is true, in order.
func (s *session) pick(holds func(f folder, l picked) bool) ([]picked, error) {
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	f, err := s.mail.selected(s)
	if err != nil {
		return nil, err
	}
	var out []picked
	for i, l := range f.Letters {
		p := picked{l, s.updates.EncodeSeqNum(uint32(i + 1))} // 0: the session has not heard of it yet
		if p.number > 0 && holds(f, p) {
			out = append(out, p)
		}
	}
	return out, nil
}

// names reports whether the set names the letter.
func names(set imap.NumSet, f folder, l picked) bool {
	switch set := set.(type) {
	case imap.UIDSet:
		return slices.ContainsFunc(set, func(r imap.UIDRange) bool {
			return within(uint32(l.UID), uint32(r.Start), uint32(r.Stop), uint32(f.Letters[len(f.Letters)-1].UID))
		})
	case imap.SeqSet:
		return slices.ContainsFunc(set, func(r imap.SeqRange) bool { return within(l.number, r.Start, r.Stop, uint32(len(f.Letters))) })
	}
	return false
}

// within reads a range as RFC 3501 does: 0 stands for *, the last one, and the ends may come in either order.
func within(n, start, stop, last uint32) bool {
	if start == 0 {
		start = last
	}
	if stop == 0 {
		stop = last
	}
	return min(start, stop) <= n && n <= max(start, stop)
}

func uidsOf(all []picked) []imap.UID {
	out := make([]imap.UID, len(all))
	for i, l := range all {
		out[i] = l.UID
	}
	return out
}

// Search looks for numbers and flags. What else a letter may be looked for by is refused: to leave it out would find too much.
func (s *session) Search(kind imapserver.NumKind, criteria *imap.SearchCriteria, _ *imap.SearchOptions) (*imap.SearchData, error) {
	if !plain(*criteria) {
		return nil, errLacking
	}
	found, err := s.pick(func(f folder, l picked) bool { return meets(f, l, criteria) })
	if err != nil {
		return nil, err
	}
	if kind == imapserver.NumKindUID {
		return &imap.SearchData{All: imap.UIDSetNum(uidsOf(found)...)}, nil
	}
	var set imap.SeqSet
	for _, l := range found {
		set.AddNum(l.number)
	}
	return &imap.SearchData{All: set}, nil
}

// plain reports that nothing but numbers and flags is asked for.
func plain(c imap.SearchCriteria) bool {
	for _, inner := range c.Not {
		if !plain(inner) {
			return false
		}
	}
	c.SeqNum, c.UID, c.Flag, c.NotFlag, c.Not = nil, nil, nil, nil, nil
	return reflect.ValueOf(c).IsZero()
}

func meets(f folder, l picked, c *imap.SearchCriteria) bool {
	for _, set := range c.UID {
		if !names(set, f, l) {
			return false
		}
	}
	for _, set := range c.SeqNum {
		if !names(set, f, l) {
			return false
		}
	}
	return !slices.ContainsFunc(c.Flag, func(flag imap.Flag) bool { return !l.bears(flag) }) &&
		!slices.ContainsFunc(c.NotFlag, l.bears) &&
		!slices.ContainsFunc(c.Not, func(inner imap.SearchCriteria) bool { return meets(f, l, &inner) })
}

// Fetch writes what is asked of each letter. One that was dropped meanwhile is left out.
func (s *session) Fetch(w *imapserver.FetchWriter, set imap.NumSet, options *imap.FetchOptions) error {
	if options.Envelope {
		return errLacking
	}
	read := func() ([]picked, error) { return s.pick(func(f folder, l picked) bool { return names(set, f, l) }) }
	found, err := read()
	if err != nil {
		return err
	}
	seen := slices.ContainsFunc(options.BodySection, func(b *imap.FetchItemBodySection) bool { return !b.Peek })
	if seen && !s.readOnly {
		if err := s.mail.flag(s, uidsOf(found), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagSeen}}); err != nil {
			return err
		}
		if found, err = read(); err != nil {
			return err
		}
	}
	for _, l := range found {
		text, err := s.mail.text(l.entry, options)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read letter: %w", err)
		}
		if err := writeFetched(w.CreateMessage(l.number), l.entry, text, options); err != nil {
			return err
		}
	}
	return nil
}

// text is the letter's source, where it is asked for.
func (m *Mailbox) text(l entry, options *imap.FetchOptions) ([]byte, error) {
	if len(options.BodySection) == 0 && options.BodyStructure == nil {
		return nil, nil
	}
	return m.dir.ReadFile(fileName(l.File))
}

func writeFetched(w *imapserver.FetchResponseWriter, l entry, text []byte, options *imap.FetchOptions) error {
	w.WriteUID(l.UID)
	if options.Flags {
		w.WriteFlags(l.Flags)
	}
	if options.InternalDate {
		w.WriteInternalDate(l.At)
	}
	if options.RFC822Size {
		w.WriteRFC822Size(l.Size)
	}
	if options.BodyStructure != nil {
		w.WriteBodyStructure(imapserver.ExtractBodyStructure(bytes.NewReader(text)))
	}
	for _, section := range options.BodySection {
		part := imapserver.ExtractBodySection(bytes.NewReader(text), section)
		out := w.WriteBodySection(section, int64(len(part)))
		_, err := out.Write(part)
		if err = errors.Join(err, out.Close()); err != nil {
			return errors.Join(err, w.Close()) // or nobody could write to the connection again
		}
	}
	return w.Close()
}

// Store changes flags.
func (s *session) Store(w *imapserver.FetchWriter, set imap.NumSet, change *imap.StoreFlags, _ *imap.StoreOptions) error {
	if s.readOnly {
		return errReadOnly
	}
	found, err := s.pick(func(f folder, l picked) bool { return names(set, f, l) })
	if err != nil {
		return err
	}
	if err := s.mail.flag(s, uidsOf(found), change); err != nil || change.Silent {
		return err
	}
	return s.Fetch(w, imap.UIDSetNum(uidsOf(found)...), &imap.FetchOptions{Flags: true})
}

// Move puts letters into another folder. That they have left this one is told with the command's end.
func (s *session) Move(w *imapserver.MoveWriter, set imap.NumSet, to string) error {
	switch {
	case s.readOnly:
		return errReadOnly
	case proper(to) == s.folder:
		return errSame
	}
	found, err := s.pick(func(f folder, l picked) bool { return names(set, f, l) })
	if err != nil {
		return err
	}
	validity, before, after, err := s.mail.move(s, uidsOf(found), proper(to))
	if err != nil || len(after) == 0 {
		return err
	}
	return w.WriteCopyData(&imap.CopyData{UIDValidity: validity, SourceUIDs: imap.UIDSetNum(before...), DestUIDs: imap.UIDSetNum(after...)})
}

// Expunge drops what is marked as deleted. That too is told with the command's end.
func (s *session) Expunge(_ *imapserver.ExpungeWriter, uids *imap.UIDSet) error {
	if s.readOnly {
		return nil
	}
	return s.mail.expunge(s, uids)
}
