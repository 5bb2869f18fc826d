package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestStockIsImportedAndFound: a file goes in, again changes nothing, what is refused is named by its line, and a search finds the copies.
func TestStockIsImportedAndFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := filepath.Join(t.TempDir(), "books.csv")
	table := "id,title,author,colour,siglum,fund,inventory\n1,Якуты,Серошевский,red,КХ,краеведение,К-1\n2,,Никто,,,,\n"
	if err := os.WriteFile(file, []byte(table), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"added 1, changed 0, unchanged 0, refused 1", "added 0, changed 0, unchanged 1, refused 1"} {
		out := w.must("stock", "import", "--library", "demo", file)
		for _, part := range []string{want, "columns that are not taken over: colour", "refused record 3: it has no title"} {
			if !strings.Contains(out, part) {
				t.Errorf("no word of %q: %s", part, out)
			}
		}
	}
	if out := w.must("stock", "find", "--library", "demo", "якутов", "серошевского"); !strings.Contains(out, "Серошевский. Якуты.") || !strings.Contains(out, "КХ  краеведение  К-1  in") {
		t.Errorf("found: %s", out)
	}
	xml := filepath.Join(t.TempDir(), "books.mrc.xml")
	record := `<record><leader>00000nam</leader><datafield tag="200"><subfield code="a">Олонхо</subfield></datafield><datafield tag="899"><subfield code="x">СБ</subfield></datafield></record>`
	if err := os.WriteFile(xml, []byte(record), 0o600); err != nil {
		t.Fatal(err)
	}
	w.must("stock", "import", "--library", "demo", "--copies", "xbp", xml)
	if out := w.must("stock", "find", "--library", "demo", "олоҥхо"); !strings.Contains(out, "СБ") {
		t.Errorf("found: %s", out)
	}
	for _, args := range [][]string{{"--copies", "ab", xml}, {"--format", "csv", xml}, {filepath.Join(t.TempDir(), "none.csv")}} {
		if out, err := w.run(append([]string{"stock", "import", "--library", "demo"}, args...)...); err == nil {
			t.Errorf("%v: %s", args, out)
		}
	}
}
