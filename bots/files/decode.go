package files

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

const (
	decodeMemory = 2 << 30   // bytes of data the child may take; a HEIC takes 0.5 GB for 12 megapixels, 0.9 for 24, 1.4 for 48
	decodeInput  = 128 << 20 // bytes of a file that is looked at
)

// ErrTooManyPixels is what decoding gives for a picture, or a file of one, that is too large to be looked at.
var ErrTooManyPixels = errors.New("picture too large")

// DecodeMain is the whole child process that Decoder starts: it limits itself, reads a picture or a PDF from in,
// and writes to out a greeting, one line of JSON and the previews. It must not be called in a process that does anything else.
func DecodeMain(in io.Reader, out io.Writer) error {
	return serveDecode(in, out, patience{page: codeTime, file: codesTime})
}

// patience is for how long codes are searched for: on a page, and on all pages of a PDF together.
type patience struct{ page, file time.Duration }

func serveDecode(in io.Reader, out io.Writer, p patience) error {
	if err := Confine(decodeMemory, 3*decodeTimeout); err != nil {
		return fmt.Errorf("limit decoder: %w", err)
	}
	if _, err := io.WriteString(out, greeting); err != nil {
		return fmt.Errorf("greet: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(in, decodeInput+1))
	if err != nil {
		return fmt.Errorf("read input: %w", err)
	}
	pic, err := decode(data, p)
	switch {
	case errors.Is(err, ErrTooManyPixels):
		pic.Problem = ProblemTooLarge
	case err != nil:
		pic.Problem = ProblemUnreadable
	}
	return pic.send(out)
}

// send writes a line of JSON and all the previews.
func (p Picture) send(out io.Writer) error {
	if p.Problem != NoProblem {
		p.Views = nil
	}
	for i := range p.Views {
		p.Views[i].Size = len(p.Views[i].JPEG)
	}
	line, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("describe picture: %w", err)
	}
	parts := [][]byte{append(line, '\n')}
	for _, v := range p.Views {
		parts = append(parts, v.JPEG)
	}
	for _, part := range parts {
		if _, err := out.Write(part); err != nil {
			return fmt.Errorf("write picture: %w", err)
		}
	}
	return nil
}

func decode(data []byte, p patience) (Picture, error) {
	if len(data) > decodeInput {
		return Picture{}, ErrTooManyPixels
	}
	media := mediaTypeOf(data)
	switch kindOf(media) {
	case Image:
		return decodeImage(media, data, p)
	case PDF:
		return decodePDF(data, p)
	}
	return Picture{}, fmt.Errorf("decode %s: not a picture", media)
}
