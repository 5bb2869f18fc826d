package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"

	"librarian/contacts/library"
	"librarian/templates"
)

//go:embed pages
var pageFiles embed.FS

//go:embed static
var staticFiles embed.FS

// pages are the parsed pages and fragments, by language and name.
type pages map[library.Lang]map[string]*template.Template

// parts holds the layout and all fragments, under this name.
const parts = ""

// loadPages parses every page once for each language, so that a page finds its texts without being handed them.
func (s *Site) loadPages() (pages, error) {
	names, err := fs.Glob(pageFiles, "pages/*.html")
	if err != nil {
		return nil, err
	}
	out := pages{}
	for _, lang := range library.Langs() {
		shared, err := template.New("").Funcs(s.funcs(lang)).ParseFS(pageFiles, "pages/layout.html", "pages/*_parts.html", "pages/task_*.html")
		if err != nil {
			return nil, err
		}
		out[lang] = map[string]*template.Template{parts: shared}
		for _, file := range names {
			name := strings.TrimSuffix(path.Base(file), ".html")
			if name == "layout" || strings.HasSuffix(name, "_parts") || strings.HasPrefix(name, "task_") {
				continue
			}
			page, err := shared.Clone()
			if err != nil {
				return nil, err
			}
			if out[lang][name], err = page.ParseFS(pageFiles, file); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

func (s *Site) funcs(lang library.Lang) template.FuncMap {
	return template.FuncMap{
		"t":     func(key string, pairs ...any) (string, error) { return s.text(lang, key, pairs...) },
		"asset": func(name string) string { return "/desk/static/" + name + "?" + s.assets[name].version },
		"inc":   func(n int) int { return n + 1 },
	}
}

// text is the text of the key with its fields, given as name and value by turns. A text that lacks in the language is said in another.
func (s *Site) text(lang library.Lang, key string, pairs ...any) (string, error) {
	if len(pairs)%2 != 0 {
		return "", fmt.Errorf("text %s: a field without a value", key)
	}
	fields := templates.Fields{}
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return "", fmt.Errorf("text %s: the name of a field is a %T", key, pairs[i])
		}
		fields[name] = pairs[i+1]
	}
	said, err := s.Texts.Render(lang, key, fields)
	if said == "" || err != nil && !errors.Is(err, templates.ErrNoText) {
		return said, err
	}
	return said, nil
}

// t is a text for the page. What is missing is logged, and its key shown: a page with a gap is better than none.
func (v *visit) t(key string, pairs ...any) string {
	said, err := v.text(v.lang, key, pairs...)
	if err != nil {
		v.Log.ErrorContext(v.ctx(), "desk: text", "key", key, "error", err)
	}
	if said == "" {
		return key
	}
	return said
}

// show sends a page; its data embeds a frame.
func (v *visit) show(page string, status int, data any) error {
	return v.execute(page, "layout", status, data)
}

// part sends a fragment, for htmx to put in its place.
func (v *visit) part(name string, data any) error {
	return v.execute(parts, name, http.StatusOK, data)
}

// execute writes nothing before all of it is made, so that an error still gets its own page.
func (v *visit) execute(page, name string, status int, data any) error {
	set := v.pages[v.lang][page]
	if set == nil {
		return fmt.Errorf("no page %s in %s", page, v.lang)
	}
	var out bytes.Buffer
	if err := set.ExecuteTemplate(&out, name, data); err != nil {
		return fmt.Errorf("make page %s: %w", page+name, err)
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(status)
	_, _ = v.w.Write(out.Bytes()) // the reader may be gone; nobody is left to be told
	return nil
}

// asset is a static file; its version is part of its address, so that browsers may keep it.
type asset struct {
	data      []byte
	mediaType string
	version   string
}

func loadAssets() (map[string]asset, error) {
	entries, err := staticFiles.ReadDir("static")
	if err != nil {
		return nil, err
	}
	out := map[string]asset{}
	for _, entry := range entries {
		data, err := staticFiles.ReadFile("static/" + entry.Name())
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(data)
		mediaType := mime.TypeByExtension(path.Ext(entry.Name()))
		if mediaType == "" {
			mediaType = "text/plain; charset=utf-8"
		}
		out[entry.Name()] = asset{data, mediaType, base64.RawURLEncoding.EncodeToString(sum[:9])}
	}
	return out, nil
}
