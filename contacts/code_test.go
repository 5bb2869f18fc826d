package contacts_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/cmd/schema/pgtest"
	"librarian/contacts"
)

func (w *world) newCode(from contacts.AddressID, target string, at time.Time) (code string, err error) {
	err = w.do(func(ctx context.Context, tx pgx.Tx) error {
		code, err = contacts.NewCode(ctx, tx, w.lib, from, target, at)
		return err
	})
	return code, err
}

func (w *world) sureCode(from contacts.AddressID, target string, at time.Time) string {
	w.Helper()
	code, err := w.newCode(from, target, at)
	if err != nil {
		w.Fatal(err)
	}
	return code
}

func (w *world) checkCode(from contacts.AddressID, target, code string, at time.Time) (right bool, left int, err error) {
	err = w.do(func(ctx context.Context, tx pgx.Tx) error {
		right, left, err = contacts.CheckCode(ctx, tx, w.lib, from, target, code, at)
		return err
	})
	return right, left, err
}

// wrong is another code.
func wrong(code string) string {
	if code == "123456" {
		return "654321"
	}
	return "123456"
}

func TestCodeIsRightOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	from := w.address("one").ID
	code := w.sureCode(from, "a@example.org", noon)
	if len(code) != 6 {
		t.Fatalf("a code of %d digits", len(code))
	}
	if right, left, err := w.checkCode(from, "a@example.org", "000", noon); right || left != 4 || err != nil {
		t.Errorf("a wrong one: %v, %d, %v", right, left, err)
	}
	if right, left, err := w.checkCode(from, "A@Example.org", code, noon.Add(10*time.Minute-time.Second)); !right || left != 3 || err != nil {
		t.Errorf("the right one: %v, %d, %v", right, left, err)
	}
	if right, _, err := w.checkCode(from, "a@example.org", code, noon.Add(time.Minute)); right || !errors.Is(err, contacts.ErrCodeOld) {
		t.Errorf("again: %v, %v", right, err)
	}
	if n := w.count(`select count(*) from codes where hash::text like '%' || $1 || '%' or target like '%example%'`, code); n != 0 {
		t.Error("the code or the address lies readable in the table")
	}
}

func TestCodeThatIsWorthNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, two := w.address("one").ID, w.address("two").ID
	const target, other = "a@example.org", "b@example.org"
	old := w.sureCode(one, target, noon)
	if _, _, err := w.checkCode(one, target, old, noon.Add(10*time.Minute)); !errors.Is(err, contacts.ErrCodeOld) {
		t.Errorf("after ten minutes: %v", err)
	}
	if _, _, err := w.checkCode(two, target, old, noon); !errors.Is(err, contacts.ErrCodeOld) {
		t.Errorf("of another conversation: %v", err)
	}
	if _, _, err := w.checkCode(one, other, old, noon); !errors.Is(err, contacts.ErrCodeOld) {
		t.Errorf("for another address: %v", err)
	}
	newer := w.sureCode(one, target, noon.Add(time.Second))
	for newer == old { // one in a million
		newer = w.sureCode(one, target, noon.Add(time.Second))
	}
	if right, _, err := w.checkCode(one, target, old, noon.Add(time.Second)); right || err != nil {
		t.Errorf("the code before the last: %v, %v", right, err)
	}
	if right, _, err := w.checkCode(one, target, newer, noon.Add(time.Second)); !right || err != nil {
		t.Errorf("the last: %v, %v", right, err)
	}
	if right, _, err := w.checkCode(one, target, old, noon.Add(time.Second)); right || !errors.Is(err, contacts.ErrCodeOld) {
		t.Errorf("the code before the one that was used: %v, %v", right, err)
	}
	third := w.sureCode(one, target, noon.Add(2*time.Second))
	w.sureCode(one, other, noon.Add(2*time.Hour))
	if right, _, err := w.checkCode(one, target, third, noon.Add(3*time.Second)); right || !errors.Is(err, contacts.ErrCodeOld) {
		t.Errorf("after a code for another address: %v, %v", right, err)
	}
}

func TestCodeAnswersTheSameForKnownAndUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	known := w.address("reader@example.org").ID
	w.sureCode(known, "elsewhere@example.org", noon)
	asks := w.address("stranger").ID
	for _, target := range []string{"reader@example.org", "nobody@example.org"} {
		if _, left, err := w.checkCode(asks, target, "123456", noon); left != 0 || !errors.Is(err, contacts.ErrCodeOld) {
			t.Errorf("%s before a code: %d, %v", target, left, err)
		}
		code := w.sureCode(asks, target, noon)
		if right, left, err := w.checkCode(asks, target, wrong(code), noon); right || left != 4 || err != nil {
			t.Errorf("%s: %v, %d, %v", target, right, left, err)
		}
	}
}

func TestCodesAnHour(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, two := w.address("one").ID, w.address("two").ID
	for i := range 3 {
		w.sureCode(one, fmt.Sprintf("%d@example.org", i), noon)
	}
	if _, err := w.newCode(one, "more@example.org", noon.Add(time.Hour-time.Second)); !errors.Is(err, contacts.ErrTooManyCodes) {
		t.Errorf("a fourth of one sender: %v", err)
	}
	w.sureCode(one, "more@example.org", noon.Add(time.Hour))
	w.sureCode(two, "0@example.org", noon)
	w.sureCode(two, "0@EXAMPLE.org", noon)
	if _, err := w.newCode(w.address("three").ID, "0@example.ORG", noon); !errors.Is(err, contacts.ErrTooManyCodes) {
		t.Errorf("a fourth to one address: %v", err)
	}
}

func TestCodesAnHourTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pool = wide(t, w.pool, 16)
	senders := make([]contacts.AddressID, 16)
	for i := range senders {
		senders[i] = w.address(person(i)).ID
	}
	for round := range pgtest.Rounds(t, 5) {
		at := noon.Add(time.Duration(round) * 24 * time.Hour)
		for name, ask := range map[string]func(i int) error{
			"one address": func(i int) error {
				_, err := w.newCode(senders[i], fmt.Sprintf("%d@example.org", round), at)
				return err
			},
			"one sender": func(i int) error {
				_, err := w.newCode(senders[0], fmt.Sprintf("%d-%d@example.org", round, i), at.Add(12*time.Hour))
				return err
			},
		} {
			sent := 0
			for _, err := range together(16, ask) {
				switch {
				case err == nil:
					sent++
				case !errors.Is(err, contacts.ErrTooManyCodes):
					t.Fatal(err)
				}
			}
			if sent != 3 {
				t.Errorf("%s, round %d: %d codes in an hour", name, round, sent)
			}
		}
	}
}

func TestTriesTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pool = wide(t, w.pool, 16)
	for round := range pgtest.Rounds(t, 5) {
		from := w.address(person(round)).ID
		target := fmt.Sprintf("%d@example.org", round)
		code := w.sureCode(from, target, noon)
		lefts := make([]int, 16)
		errs := together(16, func(i int) error {
			right, left, err := w.checkCode(from, target, wrong(code), noon)
			if right {
				return errors.New("a wrong code is right")
			}
			lefts[i] = left
			return err
		})
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		slices.Sort(lefts)
		if !slices.Equal(lefts[11:], []int{0, 1, 2, 3, 4}) || lefts[11] != lefts[0] {
			t.Errorf("tries left: %v", lefts)
		}
		if n := w.count(`select max(tries) from codes where address_id = $1`, from); n != 5 {
			t.Errorf("%d tries", n)
		}
		if right, left, err := w.checkCode(from, target, code, noon); right || left != 0 || err != nil {
			t.Errorf("the right code after five tries: %v, %d, %v", right, left, err)
		}
	}
}

func TestRightCodeTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	from := w.address("one").ID
	code := w.sureCode(from, "a@example.org", noon)
	var rights atomic.Int32
	for _, err := range together(8, func(int) error {
		right, _, err := w.checkCode(from, "a@example.org", code, noon)
		if right {
			rights.Add(1)
		}
		return err
	}) {
		if err != nil && !errors.Is(err, contacts.ErrCodeOld) {
			t.Fatal(err)
		}
	}
	if rights.Load() != 1 {
		t.Errorf("the code was right %d times", rights.Load())
	}
}

func TestForgetCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	from := w.address("one").ID
	w.sureCode(from, "a@example.org", noon.Add(-25*time.Hour))
	w.sureCode(from, "a@example.org", noon.Add(-23*time.Hour))
	if n, err := contacts.ForgetCodes(t.Context(), w.pool, noon); n != 1 || err != nil {
		t.Errorf("forgot %d, %v", n, err)
	}
}
