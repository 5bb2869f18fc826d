package localpg

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// script puts a program of that name on an otherwise empty PATH.
func script(t *testing.T, dir, name, body string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+body), 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestInstall(t *testing.T) {
	cases := []struct {
		name, apt string
		wantErr   bool
		wantOut   []string
	}{
		{"installs", "echo \"ran $*\"", false, []string{"+ ", "apt-get update", "ran update", "ran install -y --no-install-recommends postgresql"}},
		{"old lists do not stop it", "[ $1 = install ]", false, []string{"apt-get install"}},
		{"a failed installation is told", "[ $1 = update ]", true, []string{"apt-get install"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			script(t, dir, "apt-get", c.apt)
			script(t, dir, "env", "shift\nexec \"$@\"")
			script(t, dir, "sudo", "shift\nexec \"$@\"")
			script(t, dir, "true", "")
			t.Setenv("PATH", dir)
			var out strings.Builder
			if err := Install(t.Context(), &out); (err != nil) != c.wantErr {
				t.Fatalf("Install gives %v; output:\n%s", err, &out)
			}
			for _, want := range c.wantOut {
				if !strings.Contains(out.String(), want) {
					t.Errorf("output lacks %q:\n%s", want, &out)
				}
			}
		})
	}
}

func TestInstallWithoutApt(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	var out strings.Builder
	if err := Install(t.Context(), &out); !errors.Is(err, ErrCannotInstall) {
		t.Errorf("Install gives %v", err)
	}
}
