package telegram

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"librarian/bots"
	"librarian/contacts/library"
)

var (
	written = time.Unix(1767258000, 0).UTC()
	pressed = time.Unix(1767260000, 0).UTC()
)

// said by the reader of all payloads, plus what the case adds
func expect(add bots.Inbound) bots.Inbound {
	add.Library, add.Channel, add.Sender, add.Name = 3, 8, "7001", "Айта Иванова"
	if add.ID == "" {
		add.ID = "412"
	}
	if add.At.IsZero() {
		add.At = written
	}
	if add.Locale == "" {
		add.Locale = library.Russian
	}
	return add
}

func TestConvert(t *testing.T) {
	t.Parallel()
	full := bots.InboundFile{Ref: "AgACfull", MediaType: "image/jpeg", Size: 181204, Photo: true}
	document := bots.InboundFile{Ref: "BQACdoc", Name: "заявление.pdf", MediaType: "application/pdf", Size: 734003}
	limit := document
	limit.Size = 20 << 20
	unsupported := func(name string) []bots.RefusedUpload {
		return []bots.RefusedUpload{{Name: name, Reason: "unsupported"}}
	}
	want := map[string]bots.Inbound{
		"text":               expect(bots.Inbound{Text: "мой билет 123456\nспасибо"}),
		"start_payload":      expect(bots.Inbound{Text: "/start k3Zr9", Locale: library.English}),
		"photo":              expect(bots.Inbound{Text: "заявление", Files: []bots.InboundFile{full}}),
		"album":              expect(bots.Inbound{Album: "13874520987", Files: []bots.InboundFile{full}}),
		"document":           expect(bots.Inbound{Files: []bots.InboundFile{document}, Locale: library.Ukrainian}),
		"document_at_limit":  expect(bots.Inbound{Files: []bots.InboundFile{limit}}),
		"document_too_large": expect(bots.Inbound{Text: "вот", Refused: []bots.RefusedUpload{{Name: "заявление.pdf", Reason: "too_large"}}}),
		"reply":              expect(bots.Inbound{Text: "утеряна", Answers: string([]rune("Заказ № 12\n" + strings.Repeat("Длинное название ", 20))[:answeredMost])}),
		"reply_to_file":      expect(bots.Inbound{Text: "вот", Answers: "Лист заказа 12.pdf"}),
		"reply_to_self":      expect(bots.Inbound{Text: "спасибо"}),
		"contact_own":        expect(bots.Inbound{Phone: "+79141234567"}),
		"contact_other":      expect(bots.Inbound{Text: "Мама +79147654321"}),
		"contact_unknown":    expect(bots.Inbound{Text: "Служба спасения 112"}),
		"voice":              expect(bots.Inbound{Refused: unsupported("voice")}),
		"video":              expect(bots.Inbound{Text: "смотрите", Refused: unsupported("IMG_1.MOV")}),
		"animation":          expect(bots.Inbound{Refused: unsupported("animation")}),
		"sticker":            expect(bots.Inbound{Refused: unsupported("sticker")}),
		"location":           expect(bots.Inbound{Refused: unsupported("location")}),
		"edited":             expect(bots.Inbound{ID: "412@1767258123", Text: "билет 123457", At: time.Unix(1767258123, 0).UTC()}),
		"callback":           expect(bots.Inbound{ID: "cb:30069211", Turn: 12, Choice: "yes", At: pressed}),
		"callback_old":       expect(bots.Inbound{ID: "cb:30069212", Turn: 3, Choice: "card:my", At: pressed}),
		"blocked":            expect(bots.Inbound{ID: "gone:1767259000", Gone: true, At: time.Unix(1767259000, 0).UTC()}),
		"null_bytes":         expect(bots.Inbound{Text: "абв"}),
		"newer_than_us":      expect(bots.Inbound{Text: "слышно?"}),
	}
	nothing := []string{
		"group_photo", "group_removed", "channel_post", "service", "bot_writes", "unblocked", "callback_foreign", "callback_group",
	}
	for _, name := range nothing {
		want[name] = bots.Inbound{}
	}
	payloads, err := filepath.Glob("testdata/*.json")
	if err != nil || len(payloads) != len(want) {
		t.Fatalf("%d payloads for %d cases: %v", len(payloads), len(want), err)
	}
	for _, path := range payloads {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var u update
			if err := json.Unmarshal(raw, &u); err != nil {
				t.Fatal(err)
			}
			got, ok := convert(3, 8, &u, pressed)
			if ok != (want[name].ID != "") {
				t.Errorf("ok is %t", ok)
			}
			if !reflect.DeepEqual(got, want[name]) {
				t.Errorf("got\n%+v\nwant\n%+v", got, want[name])
			}
		})
	}
}

func TestLocale(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]library.Lang{
		"": "", "ru": "ru", "RU-ru": "ru", "uk": "uk", "en-US": "en", "sah": "sah", "kk": "ru", "be": "ru", "uz-latn": "ru", "de": "en", "pt-br": "en",
	} {
		if got := locale(code); got != want {
			t.Errorf("%q is %q, want %q", code, got, want)
		}
	}
}

func TestButtonData(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 62)
	for _, c := range []struct {
		turn   int
		choice string
		ok     bool
	}{
		{0, "yes", true},
		{12, "card:my", true},
		{7, long, true},    // 64 bytes
		{17, long, false},  // 65
		{7, "", false},     // nothing would come back
		{-1, "yes", false}, // no turn has this number
	} {
		data, fits := buttonData(c.turn, c.choice)
		turn, choice, ok := parseButton(data)
		if ok != c.ok || c.turn >= 0 && fits != c.ok {
			t.Errorf("%d %q: fits %t, read %t", c.turn, c.choice, fits, ok)
		}
		if ok && (turn != c.turn || choice != c.choice) {
			t.Errorf("%d %q came back as %d %q", c.turn, c.choice, turn, choice)
		}
	}
	for _, data := range []string{"", "yes", ":yes", "x:yes", "1:a\x00b", "99999999999999999999:yes"} {
		if _, _, ok := parseButton(data); ok {
			t.Errorf("%q was taken", data)
		}
	}
}

func FuzzConvert(f *testing.F) {
	payloads, err := filepath.Glob("testdata/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range payloads {
		raw, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var u update
		if json.Unmarshal(raw, &u) != nil {
			return
		}
		in, ok := convert(3, 8, &u, pressed)
		if !ok {
			return
		}
		if clean, cut := bots.Clean(in.Text); clean != in.Text || cut {
			t.Errorf("text not clean: %q", in.Text)
		}
		if in.Sender == "" || in.ID == "" || in.At.IsZero() && in.Gone {
			t.Errorf("no identity: %+v", in)
		}
	})
}
