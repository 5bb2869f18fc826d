// Package library describes one tenant: who it is, when it works, what it asks of its readers.
//
// It holds plain types only, so that conversations can read them without being able to reach a database.
package library

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// ID names one library. Every row that belongs to a library carries it, and every function that touches such a row takes it.
type ID int64

// Lang is a language of the chat, as its ISO 639 code.
type Lang string

// The languages in which everything said to a reader exists.
const (
	Russian   Lang = "ru"
	Sakha     Lang = "sah"
	Ukrainian Lang = "uk"
	English   Lang = "en"
)

// Langs are all languages, in the order in which they are offered.
func Langs() []Lang { return []Lang{Russian, Sakha, Ukrainian, English} }

// Known reports whether texts exist in the language.
func (l Lang) Known() bool {
	switch l {
	case Russian, Sakha, Ukrainian, English:
		return true
	}
	return false
}

// Library is one tenant as the rest of the program sees it.
type Library struct {
	ID       ID
	Slug     string // in addresses: lower-case Latin letters, digits and hyphens
	Zone     *time.Location
	Settings Settings
	Version  int // of Settings; grows with each change, so that a stored turn can name what it was decided by
}

// Settings are the library's own rules and words. They are stored as one JSON document; the zero value works.
type Settings struct {
	Name         map[Lang]string    `json:"name"`            // at least in RecordLang
	Record       Lang               `json:"record_lang"`     // in which forms and cards are written, whatever the chat's language
	Languages    []Lang             `json:"languages"`       // offered to readers; empty means all
	Phone        string             `json:"phone"`           // shown where a reader needs a person
	Address      string             `json:"address"`         // postal, in one line as on an envelope; empty: readers send nothing by post
	Email        string             `json:"email"`           // the address shown to readers
	Site         string             `json:"site"`            // the library's own site
	Hours        Hours              `json:"hours"`           // when somebody answers
	Registration Registration       `json:"registration"`    //
	Promise      map[string]Promise `json:"promise"`         // by kind of task: the working time within which it is done
	Policy       Policy             `json:"policy,omitzero"` // who may ask for what, and how much is copied
	Retention    Retention          `json:"retention"`       //
	FrameHosts   []string           `json:"frame_hosts"`     // origins that may embed the web chat, such as https://library.example
	Region       string             `json:"region"`          // two-letter country by which local phone numbers are read
	PurgeDrafts  int                `json:"purge_drafts_d"`  // days after which an abandoned registration is forgotten; 0 means 90
}

// Promise is the working time within which a kind of task is to be done.
type Promise struct {
	Minutes int `json:"minutes"` // of working time
}

// Promised are the kinds of work for which a library sets working time at the desk.
func Promised() []string {
	return []string{"question", "registration", "card", "fragment", "article", "query"}
}

// Work is the working time within which the library promises to do a kind of work.
func (s Settings) Work(kind string) time.Duration {
	if p := s.Promise[kind]; p.Minutes > 0 {
		return time.Duration(p.Minutes) * time.Minute
	}
	switch kind {
	case "card":
		return 8 * time.Hour
	case "fragment", "article":
		return 16 * time.Hour
	case "query":
		return 24 * time.Hour
	}
	return 4 * time.Hour
}

// Retention says how long papers are kept.
type Retention struct {
	PapersDays   int `json:"papers_days"`   // registration papers; 0 means three years (1096)
	IdentityDays int `json:"identity_days"` // scans of identity papers; 0 means 90
	OrdersDays   int `json:"orders_days"`   // pages that readers ordered, after they were sent; 0 means 90
}

// Check reports the faults of the settings that a form or a file could bring in.
func (s Settings) Check() error {
	for _, kind := range slices.Sorted(maps.Keys(s.Promise)) {
		if s.Promise[kind].Minutes < 0 {
			return fmt.Errorf("promise of %s: less than no minutes", kind)
		}
	}
	return errors.Join(s.Hours.Check(), s.Registration.Check(), s.Policy.Check())
}

// Title is the library's name in the language, or in its record language, or its slug.
func (l Library) Title(lang Lang) string {
	for _, k := range []Lang{lang, l.Settings.Record, Russian, English} {
		if s := l.Settings.Name[k]; s != "" {
			return s
		}
	}
	return l.Slug
}

// Offered are the languages the library offers its readers, never empty.
func (l Library) Offered() []Lang {
	var out []Lang
	for _, k := range l.Settings.Languages {
		if k.Known() {
			out = append(out, k)
		}
	}
	if len(out) == 0 {
		return Langs()
	}
	return out
}

// RecordLang is the language in which the library keeps its records.
func (l Library) RecordLang() Lang {
	if l.Settings.Record.Known() {
		return l.Settings.Record
	}
	return Russian
}

// Today is the library's own date at the moment.
func (l Library) Today(now time.Time) Date { return DateOf(now.In(l.Zone)) }

// Date is a calendar day without a zone.
type Date struct {
	Year  int        `json:"y"`
	Month time.Month `json:"m"`
	Day   int        `json:"d"`
}

// DateOf is the day of the moment in the moment's own zone.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// Valid reports whether the day exists: the 31st of February does not.
func (d Date) Valid() bool {
	return d.Year >= 1 && d.Year <= 9999 && DateOf(d.Time(time.UTC)) == d
}

// Time is midnight at the start of the day.
func (d Date) Time(zone *time.Location) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, zone)
}

// Before reports whether d is earlier than other.
func (d Date) Before(other Date) bool { return d.Time(time.UTC).Before(other.Time(time.UTC)) }

func (d Date) next() Date { return DateOf(time.Date(d.Year, d.Month, d.Day+1, 0, 0, 0, 0, time.UTC)) }

// String is the day as YYYY-MM-DD.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day) }

// Age is the number of full years from birth to the day. Who is born on the 29th of February is a year older on the 1st of March.
func Age(birth, day Date) int {
	years := day.Year - birth.Year
	if day.Month < birth.Month || day.Month == birth.Month && day.Day < birth.Day {
		years--
	}
	return years
}

// ParseDate reads what String wrote.
func ParseDate(s string) (Date, bool) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, false
	}
	return DateOf(t), true
}
