package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// TestReferenceListsEverySetting holds README's table and the program together, both ways.
func TestReferenceListsEverySetting(t *testing.T) {
	t.Parallel()
	rows := referenceRows(t)
	parser, err := kong.New(&commands{}, kong.Name("librarian"))
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, leaf := range parser.Model.Leaves(true) {
		for _, group := range leaf.AllFlags(true) {
			for _, f := range group {
				if f.Name == "help" {
					continue
				}
				known["--"+f.Name] = true
				row, ok := rows["--"+f.Name]
				if !ok {
					t.Errorf("README's reference lacks --%s of %s", f.Name, leaf.Path())
					continue
				}
				for _, want := range append(f.Envs, f.Default) {
					if want != "" && !strings.Contains(row, "`"+want+"`") {
						t.Errorf("README's reference says of --%s nothing of %q", f.Name, want)
					}
				}
			}
		}
	}
	for name := range rows {
		if !known[name] {
			t.Errorf("README's reference lists %s, which no command has", name)
		}
	}
}

// referenceRows are the rows of README's section "Configuration reference", by flag.
func referenceRows(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(text), "\n## Configuration reference\n")
	if !ok {
		t.Fatal("README has no configuration reference")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	rows := map[string]string{}
	for line := range strings.Lines(section) {
		if name, ok := strings.CutPrefix(line, "| `--"); ok {
			name, _, _ = strings.Cut(name, "`")
			rows["--"+name] = line
		}
	}
	return rows
}
