package files

import (
	"bytes"
	"errors"
	"fmt"
	"image/jpeg"
	"os"
	"os/exec"
	"sync"
	"testing"
)

func TestInspect(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	i := NewInspector(b.Store, nil, self(t, "decode"))
	sharp := page(1200, 900, 20, 240)
	whole := asJPEG(t, sharp)
	for title, c := range map[string]struct {
		name    string
		data    []byte
		problem Problem
		kind    Kind
		state   State
		preview bool
	}{
		"sharp page":   {"1.jpg", whole, NoProblem, Image, Clean, true},
		"soft page":    {"1.jpg", asJPEG(t, blurred(sharp, 4)), NoProblem, Image, Clean, true},
		"nameless":     {"", whole, NoProblem, Image, Clean, true},
		"wrong suffix": {"1.txt", whole, NoProblem, Image, Clean, true},
		"dim page":     {"1.jpg", asJPEG(t, page(1200, 900, 10, 75)), NoProblem, Image, Clean, true},
		"dark":         {"1.jpg", asJPEG(t, page(1200, 900, 2, 40)), ProblemDark, Image, Clean, true},
		"blurred":      {"1.jpg", asJPEG(t, blurred(sharp, 60)), ProblemBlurred, Image, Clean, true},
		"tiny":         {"1.jpg", asJPEG(t, page(800, 500, 20, 240)), ProblemTooSmall, Image, Clean, true},
		"bomb":         {"1.png", bombPNG(20000, 20000), ProblemTooLarge, Image, Unreadable, false},
		"cut short":    {"1.jpg", whole[:len(whole)/2], ProblemUnreadable, Image, Unreadable, false},
		"svg as jpg":   {"1.jpg", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), ProblemNotImage, Other, Clean, false},
		"html as jpg":  {"1.JPG", []byte("<!DOCTYPE html><script>alert(1)</script>"), ProblemNotImage, Other, Clean, false},
		"html":         {"1.html", []byte("<!DOCTYPE html><script>alert(1)</script>"), NoProblem, Other, Clean, false},
		"text":         {"1.txt", []byte("hello"), NoProblem, Text, Clean, false},
		"nothing":      {"1.jpg", nil, ProblemEmpty, Text, Unreadable, false},
		"pdf":          {"1.pdf", blankPDF(2), NoProblem, PDF, Clean, hasPoppler()},
		"pdf as jpg":   {"1.jpg", blankPDF(2), ProblemNotImage, PDF, Clean, hasPoppler()},
	} {
		f := b.put(t, c.name, c.data)
		found, err := i.Inspect(t.Context(), b.lib, f.ID)
		after, findErr := b.Find(t.Context(), b.lib, f.ID)
		must(t, errors.Join(err, findErr))
		if found.Problem != c.problem || found.Kind != c.kind || after.State != c.state || (after.Preview != "") != c.preview {
			t.Errorf("%s: %+v, %s, preview %q", title, found, after.State, after.Preview)
		}
		if again, err := i.Inspect(t.Context(), b.lib, f.ID); err != nil || fmt.Sprint(again) != fmt.Sprint(found) {
			t.Errorf("%s again: %+v, %v", title, again, err)
		}
	}
	if n := b.count(t, "pending_blobs"); n != 0 {
		t.Errorf("%d blobs are pending", n)
	}
}

func hasPoppler() bool {
	_, infoErr := exec.LookPath("pdfinfo")
	_, drawErr := exec.LookPath("pdftoppm")
	return infoErr == nil && drawErr == nil
}

func TestPreviewIsAFileThatGoesWithItsOwn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	f := b.put(t, "", turned(asJPEG(t, page(900, 1200, 20, 240)), 6))
	found, err := NewInspector(b.Store, nil, self(t, "decode")).Inspect(t.Context(), b.lib, f.ID)
	must(t, err)
	if found.Width != 1200 || found.Height != 900 {
		t.Errorf("%dx%d", found.Width, found.Height)
	}
	f, err = b.Find(t.Context(), b.lib, f.ID)
	must(t, err)
	data, err := b.read(t.Context(), b.lib, f.Preview)
	must(t, err)
	preview, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil || preview.Width != 1200 {
		t.Errorf("%+v, %v", preview, err)
	}
	must(t, b.Delete(t.Context(), b.lib, f.ID))
	if _, err := b.read(t.Context(), b.lib, f.Preview); !errors.Is(err, ErrPurged) || len(remains(t, b.dir)) != 0 {
		t.Errorf("the preview outlived its file: %v", err)
	}
	if _, err := NewInspector(b.Store, nil, nil).Inspect(t.Context(), b.lib, f.ID); !errors.Is(err, ErrPurged) {
		t.Errorf("inspect: %v", err)
	}
}

func TestInspectWithScanner(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	scanner, err := NewScanner(fakeClamd(t, "unix", "stream: OK", 100_000))
	must(t, err)
	i := NewInspector(b.Store, scanner, self(t, "decode"))

	clean := b.put(t, "", []byte("hello"))
	if found, err := i.Inspect(t.Context(), b.lib, clean.ID); err != nil || found.Problem != NoProblem {
		t.Errorf("clean: %+v, %v", found, err)
	}
	sick := b.put(t, "", []byte("hello, "+virus))
	if found, err := i.Inspect(t.Context(), b.lib, sick.ID); err != nil || found.Problem != ProblemInfected {
		t.Errorf("infected: %+v, %v", found, err)
	}
	if _, err := b.read(t.Context(), b.lib, sick.ID); !errors.Is(err, ErrInfected) {
		t.Errorf("open infected: %v", err)
	}
	big := b.put(t, "", make([]byte, 1<<20))
	if _, err := i.Inspect(t.Context(), b.lib, big.ID); !errors.Is(err, ErrNotScanned) {
		t.Errorf("over the scanner's limit: %v", err)
	}
	if f, err := b.Find(t.Context(), b.lib, big.ID); err != nil || f.State != Stored {
		t.Errorf("not scanned, but %s, %v", f.State, err)
	}
	spoilt := b.put(t, "", []byte("hello"))
	must(t, os.Truncate(b.path(spoilt.ID), 200))
	if _, err := i.Inspect(t.Context(), b.lib, spoilt.ID); !errors.Is(err, ErrCorrupt) {
		t.Errorf("corrupt: %v", err)
	}
}

func TestInspectTwiceAtOnceMakesOnePreview(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	f := b.put(t, "", asJPEG(t, page(1000, 1000, 20, 240)))
	start := make(chan struct{})
	var all sync.WaitGroup
	for range 2 {
		i := NewInspector(b.Store, nil, self(t, "decode")) // two processes: each has its own turn
		all.Go(func() {
			<-start
			if found, err := i.Inspect(t.Context(), b.lib, f.ID); err != nil || found.Problem != NoProblem {
				t.Errorf("%+v, %v", found, err)
			}
		})
	}
	close(start)
	all.Wait()
	if n := b.count(t, "files"); n != 2 {
		t.Errorf("%d files, not the picture and its preview", n)
	}
	b.clock = b.clock.Add(arrivalLimit)
	if _, err := b.Sweep(t.Context()); err != nil || len(remains(t, b.dir)) != 2 {
		t.Errorf("on the disk: %v, %v", remains(t, b.dir), err)
	}
}
