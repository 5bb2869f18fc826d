package web

import (
	"io"
	"mime"
	"net/http"
	"strconv"
)

// showFile sends the picture made anew from what a reader sent; nothing else is shown within the desk.
func showFile(v *visit) error {
	return v.sendFile(true, func(info FileInfo) (string, bool) {
		switch info.MediaType {
		case "image/jpeg", "image/png", "image/webp":
			return "inline", true
		}
		return "", false
	})
}

// sendFile opens the file, writes the look to the audit log, and only then sends the first byte.
func (v *visit) sendFile(preview bool, disposition func(FileInfo) (string, bool)) error {
	id := v.r.PathValue("id")
	body, info, err := v.File(v.ctx(), v.lib.ID, id, preview)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }() // only read
	how, ok := disposition(info)
	if !ok {
		return errMissing
	}
	if err := v.look(v.route.act, "file "+id); err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", info.MediaType)
	h.Set("Content-Disposition", how)
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	if info.Name != "" {
		h.Set("Content-Disposition", mime.FormatMediaType(how, map[string]string{"filename": info.Name}))
	}
	if info.Size >= 0 {
		h.Set("Content-Length", strconv.FormatInt(info.Size, 10))
	}
	if v.r.Method == http.MethodHead {
		return nil
	}
	if _, err := io.Copy(v.w, body); err != nil && v.ctx().Err() == nil {
		v.Log.ErrorContext(v.ctx(), "desk: send file", "file", id, "error", err)
		panic(http.ErrAbortHandler) // half a file must not look like a whole one
	}
	return nil
}
