package pickup

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"net/http"
)

//go:embed assets
var shipped embed.FS

// assets are the page and its style, which is named by its content.
type assets struct {
	page  *template.Template
	style []byte
	name  string
	path  string
}

func readAssets() (a assets, err error) {
	if a.page, err = template.ParseFS(shipped, "assets/page.html"); err != nil {
		return a, err
	}
	if a.style, err = shipped.ReadFile("assets/page.css"); err != nil {
		return a, err
	}
	sum := sha256.Sum256(a.style)
	a.name = hex.EncodeToString(sum[:8]) + ".css"
	a.path = "/get/assets/" + a.name
	return a, nil
}

// styleGet gives the style of this version of the page.
func (c *Counter) styleGet(w http.ResponseWriter, r *http.Request) {
	if r.PathValue("name") != c.assets.name {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/css; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(c.assets.style) // the reader has gone
}
