package telegramtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
)

// params are the parameters of a call, whichever of its three forms it had.
type params struct {
	text  map[string]string
	files map[string]*File
}

func (p params) number(name string) int64 {
	n, err := strconv.ParseInt(p.text[name], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func (p params) upload(name string, limit int) (*File, *apiError) {
	f := p.files[name]
	switch {
	case f == nil || len(f.Data) == 0:
		return nil, refusal(http.StatusBadRequest, "Bad Request: file must be non-empty")
	case len(f.Data) > limit:
		return nil, refusal(http.StatusRequestEntityTooLarge, "Request Entity Too Large")
	}
	return f, nil
}

func readParams(w http.ResponseWriter, r *http.Request) (params, error) {
	p := params{text: map[string]string{}, files: map[string]*File{}}
	for name, values := range r.URL.Query() {
		p.text[name] = values[0]
	}
	r.Body = http.MaxBytesReader(w, r.Body, MaxUpload+(1<<20))
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case r.Method == http.MethodGet || err != nil:
		return p, nil
	case kind == "application/json":
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return p, fmt.Errorf("read a request: %w", err)
		}
		return jsonParams(body)
	case kind == "multipart/form-data":
		return p, p.readForm(r)
	}
	if err := r.ParseForm(); err != nil {
		return p, fmt.Errorf("read a request: %w", err)
	}
	for name, values := range r.PostForm {
		p.text[name] = values[0]
	}
	return p, nil
}

// jsonParams takes a string as its content and anything else as it is written.
func jsonParams(body []byte) (params, error) {
	p := params{text: map[string]string{}, files: map[string]*File{}}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return p, fmt.Errorf("read a request: %w", err)
	}
	for name, raw := range fields {
		var s string
		if json.Unmarshal(raw, &s) != nil {
			s = string(raw)
		}
		p.text[name] = s
	}
	return p, nil
}

func (p params) readForm(r *http.Request) error {
	form, err := r.MultipartReader()
	if err != nil {
		return fmt.Errorf("read a form: %w", err)
	}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read a form: %w", err)
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return fmt.Errorf("read a form: %w", err)
		}
		if part.FileName() != "" {
			p.files[part.FormName()] = &File{Name: part.FileName(), Data: data}
		} else {
			p.text[part.FormName()] = string(data)
		}
	}
}
