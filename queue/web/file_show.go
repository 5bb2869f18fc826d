package web

import (
	"io"
	"mime"
	"net/http"
	"strconv"
)

// showFile sends the picture made anew from what a reader sent; nothing else is shown within the desk.
func showFile(v *visit) error {
	id := v.r.PathValue("id")
	return v.sendFile(id, "file "+id, true)
}

// sendFile opens the file, writes the look at the object to the audit log, and only then sends the first byte. A preview is shown; an original is
// handed over as it came: a browser must neither open it nor guess what it is.
func (v *visit) sendFile(id, object string, preview bool) error {
	body, info, err := v.File(v.ctx(), v.lib.ID, id, preview)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }() // only read
	how := "attachment"
	if preview {
		if how = "inline"; !shown(info.MediaType) {
			return errMissing
		}
	}
	if err := v.look(v.route.act, object); err != nil {
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

// shown reports whether a browser is given the type to show.
func shown(media string) bool {
	return media == "image/jpeg" || media == "image/png" || media == "image/webp"
}
