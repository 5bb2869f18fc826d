package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"os/exec"
	"regexp"
	"strconv"
)

// pagePixels is the longer side of a PDF's first page as a preview: enough to read print of eight points.
const pagePixels = "1600"

var pageCount = regexp.MustCompile(`(?m)^Pages:\s+([0-9]{1,6})$`)

// decodePDF counts pages and draws the first by poppler's programs, which inherit this process's limits. Without them nothing is known and there is no preview.
func decodePDF(data []byte) (Picture, error) {
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
	page, err := poppler(data, "pdftoppm", "-f", "1", "-l", "1", "-scale-to", pagePixels, "-png", "-")
	if errors.Is(err, exec.ErrNotFound) {
		return pic, nil
	}
	if err != nil {
		return pic, err
	}
	img, err := png.Decode(bytes.NewReader(page))
	if err != nil {
		return pic, fmt.Errorf("read first page: %w", err)
	}
	return pic, pic.render(img, 1)
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
