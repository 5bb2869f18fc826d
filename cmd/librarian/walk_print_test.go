package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
)

// received gives the PDFs that the chat shows, newest last.
func (p *page) received() [][]byte {
	p.Helper()
	var encoded []string
	p.do("fetch the papers", chromedp.Evaluate[chromedp.Void](`window.fetched = null; Promise.all([...document.querySelectorAll("#log a[href]")].filter((a) => a.textContent.includes(".pdf"))
		.map(async (a) => { const bytes = new Uint8Array(await (await fetch(a.href)).arrayBuffer()); let s = ""; for (const b of bytes) s += String.fromCharCode(b); return btoa(s); }))
		.then((all) => { window.fetched = all; })`))
	p.await("the papers are fetched", "window.fetched")
	encoded = answer[[]string](p, "window.fetched")
	var out [][]byte
	for _, text := range encoded {
		pdf, err := base64.StdEncoding.DecodeString(text)
		if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF")) {
			p.fail("no PDF: %v", err)
		}
		out = append(out, pdf)
	}
	return out
}

// printed are the pages of a PDF on paper, as pictures of about 130 dots an inch.
func printed(t *testing.T, pdf []byte) []*image.RGBA {
	t.Helper()
	program, err := exec.LookPath("pdftoppm")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("pdftoppm is not on this machine")
		}
		t.Skip("pdftoppm is not on this machine")
	}
	prefix := filepath.Join(t.TempDir(), "page")
	cmd := exec.CommandContext(t.Context(), program, "-r", "130", "-png", "-", prefix)
	cmd.Stdin = bytes.NewReader(pdf)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("pdftoppm: %v: %s", err, out)
	}
	names, err := filepath.Glob(prefix + "*.png")
	if err != nil || len(names) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	slices.Sort(names)
	var out []*image.RGBA
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		page := image.NewRGBA(img.Bounds())
		draw.Draw(page, page.Bounds(), img, image.Point{}, draw.Src)
		out = append(out, page)
	}
	return out
}

// scrawl signs in the field for the signature, which stands from 44 to 107 mm across and around 273 mm down.
func scrawl(page *image.RGBA) {
	mm := float64(page.Bounds().Dx()) / 210
	for i := range 4000 {
		at := float64(i) / 4000
		x, y := 50+at*45, 273+3.5*math.Sin(at*31)*math.Cos(at*9)
		pen := image.Rect(int(x*mm), int(y*mm), int(x*mm)+3, int(y*mm)+3)
		draw.Draw(page, pen, image.NewUniform(color.RGBA{30, 40, 120, 255}), image.Point{}, draw.Src)
	}
}

// photographed lays the page on a table and takes a photo: aslant by a degree or two, darker, worn by JPEG, upside down if it was held so.
func photographed(t *testing.T, page *image.RGBA, degrees, light float64, name string) string {
	t.Helper()
	w, h := page.Bounds().Dx(), page.Bounds().Dy()
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	wide, high := math.Abs(cos)*float64(w)+math.Abs(sin)*float64(h), math.Abs(sin)*float64(w)+math.Abs(cos)*float64(h)
	frame := image.NewRGBA(image.Rect(0, 0, int(wide)+120, int(high)+120)) // the whole page is in it, however it is held
	for y := range frame.Bounds().Dy() {
		for x := range frame.Bounds().Dx() {
			dx, dy := float64(x-frame.Bounds().Dx()/2), float64(y-frame.Bounds().Dy()/2)
			px, py := int(cos*dx+sin*dy)+w/2, int(-sin*dx+cos*dy)+h/2
			c := color.RGBA{70, 55, 45, 255} // the table
			if image.Pt(px, py).In(page.Bounds()) {
				c = page.RGBAAt(px, py)
			}
			frame.SetRGBA(x, y, color.RGBA{uint8(float64(c.R) * light), uint8(float64(c.G) * light), uint8(float64(c.B) * light), 255})
		}
	}
	path := filepath.Join(t.TempDir(), name)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, frame, &jpeg.Options{Quality: 70}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// photographs are the signed pages of all the papers, each held a little differently.
func photographs(t *testing.T, pdfs [][]byte) []string {
	t.Helper()
	var out []string
	for i, pdf := range pdfs {
		for j, page := range printed(t, pdf) {
			scrawl(page)
			degrees := []float64{1.5, 180, -2, 90}[(i+j)%4]
			out = append(out, photographed(t, page, degrees, 0.8, fmt.Sprintf("page-%d-%d.jpg", i, j)))
		}
	}
	return out
}
