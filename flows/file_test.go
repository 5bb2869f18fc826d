package flows

import (
	"strings"
	"testing"
)

// TestLostFileIsCalledByItsName, as far as it can be said.
func TestLostFileIsCalledByItsName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"IMG_0001.jpg": "IMG_0001.jpg", "": "", " \n ": "", "…": "", "a\u202egpj.exe": "agpj.exe", "one\r\ntwo.pdf": "one two.pdf", "a\xff.jpg": "a.jpg",
		strings.Repeat("я", 500): strings.Repeat("я", 80) + "…",
	} {
		var out Turn
		if usable := out.refuse([]Finding{{Problem: problemLost, Name: name}}); usable || len(out.Say) != 1 {
			t.Fatalf("%q: %+v", name, out.Say)
		}
		line := out.Say[0].Lines[0]
		if got, _ := line.Fields["name"].(string); got != want || (line.Key == "files.lost_photo") != (want == "") {
			t.Errorf("%q: %s %q", name, line.Key, got)
		}
	}
}
