package web

import (
	"bytes"
	"net/http"
	"time"
)

func showStatic(v *visit) error {
	name := v.r.PathValue("name")
	file, ok := v.assets[name]
	if !ok {
		return errMissing
	}
	h := v.w.Header()
	h.Set("Content-Type", file.mediaType)
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", `"`+file.version+`"`)
	if v.r.URL.RawQuery == file.version {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	http.ServeContent(v.w, v.r, name, time.Time{}, bytes.NewReader(file.data))
	return nil
}
