package library

import (
	"fmt"
	"maps"
	"slices"
)

// Account is what the library knows of who asks.
type Account string

// The kinds of account.
const (
	AccountUnknown Account = "unknown" // never registered
	AccountRemote  Account = "remote"  // registered from afar, without a card number
	AccountCard    Account = "card"
	AccountBanned  Account = "banned"
)

// Accounts are all kinds of account.
func Accounts() []Account {
	return []Account{AccountUnknown, AccountRemote, AccountCard, AccountBanned}
}

// Asking are those that conversations can tell apart, and for whom a library sets what they may ask for.
func Asking() []Account { return []Account{AccountUnknown, AccountRemote, AccountCard} }

// Request is a kind of request.
type Request string

// The kinds of request.
const (
	RequestQuestion     Request = "question"
	RequestFragment     Request = "fragment"
	RequestArticle      Request = "article"
	RequestDigitisation Request = "digitisation"
	RequestLoan         Request = "loan"
	RequestSubscription Request = "subscription" // resources to which the library subscribes
)

// Requests are all kinds of request.
func Requests() []Request {
	return []Request{RequestQuestion, RequestFragment, RequestArticle, RequestDigitisation, RequestLoan, RequestSubscription}
}

// Served are the kinds that conversations take.
func Served() []Request { return []Request{RequestQuestion, RequestFragment, RequestArticle} }

// Copied are the kinds of request for which a part of a work is copied.
func Copied() []Request { return []Request{RequestFragment, RequestArticle} }

// Policy says who may ask for what, and how much of a work is copied (F5, F11). The zero value is the usual one.
type Policy struct {
	Asks    map[Account][]Request `json:"asks,omitempty"`    // what each may ask for; an account that is not there has the usual
	Copying map[Request]Copying   `json:"copying,omitempty"` // a kind that is not there has the zero value
	Link    Linking               `json:"link,omitzero"`     // to a file that is too large to be sent
}

// May reports whether somebody with such an account may ask for this.
func (p Policy) May(account Account, kind Request) bool {
	allowed, own := p.Asks[account]
	if !own {
		allowed = usual(account)
	}
	return slices.Contains(allowed, kind)
}

// ExamplePolicy is the usual policy written out, with one article of an issue.
func ExamplePolicy() Policy {
	p := Policy{Asks: map[Account][]Request{}, Copying: map[Request]Copying{}}
	for _, account := range Accounts() {
		p.Asks[account] = usual(account)
	}
	for _, kind := range Copied() {
		p.Copying[kind] = Copying{Percent: usualPercent, OneArticle: kind == RequestArticle}
	}
	return p
}

// usual is what the source allows: fragments and articles to who is registered, orders, loans and subscriptions with a card only.
func usual(account Account) []Request {
	switch account {
	case AccountUnknown, AccountBanned:
		return []Request{RequestQuestion}
	case AccountRemote:
		return []Request{RequestQuestion, RequestFragment, RequestArticle}
	case AccountCard:
		return Requests()
	}
	return nil
}

// Limits are those of the kind of request.
func (p Policy) Limits(kind Request) Copying { return p.Copying[kind] }

// Check reports the first account, kind of request or limit that cannot be.
func (p Policy) Check() error {
	for _, account := range slices.Sorted(maps.Keys(p.Asks)) {
		if !slices.Contains(Accounts(), account) {
			return fmt.Errorf("policy: no account is %q", account)
		}
		for _, kind := range p.Asks[account] {
			if !slices.Contains(Requests(), kind) {
				return fmt.Errorf("policy of %s: no request is %q", account, kind)
			}
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(p.Copying)) {
		if !slices.Contains(Copied(), kind) && kind != RequestDigitisation {
			return fmt.Errorf("copying: nothing is copied for %q", kind)
		}
		if err := p.Copying[kind].check(); err != nil {
			return fmt.Errorf("copying for %s: %w", kind, err)
		}
	}
	return p.Link.check()
}
