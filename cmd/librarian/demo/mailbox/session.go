package mailbox

import (
	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

// delimiter parts the levels of folders' names.
const delimiter = '/'

var (
	errNoFolder = &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeTryCreate, Text: "No such folder"}
	errFolder   = &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeAlreadyExists, Text: "There is such a folder"}
	errSame     = &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeCannot, Text: "It is there already"}
	errReadOnly = &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeNoPerm, Text: "The folder was opened for reading"}
	errLacking  = &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeCannot, Text: "This mailbox does not do that"}
)

// Caps are what a session can do beside plain IMAP4rev1.
func Caps() imap.CapSet {
	return imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapNamespace: {}, imap.CapUIDPlus: {}, imap.CapMove: {}}
}

// session is one connection.
type session struct {
	lacks
	open  func(user, password string) (*Mailbox, bool)
	ended func()

	mail     *Mailbox // nil before the sign-in
	folder   string   // that is open; empty: none
	readOnly bool
	updates  *imapserver.SessionTracker // of the open folder
}

// NewSession serves one connection. Open gives the mailbox of who signs in; ended is called at the end.
func NewSession(open func(user, password string) (*Mailbox, bool), ended func()) imapserver.Session {
	return &session{open: open, ended: ended}
}

func (s *session) Login(user, password string) error {
	mail, ok := s.open(user, password)
	if !ok {
		return imapserver.ErrAuthFailed
	}
	s.mail = mail
	return nil
}

func (s *session) Close() error {
	if s.updates != nil { // it stays set: an Idle whose connection broke may still look at it
		s.updates.Close()
	}
	s.ended()
	return nil
}

func (s *session) Select(name string, options *imap.SelectOptions) (*imap.SelectData, error) {
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	at := s.mail.index.folder(name)
	if at < 0 {
		return nil, errNoFolder
	}
	f := s.mail.index.Folders[at]
	s.folder, s.readOnly, s.updates = f.Name, options.ReadOnly, s.mail.watchers[f.Name].NewSession()
	flags := []imap.Flag{imap.FlagSeen, imap.FlagAnswered, imap.FlagFlagged, imap.FlagDeleted, imap.FlagDraft}
	data := &imap.SelectData{Flags: flags, NumMessages: uint32(len(f.Letters)), UIDNext: f.Next, UIDValidity: f.Validity}
	if !s.readOnly {
		data.PermanentFlags = append(flags[:len(flags):len(flags)], imap.FlagWildcard)
	}
	return data, nil
}

func (s *session) Unselect() error {
	s.updates.Close()
	s.folder, s.updates = "", nil
	return nil
}

func (s *session) Create(name string, _ *imap.CreateOptions) error {
	return s.mail.create(proper(name))
}

func (s *session) Namespace() (*imap.NamespaceData, error) {
	return &imap.NamespaceData{Personal: []imap.NamespaceDescriptor{{Delim: delimiter}}}, nil
}

func (s *session) List(w *imapserver.ListWriter, ref string, patterns []string, _ *imap.ListOptions) error {
	if len(patterns) == 0 { // only the delimiter is asked for
		return w.WriteList(&imap.ListData{Attrs: []imap.MailboxAttr{imap.MailboxAttrNoSelect}, Delim: delimiter})
	}
	s.mail.mu.Lock()
	folders := s.mail.index.Folders // which change makes anew
	s.mail.mu.Unlock()
	for _, f := range folders {
		for _, pattern := range patterns {
			if !imapserver.MatchList(f.Name, delimiter, ref, proper(pattern)) {
				continue
			}
			if err := w.WriteList(&imap.ListData{Mailbox: f.Name, Delim: delimiter}); err != nil {
				return err
			}
			break
		}
	}
	return nil
}

func (s *session) Status(name string, _ *imap.StatusOptions) (*imap.StatusData, error) {
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	at := s.mail.index.folder(name)
	if at < 0 {
		return nil, errNoFolder
	}
	f := s.mail.index.Folders[at]
	var all, unseen, deleted, recent uint32
	var size int64
	for _, l := range f.Letters {
		all, size = all+1, size+l.Size
		if !l.bears(imap.FlagSeen) {
			unseen++
		}
		if l.bears(imap.FlagDeleted) {
			deleted++
		}
	}
	return &imap.StatusData{
		Mailbox: f.Name, NumMessages: &all, NumRecent: &recent, UIDNext: f.Next, UIDValidity: f.Validity, NumUnseen: &unseen, NumDeleted: &deleted, Size: &size,
	}, nil
}

func (s *session) Poll(w *imapserver.UpdateWriter, allowExpunge bool) error {
	if s.updates == nil {
		return nil
	}
	return s.updates.Poll(w, allowExpunge)
}

// Idle writes what has come since the last command, and then what comes. The tracker's own Idle would keep the former back.
func (s *session) Idle(w *imapserver.UpdateWriter, stop <-chan struct{}) error {
	for {
		changed := s.mail.next()
		if err := s.Poll(w, true); err != nil {
			return err
		}
		select {
		case <-changed:
		case <-stop:
			return nil
		}
	}
}

// lacks are the commands that the mailbox does not know.
type lacks struct{}

func (lacks) Delete(string) error                              { return errLacking }
func (lacks) Rename(string, string, *imap.RenameOptions) error { return errLacking }
func (lacks) Subscribe(string) error                           { return nil } // all folders are shown to all
func (lacks) Unsubscribe(string) error                         { return errLacking }
func (lacks) Append(string, imap.LiteralReader, *imap.AppendOptions) (*imap.AppendData, error) {
	return nil, errLacking
}
func (lacks) Copy(imap.NumSet, string) (*imap.CopyData, error) { return nil, errLacking }
