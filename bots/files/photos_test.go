package files

import (
	"bytes"
	"fmt"
	"image/color"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"librarian/cmd/schema/pgtest"
)

const sampleCode = "LR1.ABCDEFGHIJKLMNOPQRSTUVWXYZ.F1"

// photos are as readers take them; each kind varies one thing, the last everything.
func photos() []photo {
	r := rand.New(rand.NewPCG(3, 14))
	between := func(a, b float64) float64 { return a + (b-a)*r.Float64() }
	sign := func(v float64) float64 { return v * float64(1-2*r.IntN(2)) }
	sizes := [][2]int{{3000, 4000}, {1536, 2048}, {1200, 1600}, {960, 1280}}
	var all []photo
	add := func(kind string, n int, vary func(i int, p *photo)) {
		for i := range n {
			size := sizes[1+i%3]
			p := photo{kind: kind, width: size[0], height: size[1], table: woodTable}
			vary(i, &p)
			p.pen = []pen{bluePen, unsigned, blackPen, thinPen, unsigned, pencil}[len(all)%6]
			if out := p.outside(); out > 0.04 && out < 0.15 {
				continue // neither answer is wrong
			} else if out >= 0.15 {
				p.bad = true
			}
			all = append(all, p)
		}
	}
	add("turned", 40, func(i int, p *photo) {
		p.quarter, p.exif = i%4, i/4%2 == 0
		p.width, p.height = sizes[i/8%4][0], sizes[i/8%4][1]
	})
	add("askew", 40, func(i int, p *photo) { p.roll, p.quarter = sign(2+13*float64(i)/39), i%4 })
	add("from aslant", 44, func(i int, p *photo) {
		p.pitch, p.yaw, p.roll = sign(between(2, 20)), sign(between(0, 15)), sign(between(0, 5))
	})
	add("dim", 24, func(i int, p *photo) { p.light, p.noise = between(0.25, 0.6), between(2, 6) })
	add("in the dark", 8, func(i int, p *photo) { p.light, p.noise, p.bad = between(0.01, 0.03), 3, true })
	add("uneven light", 32, func(i int, p *photo) { p.uneven, p.shadow = between(0.2, 0.7), float64(i%2)*between(0.3, 0.6) })
	add("soft", 24, func(i int, p *photo) { p.blur = between(0.1, 0.33) })
	add("blurred", 16, func(i int, p *photo) { p.blur, p.bad = between(1.5, 3), true })
	add("noisy", 20, func(i int, p *photo) { p.noise, p.light = between(5, 18), 0.7 })
	add("worn", 24, func(i int, p *photo) { p.quality, p.roll = 20+i*2, sign(between(0, 3)) })
	add("shrunk", 24, func(i int, p *photo) { p.width, p.height = 800+5*i, 1066+7*i })
	add("tiny", 8, func(i int, p *photo) { p.width, p.height, p.bad = 300+10*i, 400+13*i, true })
	add("cropped", 40, func(i int, p *photo) {
		p.dx, p.dy, p.fill = []float64{0, 0, sign(between(0, 0.3))}[i%3], between(-0.45, 0.02), between(0.95, 1)
	})
	add("on a table", 24, func(i int, p *photo) {
		p.table, p.fill, p.roll = []color.RGBA{darkTable, whiteTable, woodTable}[i%3], between(0.6, 0.9), sign(between(0, 10))
		p.dx, p.dy = sign(between(0, 0.05)), sign(between(0, 0.05))
	})
	add("everything", 40, func(i int, p *photo) {
		p.quarter, p.exif, p.roll, p.pitch, p.yaw = i%4, i%3 == 0, sign(between(0, 10)), sign(between(0, 10)), sign(between(0, 8))
		p.light, p.noise, p.uneven, p.quality = between(0.4, 1), between(0, 6), between(0, 0.4), 40+i
		p.blur = between(0, 0.2)
		p.table, p.fill = []color.RGBA{darkTable, whiteTable, woodTable}[i/2%3], between(0.8, 0.95)
	})
	return all
}

// tally is what became of the photos of one kind.
type tally struct {
	good, read, refused int // of usable ones
	bad, passed         int // of useless ones: passed is read, and nothing told
	unsigned, found     int
	signed, slandered   int
}

func (a tally) plus(b tally) tally {
	return tally{
		a.good + b.good, a.read + b.read, a.refused + b.refused, a.bad + b.bad, a.passed + b.passed,
		a.unsigned + b.unsigned, a.found + b.found, a.signed + b.signed, a.slandered + b.slandered,
	}
}

func (a tally) String() string {
	return fmt.Sprintf("usable %d: code read of %d, refused %d; useless %d: let through %d; unsigned %d: found %d; signed %d: said to be unsigned %d",
		a.good, a.read, a.refused, a.bad, a.passed, a.unsigned, a.found, a.signed, a.slandered)
}

func (a *tally) count(p photo, s Sheet) {
	read := s.Code == sampleCode
	if p.bad {
		a.bad++
		if read && s.Problem == NoProblem {
			a.passed++
		}
		return
	}
	a.good++
	if !read || s.Problem != NoProblem {
		a.refused++
	}
	if !read {
		return
	}
	a.read++
	if p.pen == unsigned {
		a.unsigned++
		if s.Unsigned {
			a.found++
		}
		return
	}
	a.signed++
	if s.Unsigned {
		a.slandered++
	}
}

// TestPhotos takes two dozen of the photos, all over the list, and eight under the race detector; LIBRARIAN_ROUNDS=1000 takes all.
func TestPhotos(t *testing.T) {
	t.Parallel()
	all := photos()
	if len(all) < 300 {
		t.Fatalf("%d photos", len(all))
	}
	n := min(max(24, pgtest.Rounds(t, 24)), len(all))
	if raced {
		n = 8
	}
	kinds, order := map[string]tally{}, []string{}
	var longest time.Duration
	memory, spent := 0, time.Duration(0)
	dimmest, softest, widest := 255.0, 1e9, 0.0
	for i := range n {
		at := i * len(all) / n
		p := all[at]
		data := p.take(t, form(t, sampleCode, p.pen, uint64(at)), uint64(at))
		pic, took, peak := lookedAt(t, data)
		longest, spent, memory = max(longest, took), spent+took, max(memory, peak)
		if pic.Problem != NoProblem || len(pic.Views) != 1 {
			t.Fatalf("photo %d, %+v: %+v", at, p, pic)
		}
		v := pic.Views[0]
		s := v.sheet(1, min(pic.Width, pic.Height))
		if v.Code != "" && pic.Width > pic.Height {
			t.Errorf("photo %d, %+v: not upright", at, p)
		}
		if v.Code != "" {
			dimmest, softest = min(dimmest, v.Brightness), min(softest, v.Sharpness)
			if !p.bad {
				widest = max(widest, v.Outside)
			}
		}
		before := kinds[p.kind]
		after := before
		if after.count(p, s); before == (tally{}) {
			order = append(order, p.kind)
		}
		kinds[p.kind] = after
		if wrong := after.refused - before.refused + after.passed - before.passed + after.slandered - before.slandered; wrong > 0 || p.pen == unsigned && s.Code != "" && !s.Unsigned {
			t.Logf("photo %d %s pen %v bad %v: problem %q unsigned %v; brightness %.0f sharpness %.0f outside %.2f of %.2f ink %.4f",
				at, p.kind, p.pen, p.bad, s.Problem, s.Unsigned, v.Brightness, v.Sharpness, v.Outside, p.outside(), v.Ink)
		}
	}
	var sum tally
	for _, kind := range order {
		t.Logf("%s: %s", kind, kinds[kind])
		sum = sum.plus(kinds[kind])
	}
	t.Logf("all %d photos: %s", n, sum)
	t.Logf("a photo took %v, the longest %v; most memory %d MB", spent/time.Duration(n), longest, memory>>20)
	t.Logf("of codes read: least brightness %.1f, least sharpness %.1f; most that seemed outside of a usable one %.3f", dimmest, softest, widest)
	if 100*sum.read < 97*sum.good || 100*sum.refused > 5*sum.good || 100*sum.slandered > sum.signed {
		t.Errorf("too many usable photos are refused")
	}
	if 100*sum.passed > 10*sum.bad || 100*sum.found < 85*sum.unsigned {
		t.Errorf("too many useless photos are let through")
	}
}

// lookedAt decodes in a child, and gives its processor time and its most memory in bytes.
func lookedAt(t *testing.T, data []byte) (Picture, time.Duration, int) {
	t.Helper()
	path, err := os.Executable()
	must(t, err)
	cmd := exec.CommandContext(t.Context(), path, "measured")
	var out, note bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(data), &out, &note
	must(t, cmd.Run())
	reply, ok := bytes.CutPrefix(out.Bytes(), []byte(greeting))
	peak, err := strconv.Atoi(strings.TrimSpace(note.String()))
	if !ok || err != nil {
		t.Fatalf("the child said %q and %q", out.String()[:20], note.String())
	}
	return parsePicture(reply), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), peak << 10
}
