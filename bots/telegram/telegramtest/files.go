package telegramtest

import (
	"bytes"
	"context"
	"net/http"
	"path"
	"strings"
)

// file is one that a user has sent.
type file struct {
	id, path, name string
	data           []byte
}

func (s *Server) keep(folder, name string, data []byte) file {
	s.mu.Lock()
	defer s.mu.Unlock()
	number := s.nextID()
	ext := path.Ext(name)
	if folder == "photos" {
		ext = ".jpg"
	}
	f := file{id: "file-" + number, path: folder + "/file_" + number + ext, name: name, data: bytes.Clone(data)}
	s.files[f.id], s.paths[f.path] = f, f.id
	return f
}

// Forget lets the files that users have sent go, as Telegram may: they are still announced, but cannot be downloaded.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.paths)
}

func (s *Server) getFile(_ context.Context, p params) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.files[p.text["file_id"]]
	switch {
	case !ok:
		return nil, refusal(http.StatusBadRequest, "Bad Request: invalid file_id")
	case len(f.data) > MaxDownload:
		return nil, refusal(http.StatusBadRequest, "Bad Request: file is too big")
	}
	return map[string]any{"file_id": f.id, "file_unique_id": "u" + f.id, "file_size": len(f.data), "file_path": f.path}, nil
}

// download serves token/path.
func (s *Server) download(w http.ResponseWriter, r *http.Request, where string) {
	if fail := s.failure("download", 0); fail != nil {
		fail.write(r.Context(), w)
		return
	}
	token, at, _ := strings.Cut(where, "/")
	s.mu.Lock()
	f, ok := s.files[s.paths[at]]
	s.mu.Unlock()
	if token != s.Token || !ok {
		write(w, nil, refusal(http.StatusNotFound, "Not Found"))
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write(f.data) // the caller may be gone
}
