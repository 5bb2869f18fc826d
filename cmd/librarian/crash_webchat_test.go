package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// webReader is a browser in the web chat.
type webReader struct {
	c      *crash
	name   string
	client *http.Client
	token  string

	mu       sync.Mutex
	changed  chan struct{}
	answers  []heard
	own      []string        // ids of the reader's own messages as the stream showed them
	last     string          // Last-Event-ID
	pressed  map[string]bool // own messages that are a button alone
	problems []string
}

// open gets a session, as the page does before anything is written.
func (v *webReader) open(ctx context.Context) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	v.client, v.changed, v.pressed = &http.Client{Jar: jar, Transport: v.c.transport}, make(chan struct{}), map[string]bool{}
	return v.insist(ctx, func(ctx context.Context) (int, error) {
		status, err := v.request(ctx, http.MethodGet, "", "", nil)
		for _, k := range jar.Cookies(v.c.url("/chat/demo")) {
			v.token = k.Value
		}
		return status, err
	})
}

// insist repeats until it is answered with 200 or 204: a service that is away is no failure here.
func (v *webReader) insist(ctx context.Context, try func(context.Context) (int, error)) error {
	for {
		attempt, cancel := context.WithTimeout(ctx, 15*time.Second)
		status, err := try(attempt)
		cancel()
		wait := 100 * time.Millisecond
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil && (status == http.StatusOK || status == http.StatusNoContent):
			return nil
		case err == nil && status == http.StatusTooManyRequests:
			wait = time.Second
		case err == nil && status < 500:
			return fmt.Errorf("refused with %d", status)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

func (v *webReader) request(ctx context.Context, method, path, contentType string, body []byte) (int, error) {
	r, err := http.NewRequestWithContext(ctx, method, v.c.url("/chat/demo"+path).String(), bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	answer, err := v.client.Do(r)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, err
}

func (v *webReader) say(ctx context.Context, number int, l utterance, hasty bool) (string, error) {
	id := fmt.Sprintf("%s-message-%d", v.name, number)
	fields := map[string]string{"id": id, "text": l.text}
	switch {
	case l.choice != "" && hasty && l.label != "":
		fields["text"] = l.label
	case l.choice != "":
		fields["choice"], fields["turn"] = l.choice, strconv.Itoa(v.offered(l.label))
		v.press(id)
	}
	contentType, body, err := form(fields, l)
	if err != nil {
		return "", err
	}
	post := func(ctx context.Context) (int, error) {
		return v.request(ctx, http.MethodPost, "/messages", contentType, body)
	}
	if err := v.insist(ctx, post); err != nil {
		return "", err
	}
	select {
	case v.c.stored <- struct{}{}:
	default:
	}
	if number%16 == 7 { // as if the answer had been lost on its way
		return id, v.insist(ctx, post)
	}
	return id, nil
}

func (v *webReader) press(id string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.pressed[id] = true
}

func form(fields map[string]string, l utterance) (contentType string, body []byte, err error) {
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	for k, value := range fields {
		err = errors.Join(err, w.WriteField(k, value))
	}
	if l.file != nil {
		name := "list.txt"
		if l.photo {
			name = "photo.jpg"
		}
		part, bad := w.CreateFormFile("files", name)
		if bad == nil {
			_, bad = part.Write(l.file)
		}
		err = errors.Join(err, bad)
	}
	err = errors.Join(err, w.Close())
	return w.FormDataContentType(), out.Bytes(), err
}

// offered is the turn that offered the button last; 0 for what the page offers of itself.
func (v *webReader) offered(label string) int {
	all := v.heard()
	for i := len(all) - 1; i >= 0; i-- {
		if slices.Contains(all[i].offers, label) {
			return all[i].turn
		}
	}
	return 0
}

// listen keeps the stream open until the context ends, each time from where it broke off.
func (v *webReader) listen(ctx context.Context) {
	for ctx.Err() == nil {
		_ = v.stream(ctx) // it broke off: the service was killed
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (v *webReader) stream(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, v.c.url("/chat/demo/events").String(), nil)
	if err != nil {
		return err
	}
	if v.last != "" {
		r.Header.Set("Last-Event-ID", v.last)
	}
	answer, err := v.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	fields := map[string]string{}
	for lines.Scan() {
		if lines.Text() != "" {
			k, value, _ := strings.Cut(lines.Text(), ": ")
			fields[k] = value
			continue
		}
		if fields["event"] == "entry" {
			out, err := v.entry(fields["id"], fields["data"])
			if err != nil {
				return err
			}
			if out%4 == 1 {
				if _, err := v.seen(ctx, out); err != nil { // told again with a later one
					return err
				}
			}
		}
		clear(fields)
	}
	return lines.Err()
}

// entry gives the number of an answer, 0 for what is none.
func (v *webReader) entry(id, data string) (int, error) {
	var e struct {
		Out     int    `json:"out"`
		Side    string `json:"side"`
		Text    string `json:"text"`
		Turn    int    `json:"turn"`
		Message string `json:"message"`
		Choices []struct {
			Label string `json:"label"`
		} `json:"choices"`
	}
	if err := json.Unmarshal([]byte(data), &e); err != nil {
		return 0, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.last = id
	if e.Side == "reader" {
		v.own = append(v.own, e.Message)
		return 0, nil
	}
	if e.Out != len(v.answers)+1 {
		v.problems = append(v.problems, fmt.Sprintf("the stream shows answer %d after %d answers", e.Out, len(v.answers)))
	}
	h := heard{text: e.Text, turn: e.Turn, copies: 1}
	for _, o := range e.Choices {
		h.offers = append(h.offers, o.Label)
	}
	v.answers = append(v.answers, h)
	close(v.changed)
	v.changed = make(chan struct{})
	return e.Out, nil
}

func (v *webReader) seen(ctx context.Context, out int) (int, error) {
	return v.request(ctx, http.MethodPost, "/seen", "application/json", fmt.Appendf(nil, `{"out":%d}`, out))
}

func (v *webReader) heard() []heard {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.answers)
}

func (v *webReader) await(ctx context.Context, answers int) error {
	late := time.NewTimer(patienceOfReaders)
	defer late.Stop()
	for {
		v.mu.Lock()
		n, changed := len(v.answers), v.changed
		v.mu.Unlock()
		if n >= answers {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-late.C:
			return fmt.Errorf("%d answers of %d", n, answers)
		}
	}
}

func (v *webReader) address() string {
	sum := sha256.Sum256([]byte(v.token))
	return hex.EncodeToString(sum[:])
}

// finish tells that everything was shown.
func (v *webReader) finish(ctx context.Context) error {
	return v.insist(ctx, func(ctx context.Context) (int, error) { return v.seen(ctx, len(v.heard())) })
}
