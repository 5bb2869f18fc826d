package papers

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"testing"
)

// TestExamples: each is a small picture of the promised size, no two are the same. LIBRARIAN_SCREENSHOTS names a folder to look at them.
func TestExamples(t *testing.T) {
	t.Parallel()
	seen := map[string]Example{}
	for _, e := range Examples() {
		data, err := DrawExample(e)
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatalf("%s: %v", e, err)
		}
		if size := img.Bounds().Size(); size.X != exampleWide || size.Y != exampleHigh || len(data) > 60_000 {
			t.Errorf("%s: %v, %d bytes", e, size, len(data))
		}
		if other, twice := seen[string(data)]; twice {
			t.Errorf("%s is %s", e, other)
		}
		seen[string(data)] = e
		if dir := os.Getenv("LIBRARIAN_SCREENSHOTS"); dir != "" {
			if err := os.WriteFile(filepath.Join(dir, "example_"+string(e)+".png"), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := DrawExample("none"); err == nil {
		t.Error("a picture of nothing")
	}
}
