package email

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	replyMark   = regexp.MustCompile(`(?i)^(re|aw|sv|отв|ответ|нa|на|ha|відп|відповідь|вх|хоруй)(\[\d+\]|\(\d+\))?\s*[:：]\s*`)
	forwardMark = regexp.MustCompile(`(?i)^(fwd?|wg|пересл|переслано|переадр|пер)(\[\d+\]|\(\d+\))?\s*[:：]\s*`)
)

// bareSubject takes the marks away that programs put before the subject, and reports whether one of them says that it answers.
func bareSubject(subject string) (bare string, answers bool) {
	bare = strings.TrimSpace(subject)
	for {
		if mark := replyMark.FindString(bare); mark != "" {
			bare, answers = bare[len(mark):], true
			continue
		}
		mark := forwardMark.FindString(bare)
		if mark == "" {
			return bare, answers
		}
		bare = bare[len(mark):]
	}
}

// forwarded reports that the letter hands on another one: what looks like a quote is then what it says.
func forwarded(subject string) bool {
	return forwardMark.MatchString(strings.TrimSpace(subject))
}

var (
	quoted = regexp.MustCompile(`^\s*(>|[\p{Lu}]{1,3}>+\s|\|\s)`)
	moment = regexp.MustCompile(`\d{4}|\d{1,2}[.:/]\d{2}`)
	// An attribution is what programs write above a quote: who wrote when. The last word is a verb, or it is an address.
	verb = regexp.MustCompile(`(?i)(^|[\s,>")])(wrote|writes|пишет|пишете|пише|писал|писала|писали|писал\(а\)|написал|написала|написал\(а\)|` +
		`писав|написав|написав\(-ла\)|написав\(ла\)|пишуть|суруйар|суруйбут|суруйда|суруйбуттара|schrieb)\s*:$`)
	youWrote  = regexp.MustCompile(`(?i)^(вы писали|ви писали|you wrote|эн суруйбуккун|эһиги суруйбуккут)\s.*:$`)
	byAddress = regexp.MustCompile(`[<(\[]\s*(mailto:)?[^<>()\[\]\s]+@[^<>()\[\]\s]+\s*[>)\]]\s*:$`)
	divider   = regexp.MustCompile(`(?i)^[-—_=*\s]{2,}(original message|original appointment|исходное сообщение|исходное письмо|первоначальное сообщение|оригинальное сообщение|` +
		`вихідне повідомлення|оригінальне повідомлення|початкове повідомлення)[-—_=*\s]{2,}$`)
	handedOn = regexp.MustCompile(`(?i)^([-—_=*\s]*(forwarded message|begin forwarded message|пересылаемое сообщение|пересланное сообщение|переадресованное сообщение|` +
		`перенаправленное сообщение|перенаправленное письмо|начало переадресованного сообщения|начало пересылаемого сообщения|конец переадресованного сообщения|` +
		`переслане повідомлення|переадресоване повідомлення|початок переадресованого повідомлення)[-—_=*:\s]*)$`)
	rule      = regexp.MustCompile(`^\s*[-_=—]{5,}\s*$`)
	headField = regexp.MustCompile(`(?i)^\s*\*?(from|to|cc|sent|date|subject|reply-to|от|от кого|кому|копия|дата|отправлено|тема|від|від кого|копія|надіслано|` +
		`кимтэн|кимиэхэ)\s*:\*?\s*\S`)
	signed = regexp.MustCompile(`^(--|—|–)\s*$`)
	mobile = regexp.MustCompile(`(?i)^\W{0,3}(sent from (my|mail|yahoo|outlook|proton|yandex|samsung)|get outlook for|отправлено с|отправлено из|отправлено через|скачать outlook|` +
		`загрузить outlook|надіслано з|надіслано через|відправлено з|отримати outlook|завантажити outlook|from my iphone)(\s.{0,80})?$`)
	closing = regexp.MustCompile(`(?i)^\W{0,3}(с (глубоким |искренним )?уважением|с наилучшими пожеланиями|с благодарностью|всего доброго|всего наилучшего|` +
		`з повагою|з найкращими побажаннями|усього найкращого|ытыктабылы кытта|ытыктабылынан|(best|kind|warm|with best|with kind) regards|regards|` +
		`sincerely|sincerely yours|yours (sincerely|faithfully|truly)|best wishes)\s*([,.!—–-].{0,60})?$`)
)

const (
	maxClosing = 8 // lines below "with respect"; more is no signature
	maxRows    = 5000
)

// newWordsOf cuts off what the sender did not write this time: quotes with the lines above them, and signatures. What a letter hands on stays.
func newWordsOf(text string, forwarded bool) string {
	rows := strings.Split(text, "\n")
	if len(rows) > maxRows {
		rows = rows[:maxRows]
	}
	for i := range rows {
		rows[i] = strings.TrimRightFunc(rows[i], unicode.IsSpace)
	}
	if forwarded {
		return tidy(rows)
	}
	var kept []string
	for i := 0; i < len(rows); i++ {
		row := strings.TrimSpace(rows[i])
		if handedOn.MatchString(row) {
			return tidy(append(cutClosing(kept), rows[i:]...))
		}
		if signed.MatchString(row) || mobile.MatchString(row) || divider.MatchString(row) || headBlock(rows, i) {
			break
		}
		if quoted.MatchString(rows[i]) {
			continue
		}
		if n := attribution(rows, i); n > 0 {
			if !quoteFollows(rows, i+n) {
				break
			}
			i += n - 1
			continue
		}
		kept = append(kept, rows[i])
	}
	return tidy(cutClosing(kept))
}

// attribution gives the number of lines, from this one on, that say who wrote what follows; 0 when they do not.
func attribution(rows []string, at int) int {
	if !moment.MatchString(rows[at]) && !strings.Contains(rows[at], "@") {
		return 0
	}
	all := ""
	for n := 0; n < 3 && at+n < len(rows); n++ {
		row := strings.TrimSpace(rows[at+n])
		if row == "" || utf8.RuneCountInString(all)+utf8.RuneCountInString(row) > 400 {
			return 0
		}
		all = strings.TrimSpace(all + " " + row)
		if strings.HasSuffix(all, ":") && moment.MatchString(all) && (verb.MatchString(all) || byAddress.MatchString(all) || youWrote.MatchString(all)) {
			return n + 1
		}
	}
	return 0
}

func quoteFollows(rows []string, at int) bool {
	for ; at < len(rows); at++ {
		if strings.TrimSpace(rows[at]) != "" {
			return quoted.MatchString(rows[at])
		}
	}
	return false
}

// headBlock reports that the headers of a quoted letter begin here, as Outlook writes them.
func headBlock(rows []string, at int) bool {
	need := 3
	if rule.MatchString(rows[at]) {
		at, need = at+1, 2
	}
	found := 0
	for ; at < len(rows) && found < need; at++ {
		if strings.TrimSpace(rows[at]) == "" && found == 0 && need == 2 {
			continue
		}
		if !headField.MatchString(rows[at]) {
			return false
		}
		found++
	}
	return found >= need
}

// cutClosing takes a signature away that has no mark but its courtesy.
func cutClosing(rows []string) []string {
	for i := len(rows) - 1; i > 0; i-- {
		if !closing.MatchString(strings.TrimSpace(rows[i])) {
			continue
		}
		below := 0
		for _, row := range rows[i+1:] {
			if strings.TrimSpace(row) != "" {
				below++
			}
			if below > maxClosing {
				return rows // whatever stands above is further from the end
			}
		}
		if strings.TrimSpace(strings.Join(rows[:i], "")) != "" {
			return rows[:i]
		}
	}
	return rows
}

// tidy takes empty lines away where there are several, and at both ends.
func tidy(rows []string) string {
	var out []string
	for _, row := range rows {
		row = strings.TrimRightFunc(row, unicode.IsSpace)
		if row == "" && (len(out) == 0 || out[len(out)-1] == "") {
			continue
		}
		out = append(out, row)
	}
	return strings.TrimSpace(strings.Join(out, "\n"))
}
