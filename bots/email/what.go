package email

import (
	"regexp"
	"strings"
)

// Bounce is what a mail server says of a letter that it did not deliver, or not yet.
type Bounce struct {
	MessageID  string // of the letter; empty where the server does not say
	Recipients []Undelivered
}

// Undelivered is one address that a letter did not reach.
type Undelivered struct {
	Address   string // in the form of ParseAddress; empty where the server does not say
	Status    string // RFC 3463, such as 5.1.1; empty where the server does not say
	Failed    bool   // given up; otherwise it is still tried
	Permanent bool   // no letter will ever reach it
}

var (
	robotSubject = regexp.MustCompile(`(?i)^\W*(auto(matic)?[\s:-]*(reply|response|ответ)|out of (the )?office|autoreply|автоответ|автоматический ответ|автоматическое уведомление|` +
		`автовідповідь|автоматична відповідь|я в отпуске|нахожусь в отпуске|vacation reply|абсентно|abwesend)`)
	bounceSubject = regexp.MustCompile(`(?i)(undeliver(ed|able)|delivery (status notification|failure|has failed)|mail delivery (failed|system)|returned mail|failure notice|` +
		`не удалось доставить|недоставленное|недоставлено|невозможно доставить|не доставлено|не вдалося доставити)`)
	statusCode = regexp.MustCompile(`\b([245])\.\d{1,3}\.\d{1,3}\b`)
	replyCode  = regexp.MustCompile(`\b([45])\d\d[ -]`)
)

// what tells what the letter is, by its headers and parts.
func (w *walker) what(own, from string) What {
	h := w.header
	word := func(name string) string {
		word, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(h.get(name))), ";")
		return strings.TrimSpace(word)
	}
	precedence := word("Precedence")
	subject := decodeHeader(h.get("Subject"))
	switch {
	case len(w.status) > 0 || h.has("X-Failed-Recipients") || fromMailSystem(h, from) && bounceSubject.MatchString(subject):
		return Bounced
	case from != "" && strings.EqualFold(from, own):
		return Ours
	case w.receipt, word("Auto-Submitted") != "" && word("Auto-Submitted") != "no", h.has("X-Autoreply") && word("X-Autoreply") != "no", h.has("X-Autorespond"),
		h.has("X-Autoresponder"), h.has("X-Auto-Reply-From"), precedence == "auto_reply", robotSubject.MatchString(subject),
		h.has("Return-Path") && strings.TrimSpace(h.get("Return-Path")) == "<>", fromMailSystem(h, from):
		return Automatic
	case h.has("List-Id"), h.has("List-Unsubscribe"), h.has("List-Post"), precedence == "bulk", precedence == "list", precedence == "junk", h.has("Feedback-Id"):
		return List
	}
	return Personal
}

// fromMailSystem reports that a mail server itself writes.
func fromMailSystem(h header, from string) bool {
	local, _, _ := strings.Cut(strings.ToLower(from), "@")
	if local == "mailer-daemon" || local == "postmaster" {
		return true
	}
	return from == "" && strings.Contains(strings.ToLower(h.get("From")), "mailer-daemon")
}

// bounce reads which letter did not arrive, and why.
func (w *walker) bounce() Bounce {
	var b Bounce
	for _, h := range w.returned {
		if b.MessageID = firstOf(messageIDs(h.get("Message-Id"))); b.MessageID != "" {
			break
		}
	}
	for _, status := range w.status {
		b.Recipients = append(b.Recipients, readStatus(status)...)
	}
	words := w.words()
	switch {
	case len(w.status) == 0:
		b.Recipients = w.told(words)
	case len(b.Recipients) == 1: // Exim writes the reason for people alone
		b.Recipients[0].learn(words)
	}
	if b.MessageID == "" {
		b.MessageID = firstOf(idsIn(words))
	}
	return b
}

// readStatus reads a delivery status (RFC 3464): a section for the letter, then one for each recipient.
func readStatus(raw []byte) []Undelivered {
	var out []Undelivered
	for len(raw) > 0 && len(out) < maxMailTos {
		h, rest := readHeader(raw)
		if len(rest) == len(raw) { // no header stands here
			_, rest = cutLine(raw)
		}
		raw = rest
		address := h.get("Original-Recipient")
		if final := h.get("Final-Recipient"); final != "" {
			address = final
		}
		if address == "" {
			continue
		}
		if _, after, ok := strings.Cut(address, ";"); ok {
			address = after
		}
		action := strings.ToLower(strings.TrimSpace(h.get("Action")))
		if action != "failed" && action != "delayed" {
			continue // it was delivered or handed on
		}
		u := Undelivered{Status: statusCode.FindString(h.get("Status")), Failed: action == "failed"}
		u.Address, _ = mailbox(address)
		u.learn(h.get("Diagnostic-Code"))
		out = append(out, u)
	}
	return out
}

// learn takes the status out of a server's words where it has not said more than that it failed, and draws the conclusion.
func (u *Undelivered) learn(words string) {
	if told := statusCode.FindString(words); told != "" && (u.Status == "" || strings.HasSuffix(u.Status, ".0.0")) {
		u.Status = told
	}
	u.Permanent = u.Failed && !strings.HasPrefix(u.Status, "4") && !passing(u.Status)
}

// passing knows permanent codes that speak of the letter or of the box's state and not of the address: full, too large, taken for spam.
func passing(status string) bool {
	return status == "5.2.2" || status == "5.3.4" || status == "5.2.3" || strings.HasPrefix(status, "5.7.")
}

// told reads a notice that has no delivery status, as some servers write to this day.
func (w *walker) told(words string) []Undelivered {
	failed := addresses(w.header.all("X-Failed-Recipients"))
	if len(failed) == 0 {
		failed = []string{""}
	}
	status := statusCode.FindString(words)
	permanent := strings.HasPrefix(status, "5")
	if m := replyCode.FindStringSubmatch(words); status == "" && m != nil {
		permanent = m[1] == "5"
	}
	out := make([]Undelivered, len(failed))
	for i, address := range failed {
		out[i] = Undelivered{Address: address, Status: status, Failed: true, Permanent: permanent && !passing(status)}
	}
	return out
}

var idLine = regexp.MustCompile(`(?im)^[>\s]*Message-Id:\s*(<[^<>\s]+>)`)

func idsIn(words string) []string {
	m := idLine.FindStringSubmatch(words)
	if m == nil {
		return nil
	}
	return messageIDs(m[1])
}
