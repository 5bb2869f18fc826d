package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"librarian/cmd/schema/pgtest"
	"librarian/contacts/library"
)

// TestMain lets this binary be the child processes that the tests need.
func TestMain(m *testing.M) {
	if len(os.Args) < 2 {
		os.Exit(m.Run())
	}
	switch os.Args[1] {
	case "decode":
		exit(serveDecode(os.Stdin, os.Stdout, patient))
	case "measured":
		exit(errors.Join(serveDecode(os.Stdin, os.Stdout, patient), tellPeak()))
	case "hang":
		exit(hang(os.Args[2]))
	case "chatter":
		exit(chatter())
	case "lie":
		exit(lie(os.Args[2]))
	case "hoard":
		exit(hoard())
	case "die":
		exit(die(os.Args[2], os.Args[3], os.Args[4], os.Args[5]))
	}
	os.Exit(m.Run())
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// patient is not hurried by the race detector or a busy machine.
var patient = patience{page: time.Minute, file: 10 * time.Minute}

// tellPeak writes the most memory that this process had, in kilobytes. What wait4 tells counts this program's parent in.
func tellPeak() error {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	_, peak, _ := strings.Cut(string(status), "VmHWM:")
	peak, _, _ = strings.Cut(peak, "kB")
	_, err = fmt.Fprintln(os.Stderr, strings.TrimSpace(peak))
	return err
}

// hang never answers and has a child of its own, whose id it leaves in a file.
func hang(path string) error {
	cmd := exec.CommandContext(context.Background(), "sleep", "300")
	if err := cmd.Start(); err != nil {
		return err
	}
	if err := os.WriteFile(path, []byte(strconv.Itoa(cmd.Process.Pid)), 0o600); err != nil {
		return err
	}
	fmt.Print(greeting)
	return cmd.Wait()
}

func chatter() error {
	fmt.Print(greeting)
	for {
		if _, err := os.Stdout.Write(make([]byte, 1<<16)); err != nil {
			return err
		}
	}
}

func lie(reply string) error {
	_, err := fmt.Print(greeting, reply)
	return err
}

// hoard takes all the memory it gets.
func hoard() error {
	if err := Confine(decodeMemory, 3*decodeTimeout); err != nil {
		return err
	}
	fmt.Print(greeting)
	var kept [][]byte
	for range 4 * decodeMemory >> 26 {
		kept = append(kept, make([]byte, 1<<26))
	}
	fmt.Printf("{}\n%d", len(kept))
	return nil
}

// die puts a file and kills itself on the way, as a power cut would.
func die(database, dir, keyFile, stage string) error {
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, database)
	if err != nil {
		return err
	}
	keys, err := ReadKeyFile(keyFile)
	if err != nil {
		return err
	}
	blobs, err := OpenBlobs(dir)
	if err != nil {
		return err
	}
	src := io.Reader(bytes.NewReader(make([]byte, 300_000)))
	switch stage {
	case "blob half written":
		src = io.MultiReader(src, readFunc(func([]byte) (int, error) { return 0, kill() }))
	case "blob written":
		blobs = dyingBlobs{blobs}
	}
	var lib library.ID
	if err := pool.QueryRow(ctx, "select id from libraries").Scan(&lib); err != nil {
		return err
	}
	_, err = NewStore(pool, keys, blobs, time.Now).Put(ctx, lib, src, Meta{}, 1<<20)
	return err
}

func kill() error { return syscall.Kill(os.Getpid(), syscall.SIGKILL) }

type dyingBlobs struct{ Blobs }

func (d dyingBlobs) Put(ctx context.Context, id ID, src io.Reader) error {
	if err := d.Blobs.Put(ctx, id, src); err != nil {
		return err
	}
	return kill()
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

// bench is a store with two libraries on a disk of its own.
type bench struct {
	*Store
	pool    *pgxpool.Pool
	dir     string
	keyFile string
	lib     library.ID
	other   library.ID
	clock   time.Time
}

func newBench(t testing.TB) *bench {
	t.Helper()
	b := &bench{pool: pgtest.New(t), dir: t.TempDir(), keyFile: t.TempDir() + "/key", clock: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	must(t, NewKeyFile(b.keyFile))
	keys, err := ReadKeyFile(b.keyFile)
	must(t, err)
	blobs, err := OpenBlobs(b.dir)
	must(t, err)
	b.Store = NewStore(b.pool, keys, blobs, func() time.Time { return b.clock })
	for slug, id := range map[string]*library.ID{"one": &b.lib, "two": &b.other} {
		must(t, b.pool.QueryRow(t.Context(), `insert into libraries (slug, zone, settings) values ($1, 'UTC', '{}') returning id`, slug).Scan(id))
	}
	return b
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// program skips the test where a program is missing, and fails it in CI.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is missing", name)
	}
	t.Skipf("%s is missing", name)
	return ""
}

// self is this test binary as a decoder's child.
func self(t *testing.T, args ...string) *Decoder {
	t.Helper()
	path, err := os.Executable()
	must(t, err)
	d := NewDecoder(append([]string{path}, args...))
	d.timeout = 3 * time.Minute // the race detector on a busy machine is slow
	return d
}
