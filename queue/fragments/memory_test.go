package fragments

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pdfcpu/pdfcpu/pkg/api"

	"librarian/cmd/schema/pgtest"
	"librarian/templates"
)

const mostMemory = 300 << 20 // bytes of joiner and child together

// grain is a photo of 12 megapixels, grey and noisy, of some five megabytes as JPEG.
func grain(t testing.TB, seed uint64) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 4032, 3024))
	r := rand.New(rand.NewPCG(seed, 1))
	for i := 0; i < len(img.Pix); i += 8 {
		v := r.Uint64()
		for k := range 8 {
			img.Pix[i+k] = 100 + byte(v>>(8*k))&63
		}
	}
	var out bytes.Buffer
	must(t, jpeg.Encode(&out, img, &jpeg.Options{Quality: 85}))
	return out.Bytes()
}

// TestMemory joins three photos of 12 megapixels in JPEG and three in HEIC; LIBRARIAN_ROUNDS=100 takes so many of each. The joiner runs in a process
// of its own, of which the most memory is counted together with its child's.
func TestMemory(t *testing.T) {
	t.Parallel()
	needsHEIC(t)
	n, kinds := pgtest.Rounds(t, 3), []string{jpegMedia, "image/heic"}
	if raced { // the HEIC alone would take minutes, and what is measured is the detector's memory
		n, kinds = 1, kinds[:1]
	}
	for _, media := range kinds {
		dir := t.TempDir()
		for i := range min(n, 5) { // five photos, again and again
			data := photoHEIC(t, 4032, 3024, i)
			if media == jpegMedia {
				data = grain(t, uint64(i))
			}
			must(t, os.WriteFile(filepath.Join(dir, strconv.Itoa(i)), data, 0o600))
		}
		began := time.Now()
		own, child := measure(t, media, n, dir)
		t.Logf("%d photos of 12 megapixels, %s: joiner %d MB, child %d MB, %v a page", n, media, own>>20, child>>20, time.Since(began)/time.Duration(n))
		if !raced && own+child > mostMemory {
			t.Errorf("%s: %d MB", media, (own+child)>>20)
		}
	}
}

// measure joins so many photos of the folder in a process of its own and gives the most memory that it and its child had, in bytes.
func measure(t *testing.T, media string, n int, dir string) (own, child int) {
	t.Helper()
	path, err := os.Executable()
	must(t, err)
	pipe := filepath.Join(t.TempDir(), "pipe")
	must(t, syscall.Mkfifo(pipe, 0o600))
	heard := make(chan string, 1)
	go func() {
		said, err := os.ReadFile(pipe)
		if err != nil {
			said = []byte(err.Error())
		}
		heard <- string(said)
	}()
	var wrong bytes.Buffer
	cmd := exec.CommandContext(t.Context(), path, "joinall", media, strconv.Itoa(n), dir, pipe)
	cmd.Stderr = &wrong
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, wrong.String())
	}
	own, err = strconv.Atoi(strings.TrimSpace(string(out)))
	must(t, err)
	child, err = strconv.Atoi(<-heard)
	must(t, err)
	return own << 10, child << 10
}

// joinAll is the process that measure starts.
func joinAll(media, number, dir, pipe string) error {
	n, err := strconv.Atoi(number)
	if err != nil {
		return err
	}
	path, err := os.Executable()
	if err != nil {
		return err
	}
	texts, err := templates.Load()
	if err != nil {
		return err
	}
	j, err := NewJoiner([]string{path, "measured", pipe}, texts)
	if err != nil {
		return err
	}
	j.timeout = time.Hour // a busy machine is no fault of a page
	pages := make([]Page, n)
	for i := range pages {
		pages[i] = Page{Media: media, Open: func(context.Context) (io.ReadCloser, error) {
			return os.Open(filepath.Join(dir, strconv.Itoa(i%min(n, 5))))
		}}
	}
	sizes, err := j.Join(context.Background(), front(), pages, io.Discard)
	if err == nil && len(sizes.Pages) != n {
		err = fmt.Errorf("%d pages", len(sizes.Pages))
	}
	fmt.Println(peak())
	return err
}

func TestTheChildLeavesNoFile(t *testing.T) {
	t.Parallel()
	path, err := os.Executable()
	must(t, err)
	name := filepath.Join(t.TempDir(), "left")
	if err := exec.CommandContext(t.Context(), path, "scribble", name).Run(); err == nil {
		t.Error("it could write")
	}
	if left, err := os.ReadFile(name); err == nil && len(left) > 0 {
		t.Errorf("%d bytes are left", len(left))
	}
}

// BenchmarkJoin tells the time of a photo of 12 megapixels in JPEG, with a child for each twenty pages.
func BenchmarkJoin(b *testing.B) {
	photo := grain(b, 1)
	pages := make([]Page, 20)
	for i := range pages {
		pages[i] = page("image/jpeg", photo, 0)
	}
	j := joiner(b, "join")
	for b.Loop() {
		_, err := j.Join(b.Context(), front(), pages, io.Discard)
		must(b, err)
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N*len(pages)), "ms/page")
}

// BenchmarkPDFCPU is what BenchmarkJoin is to be held against: the same pages, imported by the bare library in this process.
func BenchmarkPDFCPU(b *testing.B) {
	api.DisableConfigDir()
	photo := grain(b, 1)
	const pages = 20
	for b.Loop() {
		images := make([]io.Reader, pages)
		for i := range images {
			images[i] = bytes.NewReader(photo)
		}
		must(b, api.ImportImages(nil, io.Discard, images, nil, nil))
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N*pages), "ms/page")
}
