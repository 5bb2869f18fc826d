package contacts_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
	"librarian/contacts/library"
)

// revise gives the library another text of the consent.
func (w *world) revise(r contacts.Revision, version, text string) (now int, err error) {
	r.Library = w.lib
	err = w.do(func(ctx context.Context, tx pgx.Tx) error {
		now, err = contacts.ReviseSettings(ctx, tx, r, func(s *library.Settings) error {
			s.Registration.Consent = library.Consent{Version: version, Text: map[library.Lang]string{library.Russian: text, library.English: ""}}
			return nil
		})
		return err
	})
	return now, err
}

func TestTextsAreKeptInAllVersions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, c := range []struct {
		version, text string
		is            error
	}{
		{"2026-1", "Первый.", nil},
		{"2026-1", "Другой.", contacts.ErrTextVersion},
		{"2026-2", "Второй.", nil},
		{"2026-2", "Второй.", nil},
		{"2026-1", "Третий.", contacts.ErrVersionUsed},
		{"2026-1", "Первый.", nil}, // back to what was said before
	} {
		if _, err := w.revise(contacts.Revision{}, c.version, c.text); !errors.Is(err, c.is) {
			t.Errorf("change %d: %v", i, err)
		}
	}
	w.tx(func(ctx context.Context, tx pgx.Tx) error {
		return contacts.ChangeSettings(ctx, tx, w.lib, library.Settings{Registration: library.Registration{
			Wording: library.Wording{Version: "1", Text: map[string]map[library.Lang]string{"form_true": {library.Russian: "Всё верно."}}},
		}})
	})
	history, err := contacts.TextHistory(t.Context(), w.pool, w.lib, contacts.TextConsent)
	if err != nil || len(history) != 3 {
		t.Fatalf("history: %+v, %v", history, err)
	}
	for i, want := range []struct{ version, text string }{{"2026-1", "Первый."}, {"2026-2", "Второй."}, {"2026-1", "Первый."}} {
		sum := sha256.Sum256([]byte(want.text))
		if h := history[i]; h.Version != want.version || h.Text != want.text || h.Hash != hex.EncodeToString(sum[:]) || h.Lang != library.Russian || h.Since.IsZero() {
			t.Errorf("%d: %+v", i, h)
		}
	}
	papers, err := contacts.TextHistory(t.Context(), w.pool, w.lib, contacts.TextPapers)
	if err != nil || len(papers) != 1 || papers[0].Part != "form_true" || papers[0].Version != "1" {
		t.Errorf("papers: %+v, %v", papers, err)
	}
}

func TestOneOfTwoRevisionsWins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lib, err := contacts.Current(t.Context(), w.pool, w.lib)
	if err != nil {
		t.Fatal(err)
	}
	const heads = 6
	crowd := *w
	crowd.pool = wide(t, w.pool, heads)
	errs := together(heads, func(i int) error {
		_, err := crowd.revise(contacts.Revision{Base: lib.Version}, person(i), person(i))
		return err
	})
	won := 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, contacts.ErrSettingsChanged):
			t.Error(err)
		}
	}
	if won != 1 || w.count(`select count(*) from library_texts where library_id = $1`, w.lib) != 1 {
		t.Errorf("%d of %d have won", won, heads)
	}
	if _, err := contacts.Current(t.Context(), w.pool, 999); !errors.Is(err, contacts.ErrNotFound) {
		t.Errorf("unknown library: %v", err)
	}
}

// TestVersionThatWasAgreedTo: a text from before texts were kept has its version for good too.
func TestVersionThatWasAgreedTo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.consent(w.address("anna")) // to version 1, another text
	if _, err := w.revise(contacts.Revision{Library: w.lib}, "1", "new words"); !errors.Is(err, contacts.ErrVersionUsed) {
		t.Errorf("a version to which somebody has agreed: %v", err)
	}
	if _, err := w.revise(contacts.Revision{Library: w.lib}, "1", "text"); err != nil {
		t.Errorf("the text to which they agreed: %v", err)
	}
}

func TestARefusedRevisionChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	broken := errors.New("refused")
	for _, change := range []func(*library.Settings) error{
		func(s *library.Settings) error { s.Phone = "1"; return broken },
		func(s *library.Settings) error {
			s.Registration.Fields = []library.Field{{Key: "school", When: library.When{Key: "category"}}}
			return nil
		},
	} {
		err := w.do(func(ctx context.Context, tx pgx.Tx) error {
			_, err := contacts.ReviseSettings(ctx, tx, contacts.Revision{Library: w.lib}, change)
			return err
		})
		var field *library.FieldError
		var when *library.WhenError
		if !errors.Is(err, broken) && (!errors.As(err, &field) || !errors.As(err, &when) || field.Key != "school" || when.Key != "category") {
			t.Errorf("refused with %v", err)
		}
	}
	if lib, err := contacts.Current(t.Context(), w.pool, w.lib); err != nil || lib.Version != 1 || lib.Settings.Phone != "" {
		t.Errorf("%+v, %v", lib, err)
	}
}
