package templates

import (
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"librarian/contacts/library"
)

func TestEveryTextIsSaid(t *testing.T) {
	t.Parallel()
	quoted, err := quotedIn(os.DirFS(".."))
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]bool{}
	for _, s := range quoted {
		said[s] = true
	}
	for key := range shippedMessages(t, library.Russian) {
		if !said[key] {
			t.Errorf("%s is said nowhere: no Go or HTML source has it whole and quoted", key)
		}
	}
}

func TestQuotedIn(t *testing.T) {
	t.Parallel()
	for name, src := range map[string]string{
		"a.go":        "package a\nconst k = \"menu.hello\"",
		"raw.go":      "package a\nvar _ = say(`menu.hello`)",
		"broken.go":   "package a\nfunc { say(\"menu.hello\")",
		"page.html":   `<p>{{.Say "menu.hello"}}</p>`,
		"a/page.html": "<p>{{.Say `menu.hello`}}</p>",
	} {
		if found, err := quotedIn(fstest.MapFS{name: {Data: []byte(src)}}); err != nil || !slices.Contains(found, "menu.hello") {
			t.Errorf("%s: %q, %v", name, found, err)
		}
	}
	for name, src := range map[string]string{
		"comment.go":      "package a\n// \"menu.hello\"",
		"part.go":         "package a\nconst k = \"see menu.hello\"",
		"joined.go":       "package a\nconst k = \"menu.\" + \"hello\"",
		"a_test.go":       "package a\nconst k = \"menu.hello\"",
		"testdata/a.go":   "package a\nconst k = \"menu.hello\"",
		".git/a.go":       "package a\nconst k = \"menu.hello\"",
		"notes.txt":       `"menu.hello"`,
		"unquoted.html":   `<p>menu.hello</p>`,
		"differently.htm": `"menu.hello"`,
	} {
		if found, err := quotedIn(fstest.MapFS{name: {Data: []byte(src)}}); err != nil || slices.Contains(found, "menu.hello") {
			t.Errorf("%s: %q, %v", name, found, err)
		}
	}
}

// quotedIn are the quoted strings of the Go and HTML sources that are part of the program. Go is only cut into tokens, so that a file that
// does not compile yet is read too.
func quotedIn(root fs.FS) ([]string, error) {
	var out []string
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := path.Base(name)
		if entry.IsDir() {
			if base == "testdata" || base != "." && strings.HasPrefix(base, ".") {
				return fs.SkipDir
			}
			return nil
		}
		isGo := path.Ext(base) == ".go" && !strings.HasSuffix(base, "_test.go")
		if !isGo && path.Ext(base) != ".html" {
			return nil
		}
		src, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		if isGo {
			out = append(out, goStrings(src)...)
		} else {
			out = append(out, pageStrings(src)...)
		}
		return nil
	})
	return out, err
}

func goStrings(src []byte) []string {
	var s scanner.Scanner
	files := token.NewFileSet()
	s.Init(files.AddFile("", files.Base(), len(src)), src, func(token.Position, string) {}, 0)
	var out []string
	for {
		_, kind, literal := s.Scan()
		if kind == token.EOF {
			return out
		}
		if kind != token.STRING {
			continue
		}
		if value, err := strconv.Unquote(literal); err == nil {
			out = append(out, value)
		}
	}
}

func pageStrings(src []byte) []string {
	var out []string
	for _, quoted := range regexp.MustCompile("[\"'`]([a-z0-9_]+\\.[a-z0-9_]+)[\"'`]").FindAllSubmatch(src, -1) {
		out = append(out, string(quoted[1]))
	}
	return out
}
