package flows

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"librarian/templates"
)

// ReturnPages brings what a department was asked for in this conversation: files, that it was all, or why there is nothing.
type ReturnPages struct {
	Order  int64 // 0: the words name none; a slip among the pictures may, or the one that was shown before
	Named  bool  // the words name it; otherwise it is the only one
	Files  []string
	Text   string
	All    bool
	Reason string // not_found, lost, fragile, forbidden, or ReasonScan
}

// ReasonScan is the word of a department that has the book and wants others to scan it.
const ReasonScan = "scan"

// PagesReturned answers ReturnPages. It is not OK when the order needs nothing more, or is not theirs.
type PagesReturned struct {
	OK        bool
	Order     int64
	Pages     int // that are new
	All       bool
	Refused   bool
	Digitised bool      // others have it now
	Slip      bool      // nothing but the order's slip came
	More      []PagesOf // for other orders, whose slips were among the pictures
	Strange   bool      // a slip among them is nobody's here: what follows it was not taken
	Empty     bool      // it cannot be all: no page has come
	NoScan    bool      // nobody scans
	Which     bool      // nothing says for which order they are
	Astray    bool      // the last slip among them is of no order that wants pages here: nor are the pictures to come
}

// PagesOf is how many pages are new for an order.
type PagesOf struct {
	Order int64
	Pages int
	Slip  bool // nothing but its slip came
}

func (ReturnPages) ask()      {}
func (PagesReturned) answer() {}

// What the buttons below a slip say of the order whose number follows.
const (
	slipAll  = "slip-all:"
	slipNone = "slip-none:"
	slipWhy  = "slip-why:" // and :reason
)

// slipReasons are the reasons for which there is nothing to send, with their texts.
func slipReasons() []Choice {
	return []Choice{
		choice("not_found", "slip.not_found"), choice("lost", "slip.lost"), choice("fragile", "slip.fragile"), choice("forbidden", "slip.forbidden"),
	}
}

func isSlipReason(reason string) bool {
	return slices.ContainsFunc(slipReasons(), func(c Choice) bool { return c.ID == reason })
}

// slipNumber is how people name an order: by a number that bears a mark, by the code of its slip or the name of its file, or by a number alone. Any other
// number may be that of a page.
var slipNumber = regexp.MustCompile(
	`(?i)(?:№|#|\bno\.|заказ\pL*|замовлен\pL*|сакаас\pL*|\border)[\s№#]*(?:no\.\s*)?(\d{1,18})\b|\b(\d{1,18})-[A-Z2-7]{8}\b|\s(\d{1,18})\.pdf\s*$|^\s*(\d{1,18})\s*$`)

// returns takes what a department's responsible sends where they were asked for pages, and reports whether it was that. Everything else is theirs to say
// as anybody's.
func (s *Set) returns(r *Reader, in Input, out *Turn) bool {
	if len(r.Slips) == 0 {
		return false
	}
	if in.Choice != "" {
		return r.slipChoice(in.Choice, out)
	}
	if in.Unproven || !s.step(out.State).Idle { // anybody may have written it, or it answers something else
		return false
	}
	reason := s.words.Reason(in.Text)
	usable := len(in.Files) > 0 && out.refuse(in.Files)
	switch {
	case usable || reason != "":
	case len(in.Files) > 0: // it is said what is wrong with them
		out.offer(choice(choiceMenu, "common.menu"))
		return true
	default:
		return false
	}
	order, named := r.slipOf(in.Text)
	if answered, known := r.slipOf(in.Answers); !named && known {
		order, named = answered, true
	}
	if order == 0 && !usable {
		r.sayWhichSlip(out)
		return true
	}
	ask := ReturnPages{Order: order, Named: named, Text: in.Text}
	if usable {
		if !named && r.Now.Sub(time.Unix(out.astray, 0)) < astrayFor {
			ask.Order = 0
		}
		ask.Files = fileIDs(in.Files)
	} else {
		ask.Reason = reason
	}
	out.Ask = ask
	return true
}

func (r *Reader) sayWhichSlip(out *Turn) {
	var numbers []string
	for _, id := range r.Slips {
		numbers = append(numbers, strconv.FormatInt(id, 10))
	}
	out.say("slip.which", templates.Fields{"numbers": strings.Join(numbers, ", ")}, choice(choiceMenu, "common.menu"))
}

// slipOf is the order whose number the text names, or the only one; 0 where there are several.
func (r *Reader) slipOf(text string) (order int64, named bool) {
	for _, found := range slipNumber.FindAllStringSubmatch(text, -1) {
		if id, err := strconv.ParseInt(cmp.Or(found[1:]...), 10, 64); err == nil && slices.Contains(r.Slips, id) {
			return id, true
		}
	}
	if len(r.Slips) == 1 {
		return r.Slips[0], false
	}
	return 0, false
}

// OrderNumbers keeps of a message of ours that was answered the numbers that may be an order's, and nothing else: it may be the one with a secret in it.
func OrderNumbers(text string) string {
	var numbers []string
	for _, found := range slipNumber.FindAllStringSubmatch(text, -1) {
		numbers = append(numbers, "№ "+cmp.Or(found[1:]...))
	}
	return strings.Join(numbers, " ")
}

func (r *Reader) slipChoice(id string, out *Turn) bool {
	for _, prefix := range []string{slipAll, slipNone, slipWhy} {
		rest, ours := strings.CutPrefix(id, prefix)
		if !ours {
			continue
		}
		number, reason, _ := strings.Cut(rest, ":")
		order, err := strconv.ParseInt(number, 10, 64)
		switch {
		case err != nil:
			return false
		case prefix == slipAll:
			out.Ask = ReturnPages{Order: order, All: true}
		case prefix == slipNone, !isSlipReason(reason):
			out.say("slip.why", templates.Fields{"code": number})
			for _, c := range slipReasons() {
				c.ID = slipWhy + number + ":" + c.ID
				out.offer(c)
			}
		default:
			out.Ask = ReturnPages{Order: order, Reason: reason}
		}
		return true
	}
	return false
}

// astrayFor is how long the photo of a slip that is nobody's holds for what comes after it, as that of any other does.
const astrayFor = time.Hour

// returned says what came of it.
func (r *Reader) returned(a PagesReturned, out *Turn) {
	switch {
	case a.Astray:
		out.astray = r.Now.Unix()
	case a.OK && !a.Refused && !a.Digitised:
		out.astray = 0
	}
	number := strconv.FormatInt(a.Order, 10)
	fields := templates.Fields{"code": number, "count": a.Pages}
	switch {
	case a.Which:
		r.sayWhichSlip(out)
		return
	case a.Order == 0:
	case a.Empty:
		out.say("slip_answer.empty", fields, choice(slipNone+number, "slip.none"))
	case a.NoScan:
		out.say("slip_answer.no_scan", fields, choice(slipNone+number, "slip.none"))
	case !a.OK:
		out.say("slip.over", fields, choice(choiceMenu, "common.menu"))
	case a.Digitised:
		out.say("slip.digitised", fields, choice(choiceMenu, "common.menu"))
	case a.Refused:
		out.say("slip.refused", fields, choice(choiceMenu, "common.menu"))
	case a.All:
		out.say("slip.all_here", fields, choice(choiceMenu, "common.menu"))
	default:
		out.sayTaken(PagesOf{a.Order, a.Pages, a.Slip})
	}
	for _, more := range a.More {
		out.sayTaken(more)
	}
	if a.Strange {
		out.say("slip_photo.strange", nil, choice(choiceMenu, "common.menu"))
	}
}

// sayTaken says how many pages an order got; of a slip alone, that what follows is for its order.
func (t *Turn) sayTaken(of PagesOf) {
	number := strconv.FormatInt(of.Order, 10)
	key := "slip.taken"
	if of.Slip {
		key = "slip_photo.known"
	}
	t.say(key, templates.Fields{"code": number, "count": of.Pages}, choice(slipAll+number, "slip.all"), choice(slipNone+number, "slip.none"))
}
