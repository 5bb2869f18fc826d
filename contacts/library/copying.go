package library

import "errors"

// Copying are the limits of what is copied of one work. The zero value is the usual: 30 percent, works in the public domain
// free, the department may permit more.
type Copying struct {
	Percent     int  `json:"percent"`      // of the pages of a book; 0 means 30
	Pages       int  `json:"pages"`        // the most of one work; 0: no such bound
	OneArticle  bool `json:"one_article"`  // of one issue of a periodical
	CountDomain bool `json:"count_domain"` // works in the public domain have the limits too
	Final       bool `json:"final"`        // the department may permit no more
}

// The usual limits.
const (
	usualPercent = 30
	usualUnknown = 40 // pages of a work of which it is not known how many it has
)

// Share is the part of a book that may be copied, in percent.
func (c Copying) Share() int {
	if c.Percent == 0 {
		return usualPercent
	}
	return c.Percent
}

func (c Copying) check() error {
	switch {
	case c.Percent < 0 || c.Percent > 100:
		return errors.New("the percent is none of 0 to 100")
	case c.Pages < 0:
		return errors.New("less than no pages")
	}
	return nil
}

// Outcome is what becomes of a request for pages.
type Outcome string

// The outcomes.
const (
	Allowed         Outcome = "allowed"
	UpTo            Outcome = "up_to"      // fewer pages than were asked for
	NeedsPermission Outcome = "permission" // of the department
	Refused         Outcome = "refused"
)

// Verdict is an outcome with the number of pages that may be copied now, where there is one.
type Verdict struct {
	Outcome Outcome
	Pages   int // of UpTo
}

// Allow says what becomes of a request. Total are the pages of the work, 0 where nobody knows; used those that the reader has had or asked for before, under
// whatever kind of request; asked those of this one, 0 where that cannot be said, as of a chapter.
func (c Copying) Allow(total, used, asked int, publicDomain bool) Verdict {
	if publicDomain && !c.CountDomain {
		return Verdict{Outcome: Allowed}
	}
	most := usualUnknown
	switch {
	case total > 0 && c.Pages > 0:
		most = min(total*c.Share()/100, c.Pages)
	case total > 0:
		most = total * c.Share() / 100
	case c.Pages > 0:
		most = c.Pages
	}
	left := most - max(used, 0)
	switch {
	case asked > 0 && asked <= left:
		return Verdict{Outcome: Allowed}
	case total <= 0 && c.Pages == 0: // bounded by a guess alone: a person decides
		return Verdict{Outcome: NeedsPermission}
	case left > 0:
		return Verdict{Outcome: UpTo, Pages: left}
	}
	return c.beyond()
}

// AllowArticle says what becomes of a request for an article of an issue of a periodical, which may be longer than the share of the issue: total, used and
// asked as for Allow, before are the articles of it that the reader has had or asked for. Where one article is the rule, it is that one or the share, not
// both.
func (c Copying) AllowArticle(total, used, before, asked int, publicDomain bool) Verdict {
	switch left := c.Pages - max(used, 0); {
	case publicDomain && !c.CountDomain:
	case c.OneArticle && before > 0:
		return c.beyond()
	case c.OneArticle && used > 0:
		return c.Allow(total, used, asked, false)
	case c.Pages > 0 && left <= 0:
		return c.beyond()
	case c.Pages > 0 && asked > left:
		return Verdict{Outcome: UpTo, Pages: left}
	}
	return Verdict{Outcome: Allowed}
}

func (c Copying) beyond() Verdict {
	if c.Final {
		return Verdict{Outcome: Refused}
	}
	return Verdict{Outcome: NeedsPermission}
}
