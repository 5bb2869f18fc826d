package library

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestUsualPolicy(t *testing.T) {
	t.Parallel()
	for account, kinds := range map[Account]string{
		AccountUnknown: "question", AccountRemote: "question fragment article",
		AccountCard: "question fragment article digitisation loan subscription", AccountBanned: "question", "king": "",
	} {
		for _, kind := range Requests() {
			want := strings.Contains(" "+kinds+" ", " "+string(kind)+" ")
			if (Policy{}).May(account, kind) != want {
				t.Errorf("%s may ask for %s: %v", account, kind, !want)
			}
		}
	}
}

func TestExamplePolicyIsTheUsual(t *testing.T) {
	t.Parallel()
	example := ExamplePolicy()
	if err := example.Check(); err != nil {
		t.Fatal(err)
	}
	for _, account := range Accounts() {
		for _, kind := range Requests() {
			if example.May(account, kind) != (Policy{}).May(account, kind) {
				t.Errorf("%s, %s", account, kind)
			}
		}
	}
	if c := example.Limits(RequestArticle); !c.OneArticle || c.Share() != 30 || c.Final || c.CountDomain {
		t.Errorf("articles: %+v", c)
	}
}

func TestOwnPolicy(t *testing.T) {
	t.Parallel()
	var s Settings
	text := `{"policy": {"asks": {"remote": ["loan"], "banned": []}, "copying": {"article": {"one_article": true}}}}`
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	p := s.Policy
	if p.May(AccountRemote, RequestFragment) || !p.May(AccountRemote, RequestLoan) || p.May(AccountBanned, RequestQuestion) || !p.May(AccountUnknown, RequestQuestion) {
		t.Errorf("policy: %+v", p)
	}
	if !p.Limits(RequestArticle).OneArticle || p.Limits(RequestFragment) != (Copying{}) {
		t.Errorf("limits: %+v", p.Copying)
	}
	if out, err := json.Marshal(Settings{}); err != nil || strings.Contains(string(out), "policy") {
		t.Errorf("the usual policy is stored: %s %v", out, err)
	}
}

func TestPolicyCheck(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]Policy{
		"an account":       {Asks: map[Account][]Request{"king": nil}},
		"a request":        {Asks: map[Account][]Request{AccountCard: {"moon"}}},
		"copying of loans": {Copying: map[Request]Copying{RequestLoan: {}}},
		"too many percent": {Copying: map[Request]Copying{RequestFragment: {Percent: 101}}},
		"negative percent": {Copying: map[Request]Copying{RequestFragment: {Percent: -1}}},
		"negative pages":   {Copying: map[Request]Copying{RequestFragment: {Pages: -1}}},
	} {
		if p.Check() == nil {
			t.Errorf("%s passes", name)
		}
	}
}

func TestAllow(t *testing.T) {
	t.Parallel()
	usual, pages, final := Copying{}, Copying{Percent: 50, Pages: 20}, Copying{Final: true}
	upTo := func(n int) Verdict { return Verdict{UpTo, n} }
	allowed, permission, refused := Verdict{Outcome: Allowed}, Verdict{Outcome: NeedsPermission}, Verdict{Outcome: Refused}
	for _, c := range []struct {
		name               string
		limits             Copying
		total, used, asked int
		free               bool
		want               Verdict
	}{
		{"less than the share", usual, 100, 0, 10, false, allowed},
		{"the share exactly", usual, 100, 0, 30, false, allowed},
		{"one more", usual, 100, 0, 31, false, upTo(30)},
		{"with what was had before", usual, 100, 25, 10, false, upTo(5)},
		{"nothing is left", usual, 100, 30, 1, false, permission},
		{"more was had than is allowed", usual, 100, 90, 1, false, permission},
		{"nothing is left, and that is final", final, 100, 30, 1, false, refused},
		{"rounded down", usual, 99, 0, 30, false, upTo(29)},
		{"a leaflet", usual, 3, 0, 1, false, permission},
		{"in the public domain", usual, 100, 90, 100, true, allowed},
		{"in the public domain, which counts", Copying{CountDomain: true}, 100, 0, 100, true, upTo(30)},
		{"pages bound more than the share", pages, 100, 0, 30, false, upTo(20)},
		{"the share bounds more than pages", pages, 30, 0, 20, false, upTo(15)},
		{"the whole", Copying{Percent: 100}, 100, 40, 60, false, allowed},
		{"of a work of unknown length, few", usual, 0, 0, 40, false, allowed},
		{"many", usual, 0, 0, 41, false, permission},
		{"few and few again", usual, 0, 30, 11, false, permission},
		{"many, where nothing more is permitted: still nobody knows", final, 0, 0, 41, false, permission},
		{"bounded by pages", pages, 0, 5, 16, false, upTo(15)},
		{"pages are used up", pages, 0, 20, 1, false, permission},
		{"a chapter, nobody knows how long", usual, 100, 10, 0, false, upTo(20)},
		{"a chapter, and nothing left", usual, 100, 30, 0, false, permission},
		{"a chapter of a work of unknown length", usual, 0, 0, 0, false, permission},
		{"numbers that cannot be", usual, -5, -5, 3, false, allowed},
	} {
		if got := c.limits.Allow(c.total, c.used, c.asked, c.free); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

// However a book is asked for, piece by piece, no more of it is allowed than the share.
func TestAllowAddsUp(t *testing.T) {
	t.Parallel()
	for total := 1; total < 400; total += 7 {
		for step := 1; step < 50; step += 3 {
			used := 0
			for range 500 {
				switch v := (Copying{}).Allow(total, used, step, false); v.Outcome {
				case Allowed:
					used += step
				case UpTo:
					used += v.Pages
				}
			}
			if used != total*30/100 {
				t.Fatalf("%d of %d pages by %d at a time", used, total, step)
			}
		}
	}
}

func TestAllowArticle(t *testing.T) {
	t.Parallel()
	one, pages := Copying{OneArticle: true}, Copying{Pages: 20}
	allowed, permission := Verdict{Outcome: Allowed}, Verdict{Outcome: NeedsPermission}
	for _, c := range []struct {
		name                string
		limits              Copying
		used, before, asked int
		free                bool
		want                Verdict
	}{
		{"the first, longer than the share", one, 0, 0, 50, false, allowed},
		{"a second", one, 2, 1, 1, false, permission},
		{"a second in the public domain", one, 2, 1, 1, true, allowed},
		{"a second, where the public domain counts", Copying{OneArticle: true, CountDomain: true}, 2, 1, 1, true, permission},
		{"a third, and that is final", Copying{OneArticle: true, Final: true}, 2, 2, 1, false, Verdict{Outcome: Refused}},
		{"one more, where they are not counted", Copying{}, 90, 5, 50, false, allowed},
		{"after pages, within the share", one, 10, 0, 20, false, allowed},
		{"after pages, beyond the share", one, 10, 0, 21, false, Verdict{Outcome: UpTo, Pages: 20}},
		{"after all of the share", one, 30, 0, 1, false, permission},
		{"as long as pages bound it", pages, 5, 1, 15, false, allowed},
		{"longer than pages bound it", pages, 5, 1, 16, false, Verdict{Outcome: UpTo, Pages: 15}},
		{"pages are used up", pages, 20, 1, 1, false, permission},
	} {
		if got := c.limits.AllowArticle(100, c.used, c.before, c.asked, c.free); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}
