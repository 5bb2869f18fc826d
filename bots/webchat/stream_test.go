package webchat

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"librarian/bots"
)

// event is one event of a stream.
type event struct{ id, name, data string }

// listen opens a stream; last is the id of the last event seen.
func (r *reader) listen(last string) (next func() event, end func()) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 10*time.Second)
	r.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.server.URL+"/chat/demo/events", nil)
	if err != nil {
		r.t.Fatal(err)
	}
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	resp, err := r.http.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = resp.Body.Close() }) // the test is over
	if resp.StatusCode != http.StatusOK {
		r.t.Fatalf("stream: status %d", resp.StatusCode)
	}
	lines := bufio.NewScanner(resp.Body)
	return func() event {
		var e event
		for lines.Scan() {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "id":
				e.id = value
			case "event":
				e.name = value
			case "data":
				e.data = value
			case "":
				if e.name != "" {
					return e
				}
			}
		}
		r.t.Fatalf("the stream ended: %v", lines.Err())
		return e
	}, cancel
}

// entries reads n entries, passing over other events.
func entries(next func() event, n int) (texts []string, last string) {
	for len(texts) < n {
		if e := next(); e.name == "entry" {
			var got entry
			if err := json.Unmarshal([]byte(e.data), &got); err == nil {
				texts, last = append(texts, got.Text), e.id
			}
		}
	}
	return texts, last
}

func await(next func() event, name string) event {
	for {
		if e := next(); e.name == name {
			return e
		}
	}
}

func TestStreamWaitsForTheFirstMessage(t *testing.T) {
	t.Parallel()
	w := newWorld()
	r := newReader(t, w.serve(t, nil))
	get(t, r.http, r.server.URL+"/chat/demo")
	next, _ := r.listen("")
	if e := await(next, "ready"); e.data != `{"begun":false}` {
		t.Fatalf("ready %s", e.data)
	}
	r.post(map[string]string{"id": "start-conversation", "choice": "start"})
	if e := await(next, "lang"); e.data != `"ru"` {
		t.Errorf("lang %s", e.data)
	}
	if e := await(next, "ready"); e.data != `{"begun":true}` {
		t.Fatalf("ready %s", e.data)
	}
	w.say(1, bots.Entry{Text: "Здравствуйте"})
	e := await(next, "entry") // and not the page's own request to begin
	if e.id != "1.1" || !strings.Contains(e.data, "Здравствуйте") {
		t.Errorf("entry %+v", e)
	}
	w.wake(bots.Signal{Topic: bots.TopicTyping, Library: 1, ID: 1})
	await(next, "typing")
}

func TestReconnectingLosesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld()
	r := newReader(t, w.serve(t, nil))
	r.post(text("message-0", "q0"))
	const total = 500 // more than two chunks
	for i := range total {
		w.say(1, bots.Entry{Text: fmt.Sprintf("a%d", i)})
	}
	var all []string
	last := ""
	for len(all) < total+1 { // a connection that breaks every 60 entries
		next, end := r.listen(last)
		texts, at := entries(next, min(60, total+1-len(all)))
		end()
		all, last = append(all, texts...), at
	}
	for i, said := range all[1:] {
		if said != fmt.Sprintf("a%d", i) {
			t.Fatalf("entry %d is %s", i, said)
		}
	}
	r.post(text("message-1", "q1"))
	w.say(1, bots.Entry{Text: "last"})
	next, _ := r.listen(last)
	if texts, _ := entries(next, 2); texts[0] != "q1" || texts[1] != "last" {
		t.Errorf("after the break: %v", texts)
	}
}

func TestWhatIsNotSentIsNotShown(t *testing.T) {
	t.Parallel()
	w := newWorld()
	r := newReader(t, w.serve(t, nil))
	r.post(text("message-1", "q"))
	w.say(1, bots.Entry{Text: "withdrawn", State: "withdrawn"})
	w.say(1, bots.Entry{Text: "one", State: "confirmed"})
	w.say(1, bots.Entry{Text: "two", State: "leased"})
	w.say(1, bots.Entry{Text: "three", State: "sent"}) // it waits for two: the order is kept
	r.post(text("message-2", "again"))
	next, end := r.listen("")
	texts, last := entries(next, 3)
	if fmt.Sprint(texts) != "[q one again]" || last != "2.2" {
		t.Fatalf("%v up to %s", texts, last)
	}
	end()
	next, _ = r.listen(last)
	await(next, "ready")
	w.setState(1, 3, "sent")
	if texts, last := entries(next, 2); fmt.Sprint(texts) != "[two three]" || last != "2.4" {
		t.Errorf("%v up to %s", texts, last)
	}
}

func TestASecretIsOpenOnlyInTheStream(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.secrets["known"] = "correct-horse"
	r := newReader(t, w.serve(t, nil))
	r.post(text("message-1", "q"))
	w.say(1, bots.Entry{Text: "Пароль: {secret}", Secret: "known"})
	w.say(1, bots.Entry{Text: "Пароль: {secret}", Secret: "destroyed"})
	w.say(1, bots.Entry{Text: "Текст {secret}"}) // a mark without a secret is only text
	next, _ := r.listen("")
	texts, _ := entries(next, 4)
	if texts[1] != "Пароль: correct-horse" || texts[2] != "Пароль: "+secretGone || texts[3] != "Текст {secret}" {
		t.Errorf("%v", texts)
	}
	if w.entries[1][1].Text != "Пароль: {secret}" {
		t.Error("the history holds the secret")
	}
}

func TestStreamsOfASession(t *testing.T) {
	t.Parallel()
	w := newWorld()
	done := make(chan struct{})
	r := newReader(t, w.serve(t, func(d *Deps) { d.Limits.Streams, d.Done = 1, done }))
	r.post(text("message-1", "q"))
	next, _ := r.listen("")
	await(next, "ready")
	resp, _ := get(t, r.http, r.server.URL+"/chat/demo/events")
	if resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") == "" {
		t.Errorf("a stream too many: status %d", resp.StatusCode)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.server.URL+"/chat/demo/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	other := newReader(t, r.server)
	stream, err := other.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(10*time.Second, r.server.CloseClientConnections) // the bound of what follows
	close(done)
	if _, err := io.Copy(io.Discard, stream.Body); err != nil {
		t.Errorf("the stream did not end with the server's stop: %v", err)
	}
	if err := stream.Body.Close(); err != nil {
		t.Error(err)
	}
}
