package localpg

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestProgramChoosesTheOldestThatFits(t *testing.T) {
	dir := t.TempDir()
	fake := filepath.Join(dir, "pg_fake")
	if err := os.WriteFile(fake, []byte("#!/bin/sh\necho 'pg_fake (PostgreSQL) 21.3 (Some 21.3-1)'\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	for least, fits := range map[int]bool{15: true, 21: true, 22: false} {
		path, major, err := Program(t.Context(), "pg_fake", least)
		if fits && (err != nil || path != fake || major != 21) {
			t.Errorf("at least %d: %s %d, %v", least, path, major, err)
		}
		if !fits && !errors.Is(err, ErrNoProgram) {
			t.Errorf("at least %d: %v", least, err)
		}
	}
	if _, _, err := Program(t.Context(), "pg_nothing", 1); !errors.Is(err, ErrNoProgram) {
		t.Errorf("missing: %v", err)
	}
}
