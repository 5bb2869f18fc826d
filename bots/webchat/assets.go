package webchat

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
)

//go:embed assets
var shipped embed.FS

// assets are the parts of the page. Their folder is named by their content, so that browsers may keep them for good.
type assets struct {
	page   *template.Template
	widget []byte
	hash   string
	static map[string]asset
}

type asset struct {
	kind string
	body []byte
}

func readAssets() (*assets, error) {
	page, err := template.ParseFS(shipped, "assets/page.html")
	if err != nil {
		return nil, err
	}
	a := &assets{page: page, static: map[string]asset{}}
	if a.widget, err = shipped.ReadFile("assets/widget.js"); err != nil {
		return nil, err
	}
	listed, err := fs.ReadDir(shipped, "assets")
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	for _, f := range listed {
		kind := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}[path.Ext(f.Name())]
		if kind == "" {
			continue
		}
		body, err := shipped.ReadFile("assets/" + f.Name())
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(sum, "%s %d %s", f.Name(), len(body), body)
		a.static[f.Name()] = asset{kind, body}
	}
	a.hash = hex.EncodeToString(sum.Sum(nil)[:8])
	return a, nil
}

// assetGet gives a script or a style sheet of this version of the page.
func (c *Chat) assetGet(w http.ResponseWriter, r *http.Request) {
	a, ok := c.assets.static[r.PathValue("name")]
	if !ok || r.PathValue("hash") != c.assets.hash {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(a.body) // the reader has gone: nobody is left to tell
}
