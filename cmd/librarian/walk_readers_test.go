package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"librarian/bots/email/letter"
	"librarian/bots/email/mailtest"
)

// chatReader is a visitor of the web chat who reads what is said there, by its HTTP interface alone.
type chatReader struct {
	*visitor
	heard int // answers before the last one that was acted on
}

// said is an answer as the page receives it.
type said struct {
	Out     int    `json:"out"`
	Side    string `json:"side"`
	Text    string `json:"text"`
	Turn    int    `json:"turn"`
	Choices []struct {
		ID    string `json:"id"`
		Label string `json:"label"`
	} `json:"choices"`
	Files []struct {
		ID string `json:"id"`
	} `json:"files"`
}

func (w *world) chatReader(name string) *chatReader {
	w.Helper()
	return &chatReader{visitor: w.visitor(name)}
}

// hears waits for an answer with the words, after those that were acted on.
func (r *chatReader) hears(words string) said {
	r.w.Helper()
	return r.waits(words, func(l said) bool { return strings.Contains(l.Text, words) })
}

// presses chooses the button with the words on it; what is heard next was said after that.
func (r *chatReader) presses(words string) {
	r.w.Helper()
	var id string
	l := r.waits("the button "+words, func(l said) bool {
		for _, c := range l.Choices {
			if strings.Contains(c.Label, words) {
				id = c.ID
			}
		}
		return id != ""
	})
	r.heard = l.Out
	if err := r.try(r.w.Context(), map[string]string{"choice": id, "turn": strconv.Itoa(l.Turn)}, nil); err != nil {
		r.w.Fatalf("%s: %v\n%s", words, err, r.w.log)
	}
}

// waits follows the stream from the first answer on until one is as wanted.
func (r *chatReader) waits(what string, wanted func(said) bool) said {
	r.w.Helper()
	ctx, cancel := context.WithTimeout(r.w.Context(), patienceOfTests)
	defer cancel()
	answer := r.get(ctx, "/events")
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	var others []string
	for event := ""; lines.Scan(); {
		if name, found := strings.CutPrefix(lines.Text(), "event: "); found {
			event = name
		}
		data, found := strings.CutPrefix(lines.Text(), "data: ")
		if !found || event != "entry" {
			continue
		}
		var l said
		if err := json.Unmarshal([]byte(data), &l); err != nil {
			r.w.Fatal(err)
		}
		if l.Side == "reader" || l.Out <= r.heard {
			continue
		}
		if wanted(l) {
			return l
		}
		others = append(others, l.Text)
	}
	r.w.Fatalf("in vain: %s; the chat says %q: %v\n%s", what, others, lines.Err(), r.w.log)
	return said{}
}

// file downloads the only file of the answer.
func (r *chatReader) file(l said) []byte {
	r.w.Helper()
	if len(l.Files) != 1 {
		r.w.Fatalf("%q comes with %d files", l.Text, len(l.Files))
	}
	answer := r.get(r.w.Context(), "/files/"+l.Files[0].ID)
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		r.w.Fatal(err)
	}
	return data
}

func (r *chatReader) get(ctx context.Context, path string) *http.Response {
	r.w.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+r.w.listen+"/chat/demo"+path, nil)
	if err != nil {
		r.w.Fatal(err)
	}
	client := http.Client{Jar: r.client.Jar} // a stream outlasts the time of one request
	answer, err := client.Do(request)
	if err != nil {
		r.w.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK {
		r.w.Fatalf("%s: %s", path, answer.Status)
	}
	return answer
}

// orders goes from the menu to the promise.
func (r *chatReader) orders(words, book, pages string) {
	r.w.Helper()
	r.says("меню")
	r.presses("Заказать фрагмент книги")
	r.hears("Какая книга нужна?")
	r.says(words)
	r.presses(book)
	r.hears("Какие страницы нужны?")
	r.says(pages)
	r.presses("Фото")
	r.presses("Принимаю, заказать")
	r.hears("самое позднее")
}

// mailReader writes letters to the library, each in answer to the last one that came.
type mailReader struct {
	w       *world
	post    *mailtest.Server
	user    string
	letters []letter.Letter
	wrote   int
}

var mailAddress = regexp.MustCompile(`[\w+.-]+@[\w.]+`)

// says writes a letter and gives the answer.
func (r *mailReader) says(words string) letter.Letter {
	r.w.Helper()
	to, from := ourAddress, r.user+"@"+mailtest.Domain
	if n := len(r.letters); n > 0 {
		to = mailAddress.FindString(r.letters[n-1].Header.Get("Reply-To"))
	}
	r.wrote++
	r.post.Post(r.w.T, from, to, letterOf(from, to, fmt.Sprintf("Message-ID: <%d@reader.test>\r\nSubject: Книга\r\n", r.wrote), words))
	return r.next()
}

// next waits for one more letter.
func (r *mailReader) next() letter.Letter {
	r.w.Helper()
	r.w.await(fmt.Sprintf("letter %d of %s", len(r.letters)+1, r.user), func() bool {
		came, err := filepath.Glob(filepath.Join(r.post.Maildir(r.user), "new", "*"))
		return err == nil && len(came) > len(r.letters)
	})
	r.letters = r.post.Letters(r.w.T, r.user, len(r.letters)+1)[:len(r.letters)+1]
	return r.letters[len(r.letters)-1]
}

// picks answers a letter that offers choices with the number of the one that has the words.
func (r *mailReader) picks(of letter.Letter, words string) letter.Letter {
	r.w.Helper()
	found := regexp.MustCompile(`(?m)^(\d+)\. .*` + regexp.QuoteMeta(words)).FindStringSubmatch(of.Text)
	if found == nil {
		r.w.Fatalf("the letter offers no %q:\n%s", words, of.Text)
	}
	return r.says(found[1])
}

// orders goes from the menu to the promise.
func (r *mailReader) orders(words, book, pages string) {
	r.w.Helper()
	which := r.picks(r.says("меню"), "Заказать фрагмент")
	if !strings.Contains(which.Text, "Какая книга нужна?") {
		r.w.Fatalf("asked\n%s", which.Text)
	}
	r.picks(r.says(words), book)
	placed := r.picks(r.picks(r.says(pages), "Фото"), "Принимаю")
	if !strings.Contains(placed.Text, "самое позднее") {
		r.w.Fatalf("answered\n%s", placed.Text)
	}
}

// attached is a file of a letter.
type attached struct {
	name string
	data []byte
}

// letterOf is a raw letter with these further headers, words and files.
func letterOf(from, to, headers, words string, files ...attached) []byte {
	var raw strings.Builder
	fmt.Fprintf(&raw, "From: %s\r\nTo: %s\r\n%sMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n", from, to, headers)
	fmt.Fprintf(&raw, "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n", words)
	for _, f := range files {
		fmt.Fprintf(&raw, "--b\r\nContent-Type: image/jpeg\r\nContent-Disposition: attachment; filename=%s\r\nContent-Transfer-Encoding: base64\r\n\r\n", f.name)
		for data := base64.StdEncoding.EncodeToString(f.data); data != ""; {
			n := min(76, len(data)) // RFC 2045
			raw.WriteString(data[:n] + "\r\n")
			data = data[n:]
		}
	}
	raw.WriteString("--b--\r\n")
	return []byte(raw.String())
}
