package runner_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image/png"
	"io"
	"testing"
	"time"

	"librarian/bots/files"
	"librarian/contacts/library"
	"librarian/contacts/papers"
)

// TestExampleIsShownOnce: whoever sends what cannot be a paper sees how it should look, in their language, once a day and not once a photo.
func TestExampleIsShownOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.examples = func(e papers.Example) ([]byte, error) {
		if e == papers.ExamplePhoto {
			return papers.DrawExample(e)
		}
		return []byte(e), nil
	}
	photographed := settings()
	photographed.Registration.ConsentPhoto = true
	document, err := json.Marshal(photographed)
	if err != nil {
		t.Fatal(err)
	}
	w.exec(`update libraries set settings = $2 where id = $1`, w.lib, document)
	i := w.start()
	const all = 2 * 8 // languages of the library, examples
	w.await("the examples are kept", func() bool { return i.ExamplesKept() == all })
	for sender, lang := range map[string]library.Lang{"anna": library.Russian, "ann": library.English} {
		w.say(i, sender, "меню")
		for _, choice := range []string{"lang:" + string(lang), "register", "self", "yes"} {
			w.press(i, sender, choice)
		}
	}
	for sender, name := range map[string]string{
		"anna": "Что прислать: слева другой файл, справа фотография листа.png",
		"ann":  "What to send: some other file on the left, a photo of the sheet on the right.png",
	} {
		for n := range 4 {
			w.receive(i, w.photo(sender, fmt.Sprintf("%s%d", sender, n), "album"))
		}
		w.inspected(sender, 4)
		w.pass(3 * time.Second)
		w.settle(sender)
		w.receive(i, w.photo(sender, sender+"last", ""))
		w.inspected(sender, 5)
		w.pass(3 * time.Second)
		w.settle(sender)
		shown := w.strings(`select json_array_elements_text(body -> 'files') from outbox where conversation_id = $1`, w.conv(sender))
		if len(shown) != 1 {
			t.Fatalf("%s is shown %d pictures", sender, len(shown))
		}
		body, f, err := w.store.Open(t.Context(), w.lib, files.ID(shown[0]))
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := png.Decode(bytes.NewReader(data)); err != nil || f.Name != name || f.MediaType != "image/png" {
			t.Errorf("%s: %q, %s, %v", sender, f.Name, f.MediaType, err)
		}
	}

	i.stop()
	again := w.start() // another process, or the same after a crash: nothing is drawn twice
	w.await("the examples are known", func() bool { return again.ExamplesKept() == all })
	if n := w.count(`select count(*) from paper_examples e join files f on f.id = e.file_id and f.linked`); n != all {
		t.Errorf("%d examples kept", n)
	}
	if n := w.count(`select count(*) from files where name like '%.png'`); n != all {
		t.Errorf("%d pictures drawn", n)
	}
}
