package files

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	decodeMemory = 2 << 30   // bytes of data the child may take; a HEIC takes 0.5 GB for 12 megapixels, 0.9 for 24, 1.4 for 48
	decodeInput  = 128 << 20 // bytes of a file that is looked at
)

// errTooLarge is what decoding gives for a picture that is refused for its size.
var errTooLarge = errors.New("picture too large")

// DecodeMain is the whole child process that Decoder starts: it limits itself, reads a picture or a PDF from in,
// and writes to out a greeting, one line of JSON and the previews. It must not be called in a process that does anything else.
func DecodeMain(in io.Reader, out io.Writer) error {
	return serveDecode(in, out, patience{page: codeTime, file: codesTime})
}

// patience is for how long codes are searched for: on a page, and on all pages of a PDF together.
type patience struct{ page, file time.Duration }

func serveDecode(in io.Reader, out io.Writer, p patience) error {
	if err := limitProcess(); err != nil {
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
	case errors.Is(err, errTooLarge):
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
		return Picture{}, errTooLarge
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

// limitProcess bounds this process and those it starts. What is mapped already is not counted: the race detector alone maps more than all that is allowed.
func limitProcess() error {
	mapped, err := mappedData()
	if err != nil {
		return err
	}
	seconds := uint64(3 * decodeTimeout.Seconds()) // of all processors: ends the child even when its parent has been killed
	for resource, limit := range map[int]uint64{
		syscall.RLIMIT_DATA: mapped + decodeMemory,
		syscall.RLIMIT_CPU:  seconds,
		syscall.RLIMIT_CORE: 0,
	} {
		if err := syscall.Setrlimit(resource, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
			return err
		}
	}
	return nil
}

// mappedData is the private writable memory of this process in bytes, as RLIMIT_DATA counts it.
func mappedData() (uint64, error) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text))
	if len(fields) < 6 {
		return 0, errors.New("statm not understood")
	}
	pages, err := strconv.ParseUint(fields[5], 10, 64)
	if err != nil {
		return 0, err
	}
	return pages * uint64(os.Getpagesize()), nil
}
