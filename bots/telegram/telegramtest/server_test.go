package telegramtest

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

func start(t *testing.T) *Server {
	t.Helper()
	s, err := Start("1:t", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func ask(t *testing.T, s *Server, method, contentType, body string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/bot"+s.Token+"/"+method, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, ""
	}
	defer resp.Body.Close() //nolint:errcheck // read to the end
	reply, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(reply)
}

const jsonType = "application/json"

func TestAllFormsOfACallAreRead(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.UserSays(5, "hi")
	form := url.Values{"chat_id": {"5"}, "text": {"form"}}.Encode()
	for contentType, body := range map[string]string{
		jsonType:                              `{"chat_id":5,"text":"json","reply_markup":{"inline_keyboard":[[{"text":"a","callback_data":"1:a"}]]}}`,
		"application/x-www-form-urlencoded":   form,
		"multipart/form-data; boundary=--bou": "----bou\r\nContent-Disposition: form-data; name=\"chat_id\"\r\n\r\n5\r\n----bou\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nparts\r\n----bou--\r\n",
	} {
		if code, reply := ask(t, s, "sendMessage", contentType, body); code != 200 {
			t.Errorf("%s: %d %s", contentType, code, reply)
		}
	}
	if sent := s.Sent(5); len(sent) != 3 || sent[0].ID != 2 || sent[2].ID != 4 {
		t.Errorf("recorded %+v", sent)
	}
	if err := s.UserTaps(5, "a"); err != nil {
		t.Error(err)
	}
	if err := s.UserTaps(5, "b"); err == nil {
		t.Error("a button that is not there was pressed")
	}
}

func TestUpdatesStayUntilConfirmed(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.UserSays(5, "one")
	s.UserSays(5, "two")
	ids := func(body string) []int64 {
		_, reply := ask(t, s, "getUpdates", jsonType, body)
		var r struct {
			Result []struct {
				ID int64 `json:"update_id"`
			} `json:"result"`
		}
		if err := json.Unmarshal([]byte(reply), &r); err != nil {
			t.Fatal(err)
		}
		var got []int64
		for _, u := range r.Result {
			got = append(got, u.ID)
		}
		return got
	}
	first, again := ids(`{}`), ids(`{"limit":1}`)
	if len(first) != 2 || len(again) != 1 || again[0] != first[0] || s.Pending() != 2 {
		t.Fatalf("%v, then %v, %d pending", first, again, s.Pending())
	}
	if rest := ids(`{"offset":100000002}`); len(rest) != 1 || rest[0] != 100000002 || s.Pending() != 1 {
		t.Errorf("%v, %d pending", rest, s.Pending())
	}
	if rest := ids(`{"offset":100000003}`); len(rest) != 0 || s.Pending() != 0 {
		t.Errorf("%v, %d pending", rest, s.Pending())
	}
}

func TestLongPollWakesAndGivesWay(t *testing.T) {
	t.Parallel()
	s := start(t)
	codes := make(chan int, 2)
	poll := func() {
		code, _ := ask(t, s, "getUpdates", jsonType, `{"timeout":15}`)
		codes <- code
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var polls sync.WaitGroup
	defer polls.Wait()
	polls.Go(poll)
	if err := s.Until(ctx, func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.poll == 1 }); err != nil {
		t.Fatal(err)
	}
	polls.Go(poll)
	if code := <-codes; code != http.StatusConflict || s.Conflicts() != 1 {
		t.Errorf("the older one got %d", code)
	}
	s.UserSays(5, "wake")
	if code := <-codes; code != 200 {
		t.Errorf("the newer one got %d", code)
	}
}

func TestFailuresComeOnCommand(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.UserSays(5, "hi")
	s.UserSays(6, "hi")
	const five, six = `{"chat_id":5,"text":"x"}`, `{"chat_id":6,"text":"x"}`
	s.Fail("sendMessage", TooMany(3).In(6), 1)
	s.Fail("sendMessage", Drop().Recorded(), 1)
	s.Fail("", HTML(502), -1)
	for i, c := range []struct {
		body string
		code int
	}{{six, 429}, {five, 0}, {five, 502}, {six, 502}} {
		if code, _ := ask(t, s, "sendMessage", jsonType, c.body); code != c.code {
			t.Errorf("call %d got %d", i, code)
		}
	}
	s.Heal()
	if code, _ := ask(t, s, "sendMessage", jsonType, five); code != 200 || len(s.Sent(5)) != 2 || len(s.Sent(6)) != 0 {
		t.Errorf("%d, recorded %d and %d", code, len(s.Sent(5)), len(s.Sent(6)))
	}
}

func TestStrictness(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.UserSays(5, "hi")
	for body, want := range map[string]int{
		`{"chat_id":9,"text":"x"}`:                                                     400,
		`{"chat_id":5,"text":" "}`:                                                     400,
		`{"chat_id":5,"text":"` + strings.Repeat("x", MaxText+1) + `"}`:                400,
		`{"chat_id":5,"text":"x","reply_markup":{"inline_keyboard":[[{"text":"a"}]]}}`: 400,
		`{"chat_id":5,"text":"x","reply_markup":{"inline_keyboard":[[{"text":"a","callback_data":"` + strings.Repeat("x", 65) + `"}]]}}`: 400,
		`{"chat_id":5,"text":"` + strings.Repeat("ы", MaxText) + `"}`:                                                                    200,
	} {
		if code, reply := ask(t, s, "sendMessage", jsonType, body); code != want {
			t.Errorf("%.60s: %d %s", body, code, reply)
		}
	}
	if code, _ := ask(t, s, "getUpdates", jsonType, `{"allowed_updates":["message"]}`); code != 200 || s.Push("poll", 1) != 0 {
		t.Error("a kind that was not asked for is queued")
	}
}

func TestHookIsServedInOrderUntilItTakes(t *testing.T) {
	t.Parallel()
	s := start(t)
	var mu sync.Mutex
	var got []string
	refusals := 2
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		var u struct{ Message struct{ Text string } }
		if json.NewDecoder(r.Body).Decode(&u) != nil || r.Header.Get("X-Telegram-Bot-Api-Secret-Token") != "s" || refusals > 0 {
			refusals--
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		got = append(got, u.Message.Text)
	}))
	t.Cleanup(site.Close)
	s.UserSays(5, "a")
	s.UserSays(6, "b")
	ask(t, s, "setWebhook", jsonType, `{"url":"`+site.URL+`","secret_token":"s"}`)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.Until(ctx, func() bool { return s.Pending() == 0 }); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if strings.Join(got, "") != "ab" {
		t.Errorf("delivered %q", got)
	}
	if code, _ := ask(t, s, "getUpdates", jsonType, `{}`); code != http.StatusConflict {
		t.Errorf("a poll beside the hook got %d", code)
	}
}
