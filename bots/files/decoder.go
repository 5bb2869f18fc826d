package files

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

const (
	decodeTimeout = 45 * time.Second // twenty pages of photos take 8, and 15 more if none has a code
	previewLimit  = 16 << 20         // bytes of a preview; 2400 × 2400 pixels give one or two million
	replyLimit    = 48 << 20         // bytes of all previews of a file; a PDF's page in colour and noise gives one million
)

// greeting is the child's first line: without it what failed is the installation, not the file.
const greeting = "librarian decode 1\n"

// Picture is what the child process says of a picture or a PDF.
type Picture struct {
	Width   int     `json:"width"` // pixels, upright, before shrinking
	Height  int     `json:"height"`
	Pages   int     `json:"pages"`
	Problem Problem `json:"problem"` // none, too_large or unreadable
	Taken
	Views []View `json:"views"` // of a picture one, of a PDF one a page, or of its first page alone when there are too many
}

// View is what the child process saw on one page.
type View struct {
	Brightness float64 `json:"brightness"` // mean grey, 0 to 255
	Sharpness  float64 `json:"sharpness"`  // variance of the Laplacian
	Code       string  `json:"code"`       // what the page's code says; empty when none was read
	Outside    float64 `json:"outside"`    // share of the page's text beyond the border, 0 to 1; 0 without a code
	Ink        float64 `json:"ink"`        // share of the signature field that is dark, 0 to 1; -1 when the field was not seen
	Size       int     `json:"size"`       // bytes of JPEG
	JPEG       []byte  `json:"-"`          // upright, at most 2400 pixels a side, without metadata; empty if there is none

	turn int // EXIF orientation by which the code was brought upright
}

// Decoder decodes hostile files in a child process of limited time, memory and output, one at a time.
type Decoder struct {
	command []string
	timeout time.Duration
	turn    chan struct{}
}

// NewDecoder makes a decoder; the command is what runs DecodeMain, such as this program's path and "decode".
func NewDecoder(command []string) *Decoder {
	return &Decoder{command: command, timeout: decodeTimeout, turn: make(chan struct{}, 1)}
}

// Decode decodes src. A file that breaks the child or its limits is no error but a Problem; an error says that src could not be read,
// ctx ended or the child could not be started.
func (d *Decoder) Decode(ctx context.Context, src io.Reader) (Picture, error) {
	select {
	case d.turn <- struct{}{}:
		defer func() { <-d.turn }()
	case <-ctx.Done():
		return Picture{}, ctx.Err()
	}
	limited, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	body := &source{r: src}
	out := &capped{left: replyLimit + complaint}
	cmd := NewChild(limited, d.command, decodeMemory/4*3)
	cmd.Stdin, cmd.Stdout = body, out
	runErr := cmd.Run()
	if err := errors.Join(ctx.Err(), body.failed()); err != nil {
		return Picture{}, err
	}
	reply, greeted := bytes.CutPrefix(out.kept.Bytes(), []byte(greeting))
	switch {
	case !greeted:
		return Picture{}, fmt.Errorf("start decoder: %w", errors.Join(errors.New("child did not answer"), runErr))
	case limited.Err() != nil, runErr != nil && cmd.Starved():
		return Picture{Problem: ProblemTooLarge}, nil
	case runErr != nil:
		return Picture{Problem: ProblemUnreadable}, nil
	}
	return parsePicture(reply), nil
}

// parsePicture believes nothing that a child taken over by a file could make up to do harm.
func parsePicture(reply []byte) Picture {
	broken := Picture{Problem: ProblemUnreadable}
	line, jpegs, found := bytes.Cut(reply, []byte("\n"))
	var pic Picture
	if !found || json.Unmarshal(line, &pic) != nil {
		return broken
	}
	const most = 1 << 30
	if min(pic.Width, pic.Height, pic.Pages) < 0 || max(pic.Width, pic.Height, pic.Pages) > most || len(pic.Views) > maxSheets {
		return broken
	}
	switch pic.Problem {
	case NoProblem:
	case ProblemTooLarge, ProblemUnreadable:
		if len(pic.Views) > 0 {
			return broken
		}
	default:
		return broken
	}
	pic.Taken = pic.possible()
	for i := range pic.Views {
		v := &pic.Views[i]
		if !v.possible() || v.Size > len(jpegs) {
			return broken
		}
		v.JPEG, jpegs = jpegs[:v.Size:v.Size], jpegs[v.Size:]
		if len(v.JPEG) > 0 && mediaTypeOf(v.JPEG) != "image/jpeg" {
			return broken
		}
	}
	if len(jpegs) > 0 {
		return broken
	}
	return pic
}

// possible reports whether each measure is within its bounds; what is no number is not.
func (v View) possible() bool {
	within := func(x, least, most float64) bool { return x >= least && x <= most }
	return within(v.Brightness, 0, 255) && within(v.Sharpness, 0, 1<<20) && within(v.Outside, 0, 1) && within(v.Ink, -1, 1) &&
		v.Size >= 0 && v.Size <= previewLimit && (v.Code == "" || validCode(v.Code))
}
