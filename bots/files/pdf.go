package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"os/exec"
	"regexp"
	"strconv"
)

// pagePixels is the longer side of a PDF's page as a preview: enough to read print of eight points.
const pagePixels = "1600"

var pageCount = regexp.MustCompile(`(?m)^Pages:\s+([0-9]{1,6})$`)

// decodePDF counts pages and draws them by poppler's programs, which inherit this process's limits; of too many only the first. Without the programs
// nothing is known and there is no preview.
func decodePDF(data []byte, p patience) (Picture, error) {
	var pic Picture
	info, err := poppler(data, "pdfinfo", "-")
	if errors.Is(err, exec.ErrNotFound) {
		return pic, nil
	}
	if err != nil {
		return pic, err // broken or locked by a password
	}
	if found := pageCount.FindSubmatch(info); found != nil {
		if pic.Pages, err = strconv.Atoi(string(found[1])); err != nil {
			return pic, fmt.Errorf("count pages: %w", err)
		}
	}
	if pic.Pages == 0 {
		return pic, errors.New("no pages")
	}
	drawn := pic.Pages
	if drawn > maxSheets {
		drawn = 1
	}
	searching, stop := context.WithTimeout(context.Background(), p.file)
	defer stop()
	for page := range drawn {
		v, err := lookAtPage(searching, data, page+1, p)
		if errors.Is(err, exec.ErrNotFound) {
			return pic, nil
		}
		if err != nil {
			return pic, fmt.Errorf("page %d: %w", page+1, err)
		}
		pic.Views = append(pic.Views, v)
	}
	return pic, nil
}

// lookAtPage draws one page and looks at it; ctx bounds the search for codes.
func lookAtPage(ctx context.Context, data []byte, number int, p patience) (View, error) {
	n := strconv.Itoa(number)
	drawn, err := poppler(data, "pdftoppm", "-f", n, "-l", n, "-scale-to", pagePixels, "-")
	if err != nil {
		return View{}, err
	}
	img, err := readPPM(drawn)
	if err != nil {
		return View{}, fmt.Errorf("read drawing: %w", err)
	}
	searching, stop := context.WithTimeout(ctx, p.page)
	defer stop()
	return look(searching, img, 1)
}

// readPPM reads what pdftoppm writes unless told otherwise: three bytes a pixel. To pack and unpack a photo as PNG took more time than all else.
func readPPM(data []byte) (image.Image, error) {
	var w, h, most int
	if _, err := fmt.Sscanf(string(data[:min(len(data), 40)]), "P6\n%d %d\n%d\n", &w, &h, &most); err != nil {
		return nil, err
	}
	head := len(fmt.Sprintf("P6\n%d %d\n%d\n", w, h, most))
	if w <= 0 || h <= 0 || w > maxPixels/h || most != 255 || len(data) != head+3*w*h {
		return nil, errors.New("not as its head says")
	}
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		copy(img.Pix[4*i:4*i+3], data[head+3*i:])
		img.Pix[4*i+3] = 255
	}
	return img, nil
}

// poppler runs one program on the bytes; the time limit is the one under which this process itself stands.
func poppler(data []byte, program string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(context.Background(), program, args...)
	cmd.Stdin = bytes.NewReader(data)
	out := &capped{left: 64 << 20}
	cmd.Stdout = out
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w", program, err)
	}
	return out.kept.Bytes(), nil
}
