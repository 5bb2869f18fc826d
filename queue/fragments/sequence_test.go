package fragments

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"librarian/bots/files"
)

// shot is a picture that came: the delivery, the name, and the minute and zone of its camera; "a 7.jpg @12 +540". A name that ends in .pdf/2 is that page of
// a PDF, one that begins with slip the slip itself.
func shot(text string) Part {
	words := strings.Fields(text)
	p := Part{Delivery: words[0], Name: words[1], File: files.ID(words[1] + words[0]), Sum: []byte(text), Slip: strings.HasPrefix(words[1], "slip")}
	if name, sheet, found := strings.Cut(p.Name, "/"); found {
		p.Name, p.File = name, files.ID(name+words[0])
		if _, err := fmt.Sscan(sheet, &p.Sheet); err != nil {
			panic(err)
		}
	}
	for _, w := range words[2:] {
		var n int
		if _, err := fmt.Sscan(strings.TrimLeft(w, "@+"), &n); err != nil {
			panic(err)
		}
		if w[0] == '@' {
			at := time.Date(2026, 3, 2, 12, n, 0, 0, time.UTC)
			p.TakenAt = &at
			continue
		}
		p.TakenEast = &n
	}
	return p
}

// stand is how what came, in this order, stands.
func stand(came []string) string {
	parts := make([]Part, len(came))
	for i, text := range came {
		parts[i] = shot(text)
		parts[i].ID = int64(i + 1)
	}
	var out []string
	for _, p := range ordered(parts) {
		name := p.Name
		if p.Sheet > 0 {
			name += fmt.Sprint("/", p.Sheet)
		}
		out = append(out, name)
	}
	return strings.Join(out, " ")
}

// TestOrderOfPages: the number in the name, else the time, else the arrival (issue 4).
func TestOrderOfPages(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ came, want string }{
		"numbers in names":                 {"a 10.jpg, b 9.jpg, c 11.jpg", "9.jpg 10.jpg 11.jpg"},
		"numbers before times":             {"a p2.jpg @1, a p1.jpg @2", "p1.jpg p2.jpg"},
		"times over letters":               {"a x.jpg @9, b y.jpg @3, b z.jpg @5", "y.jpg z.jpg x.jpg"},
		"one without a time":               {"a x.jpg @9, a y.jpg @3, a z.jpg", "x.jpg y.jpg z.jpg"},
		"a letter without times":           {"a x.jpg @9, b y.jpg, c z.jpg @5", "z.jpg y.jpg x.jpg"},
		"each letter counts anew":          {"a image1.jpg, a image0.jpg, b image1.jpg, b image0.jpg", "image0.jpg image1.jpg image0.jpg image1.jpg"},
		"each counts anew, the times tell": {"a image1.jpg @1, a image0.jpg @7, b image1.jpg @8, b image0.jpg @2", "image1.jpg image0.jpg image0.jpg image1.jpg"},
		"names that a channel gave":        {"a file_9.jpg, a file_7.jpg", "file_9.jpg file_7.jpg"},
		"a channel's names and times":      {"a file-1.jpg @5, b file-1.jpg @2", "file-1.jpg file-1.jpg"},
		"zones":                            {"a x.jpg @40 +0, a y.jpg @50 +60", "y.jpg x.jpg"},
		"one zone is not told":             {"a x.jpg @40 +0, a y.jpg @50", "x.jpg y.jpg"},
		"a slip has no say in times":       {"a slip.jpg, a x.jpg @9, a y.jpg @3", "slip.jpg y.jpg x.jpg"},
		"nor a PDF":                        {"a x.jpg @9, a scan.pdf/1, a scan.pdf/2, a y.jpg @3", "y.jpg scan.pdf/1 scan.pdf/2 x.jpg"},
		"PDFs that count":                  {"a p2.pdf/1, a p2.pdf/2, b p1.pdf/1, b p1.pdf/2", "p1.pdf/1 p1.pdf/2 p2.pdf/1 p2.pdf/2"},
		"nothing tells":                    {"b y.jpg, a x.jpg", "y.jpg x.jpg"},
		"names here, times there":          {"a p2.jpg, b x.jpg @9, b y.jpg @3, c p1.jpg", "p1.jpg y.jpg x.jpg p2.jpg"},
	} {
		if got := stand(strings.Split(c.came, ", ")); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestShuffledLetters: pages that count, by name or by time, stand alike in whatever order their letters come, and within each.
func TestShuffledLetters(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 5))
		letters := make([][]string, 1+r.IntN(5))
		for n := range 2 + r.IntN(20) {
			i := r.IntN(len(letters))
			letters[i] = append(letters[i], counting(r, seed, i, n))
		}
		first := ""
		for range 6 {
			r.Shuffle(len(letters), func(i, j int) { letters[i], letters[j] = letters[j], letters[i] })
			for _, l := range letters {
				r.Shuffle(len(l), func(i, j int) { l[i], l[j] = l[j], l[i] })
			}
			got := stand(slices.Concat(letters...))
			if first == "" {
				first = got
			}
			if got != first {
				t.Fatalf("seed %d: %q\nstood before as %s\nand now as      %s", seed, letters, first, got)
			}
		}
	}
}

// counting is the nth page, in one letter of them: by the seed its name counts, or its time, or both, with scans and slips between them.
func counting(r *rand.Rand, seed uint64, letter, n int) string {
	switch seed % 4 {
	case 0:
		return fmt.Sprintf("%d page-%03d.jpg", letter, n)
	case 1:
		return fmt.Sprintf("%d image%d.jpg @%d", letter, r.IntN(4), n)
	case 2:
		return fmt.Sprintf("%d %s%d.jpg @%d +%d", letter, []string{"img-", "DSC", "slip"}[r.IntN(3)], n, r.IntN(30), 540)
	}
	return fmt.Sprintf("%d %d.jpg @%d", letter, n, r.IntN(30))
}

// dealt is what Deal makes of pictures named so: "s7" shows the slip of order 7, of which 8 is nobody's here; others are pages. A name is shown by its first
// two letters.
func dealt(t *testing.T, own ID, names string) string {
	t.Helper()
	code := func(order string) string { return slipPrefix + order + "-ABCDEFGH" }
	var all []Brought
	for i, name := range strings.Fields(names) {
		b := Brought{File: files.File{ID: files.ID(fmt.Sprint(i)), Kind: files.Image, Name: name}, Finding: files.Finding{Sheets: []files.Sheet{{Number: 1}}}}
		switch name[0] {
		case 's':
			b.Finding.Sheets[0].Code, b.File.Name = code(name[1:]), "s."+strings.Repeat("i", i) // which counts nothing
		case 'x':
			b.Finding.Problem = files.ProblemUnreadable
		case 'd':
			b.File.Kind, b.Finding.Pages = files.PDF, 4
			b.Finding.Sheets = []files.Sheet{{Number: 1, Code: code("7")}, {Number: 2}, {Number: 3, Code: code("9")}, {Number: 4}}
		}
		all = append(all, b)
	}
	lots, err := Deal(all, own, func(code string) (ID, error) {
		id, _, _ := readSlip(strings.TrimPrefix(code, slipPrefix))
		if id == 8 {
			id = 0
		}
		return id, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, l := range lots {
		text := fmt.Sprintf("%d:", l.Order)
		for _, b := range l.Brought {
			text += b.File.Name[:min(len(b.File.Name), 2)]
			if b.File.Kind == files.PDF {
				text += fmt.Sprint(b.Only)
			}
			text += ","
		}
		out = append(out, fmt.Sprintf("%s%d", text, l.Pages))
	}
	return strings.Join(out, " ")
}

// TestDeal: a slip begins its order's pages, up to the next slip.
func TestDeal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		own         ID
		names, want string
	}{
		{5, "p q", "5:p,q,2"},
		{5, "p s7 q s5 r", "5:p,s.,r,2 7:s.,q,1"},
		{0, "s7 p s9 q r", "7:s.,p,1 9:s.,q,r,2"},
		{0, "p s7 q", "0:p,1 7:s.,q,1"},
		{5, "p s8 q", "5:p,1 0:s.,q,1"},
		{5, "s5 x s5 p", "5:s.,s.,p,1"},
		{5, "p doc q", "5:p,1 7:do[1 2],1 9:do[3 4],q,2"},
		{5, "a3 a2 s7", "5:a2,a3,2 7:s.,0"},
		{5, "x", ""},
	} {
		if got := dealt(t, c.own, c.names); got != c.want {
			t.Errorf("%s for %d: %s", c.names, c.own, got)
		}
	}
}

func TestDealFails(t *testing.T) {
	t.Parallel()
	b := Brought{File: files.File{Kind: files.Image}, Finding: files.Finding{Sheets: []files.Sheet{{Code: slipPrefix + "7-ABCDEFGH"}}}}
	if _, err := Deal([]Brought{b}, 5, func(string) (ID, error) { return 0, errors.New("away") }); err == nil {
		t.Error("no error")
	}
}

func TestCodesOfSlips(t *testing.T) {
	t.Parallel()
	o := Order{ID: 57, Mark: "KQ7XMDHW"}
	if !IsSlip(o.SlipMark()) || SlipNamed("Код: "+strings.ToLower(o.SlipCode())+".") != o.SlipMark() {
		t.Errorf("%s is not understood", o.SlipMark())
	}
	for _, not := range []string{"", "57-KQ7XMDHW", "LR1.O.57-KQ7XMDH", "LR1.O.0-KQ7XMDHW", "LR1.O.57-KQ7XMDH1", "LR1.ABCDEFGHIJKLMNOPQRSTUVWXYZ.F1", "LR1.O.99999999999999999999-KQ7XMDHW"} {
		if IsSlip(not) {
			t.Errorf("%q is taken for a slip", not)
		}
	}
	for _, not := range []string{"", "7 pages", "57-KQ7XMDHWX", "978-5-KQ7XMDHW"} {
		if got := SlipNamed(not); got != "" {
			t.Errorf("%q names %s", not, got)
		}
	}
}
