package files

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestDeleteKeepsTheHashOnly(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	f := b.put(t, "passport of somebody.jpg", []byte("x"))
	must(t, b.Delete(t.Context(), b.lib, f.ID))
	must(t, b.Delete(t.Context(), b.lib, f.ID))
	after, err := b.Find(t.Context(), b.lib, f.ID)
	must(t, err)
	if after.State != Purged || after.PurgedAt == nil || !after.PurgedAt.Equal(b.clock) || after.Name != "" || !bytes.Equal(after.SHA256, f.SHA256) {
		t.Errorf("after: %+v", after)
	}
	if _, err := b.read(t.Context(), b.lib, f.ID); !errors.Is(err, ErrPurged) {
		t.Errorf("open: %v", err)
	}
	if left := remains(t, b.dir); len(left) != 0 || b.count(t, "pending_blobs") != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestPurgeHoldsWithItsTransaction(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	f := b.put(t, "", []byte("x"))
	stop := errors.New("rolled back")
	purge := func(end error) error {
		return pgx.BeginFunc(t.Context(), b.pool, func(tx pgx.Tx) error {
			return errors.Join(Purge(t.Context(), tx, b.lib, f.ID, b.clock), end)
		})
	}
	if err := purge(stop); !errors.Is(err, stop) {
		t.Fatal(err)
	}
	if n, err := b.Sweep(t.Context()); n != 0 || err != nil {
		t.Errorf("swept %d, %v", n, err)
	}
	if _, err := b.read(t.Context(), b.lib, f.ID); err != nil {
		t.Errorf("after a rollback: %v", err)
	}
	must(t, purge(nil))
	if n, err := b.Sweep(t.Context()); n != 1 || err != nil || len(remains(t, b.dir)) != 0 {
		t.Errorf("swept %d, %v", n, err)
	}
}

func TestKilledPutLeavesNoHalfFile(t *testing.T) {
	t.Parallel()
	for _, stage := range []string{"blob half written", "blob written"} {
		t.Run(stage, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			path, err := os.Executable()
			must(t, err)
			cmd := exec.CommandContext(t.Context(), path, "die", b.pool.Config().ConnString(), b.dir, b.keyFile, stage)
			out, err := cmd.CombinedOutput()
			if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
				t.Fatalf("the child did not kill itself: %v, %s", err, out)
			}
			if b.count(t, "files") != 0 || len(remains(t, b.dir)) != 1 {
				t.Errorf("%d files, on the disk %v", b.count(t, "files"), remains(t, b.dir))
			}
			b.clock = time.Now().Add(arrivalLimit - time.Hour)
			if n, err := b.Sweep(t.Context()); n != 0 || err != nil {
				t.Errorf("within the day %d were swept, %v", n, err)
			}
			b.clock = time.Now().Add(arrivalLimit + time.Hour)
			if n, err := b.Sweep(t.Context()); n != 1 || err != nil || len(remains(t, b.dir)) != 0 || b.count(t, "pending_blobs") != 0 {
				t.Errorf("after a day %d were swept, %v", n, err)
			}
		})
	}
}

func TestAPutThatWasSweptMakesNoFile(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	f, err := b.write(t.Context(), b.lib, strings.NewReader("x"), Meta{}, 10)
	must(t, err)
	b.clock = b.clock.Add(arrivalLimit)
	if n, err := b.Sweep(t.Context()); n != 1 || err != nil {
		t.Fatalf("swept %d, %v", n, err)
	}
	err = pgx.BeginFunc(t.Context(), b.pool, func(tx pgx.Tx) error { return insert(t.Context(), tx, f) })
	if !errors.Is(err, errVanished) || b.count(t, "files") != 0 {
		t.Errorf("insert: %v", err)
	}
}

func TestSweepGoesOnAfterAFailure(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var ids []ID
	for range 3 {
		f, err := b.write(t.Context(), b.lib, strings.NewReader("x"), Meta{}, 10)
		must(t, err)
		ids = append(ids, f.ID)
	}
	b.clock = b.clock.Add(arrivalLimit)
	whole := b.blobs
	b.blobs = stuckBlobs{whole, ids[1]}
	if n, err := b.Sweep(t.Context()); n != 2 || !errors.Is(err, errStuck) {
		t.Errorf("swept %d, %v", n, err)
	}
	b.blobs = whole
	if n, err := b.Sweep(t.Context()); n != 1 || err != nil {
		t.Errorf("then swept %d, %v", n, err)
	}
}

var errStuck = errors.New("disk says no")

// stuckBlobs do not let go of one blob.
type stuckBlobs struct {
	Blobs
	id ID
}

func (s stuckBlobs) Delete(ctx context.Context, id ID) error {
	if id == s.id {
		return errStuck
	}
	return s.Blobs.Delete(ctx, id)
}

func TestWhatNothingShowsIsPurgedAfterADay(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	shown, lost := b.put(t, "shown.txt", []byte("shown in a conversation")), b.put(t, "lost.txt", []byte("left by a repeat"))
	err := pgx.BeginFunc(t.Context(), b.pool, func(tx pgx.Tx) error { return Link(t.Context(), tx, b.lib, shown.ID) })
	if err != nil {
		t.Fatal(err)
	}
	sweep := func() {
		t.Helper()
		if _, err := b.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	sweep()
	if _, err := b.read(t.Context(), b.lib, lost.ID); err != nil {
		t.Fatalf("within the day: %v", err)
	}
	b.clock = b.clock.Add(25 * time.Hour)
	sweep()
	if _, err := b.read(t.Context(), b.lib, lost.ID); !errors.Is(err, ErrPurged) {
		t.Errorf("what nothing shows: %v, want ErrPurged", err)
	}
	if _, err := b.read(t.Context(), b.lib, shown.ID); err != nil {
		t.Errorf("what is shown: %v", err)
	}
}
