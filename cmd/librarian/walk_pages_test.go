package main

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"os"
	"testing"

	"codeberg.org/go-pdf/fpdf"
)

// pageOf is a page of a book, held so many quarters clockwise.
func pageOf(t *testing.T, number, quarters int) *image.Gray {
	t.Helper()
	img, err := samplePage(number)
	if err != nil {
		t.Fatal(err)
	}
	for range quarters {
		b := img.Bounds()
		turned := image.NewGray(image.Rect(0, 0, b.Dy(), b.Dx()))
		for y := range b.Dy() {
			for x := range b.Dx() {
				turned.SetGray(b.Dy()-1-y, x, img.GrayAt(x, y))
			}
		}
		img = turned
	}
	return img
}

// pagePhoto is a photo of it as a JPEG.
func pagePhoto(t *testing.T, number, quarters int) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, pageOf(t, number, quarters), &jpeg.Options{Quality: 85}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// pageScan is a PDF as a scanner makes it, with nothing but the pages.
func pageScan(t *testing.T, numbers ...int) []byte {
	t.Helper()
	const width, height = 180, 248 // mm, as the picture's sides
	doc := fpdf.NewCustom(&fpdf.InitType{UnitStr: "mm", Size: fpdf.SizeType{Wd: width, Ht: height}})
	for _, n := range numbers {
		name := fmt.Sprint(n)
		doc.AddPage()
		doc.RegisterImageOptionsReader(name, fpdf.ImageOptions{ImageType: "JPEG"}, bytes.NewReader(pagePhoto(t, n, 0)))
		doc.ImageOptions(name, 0, 0, width, height, false, fpdf.ImageOptions{}, 0, "")
	}
	var out bytes.Buffer
	if err := doc.Output(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func written(t *testing.T, path string, data []byte) string {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// comes holds that the PDF has a first page and then these pages, upright and in this order: each picture is nearer to its own than to any other, however held.
func comes(t *testing.T, pdf []byte, numbers ...int) {
	t.Helper()
	got := printed(t, pdf)
	if len(got) != 1+len(numbers) {
		t.Fatalf("the PDF has %d pages", len(got))
	}
	for i, want := range numbers {
		const same = 4 // levels of brightness: print, and JPEG twice
		if number, quarters, best := nearest(t, got[1+i], numbers); number != want || quarters != 0 || best > same {
			t.Errorf("page %d of the PDF is page %d, turned %d, %.1f apart; wanted page %d", i+2, number, quarters, best, want)
		}
	}
}

// nearest is the page which the picture shows, by how many quarters it lies turned clockwise, and how far the two are apart: by the mean difference of
// brightness over a grid, 0 to 255; 255 of other proportions.
func nearest(t *testing.T, img image.Image, numbers []int) (number, quarters int, best float64) {
	t.Helper()
	best = 255
	seen := shades(img)
	for _, n := range numbers {
		page := pageOf(t, n, 0)
		want := shades(page)
		for q := range 4 {
			if d := apart(seen, want); d < best && alike(img.Bounds(), page.Bounds(), q%2 == 1) {
				number, quarters, best = n, q, d
			}
			want = turned(want)
		}
	}
	return number, quarters, best
}

// alike reports whether the two have the same proportions, the second lying on its side.
func alike(a, b image.Rectangle, onSide bool) bool {
	w, h := b.Dx(), b.Dy()
	if onSide {
		w, h = h, w
	}
	wide := float64(a.Dx()*h) / float64(a.Dy()*w)
	return wide > 0.97 && wide < 1.03
}

const grid = 40

func apart(a, b []float64) (sum float64) {
	for i := range a {
		sum += max(a[i]-b[i], b[i]-a[i])
	}
	return sum / float64(len(a))
}

// turned is the grid a quarter clockwise.
func turned(a []float64) []float64 {
	out := make([]float64, len(a))
	for y := range grid {
		for x := range grid {
			out[x*grid+grid-1-y] = a[y*grid+x]
		}
	}
	return out
}

// shades are the mean brightness of the cells of a grid.
func shades(img image.Image) []float64 {
	sums, counts := make([]float64, grid*grid), make([]float64, grid*grid)
	b := img.Bounds()
	for y := range b.Dy() {
		for x := range b.Dx() {
			r, _, _, _ := img.At(b.Min.X+x, b.Min.Y+y).RGBA() // the pages are grey
			cell := y*grid/b.Dy()*grid + x*grid/b.Dx()
			sums[cell] += float64(r >> 8)
			counts[cell]++
		}
	}
	for i := range sums {
		sums[i] /= counts[i]
	}
	return sums
}
