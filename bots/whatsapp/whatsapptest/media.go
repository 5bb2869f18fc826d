package whatsapptest

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/util/cbcutil"
	"go.mau.fi/whatsmeow/util/hkdfutil"
)

const (
	mediaAddress = "mmg.whatsapp.net"
	mediaAuth    = "whatsapptest"
	macLen       = 10
	// maxUpload is what WhatsApp takes of a document.
	maxUpload = 2 << 30
)

// mediaHost is where files lie, encrypted. It is under the server's lock.
type mediaHost struct {
	blobs   map[string][]byte // by path
	dropped map[string]bool   // what is not given out any more; the phone that sent it has it still
	count   int
}

func mediaHosts() node {
	return node{
		Tag: "media_conn", Attrs: attrs{"auth": mediaAuth, "ttl": 300, "auth_ttl": 21600, "max_buckets": 12},
		Content: []node{{Tag: "host", Attrs: attrs{"hostname": mediaAddress}}},
	}
}

// keep puts an encrypted file on the host; the lock is held. It gives the path, in the form that clients need.
func (h *mediaHost) keep(blob []byte) string {
	h.count++
	sum := sha256.Sum256(blob)
	path := fmt.Sprintf("/v/t62.%d/%s", h.count, base64.RawURLEncoding.EncodeToString(sum[:]))
	h.blobs[path] = blob
	return path + "?ccb=11-4"
}

// at is the path without its parameters.
func at(path string) string {
	path, _, _ = strings.Cut(path, "?")
	return path
}

func (s *Server) upload(w http.ResponseWriter, r *http.Request) {
	blob, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxUpload))
	sum := sha256.Sum256(blob)
	switch {
	case err != nil:
		http.Error(w, "broken", http.StatusBadRequest)
		return
	case r.URL.Query().Get("auth") != mediaAuth:
		http.Error(w, "auth", http.StatusUnauthorized)
		return
	case r.PathValue("token") != base64.URLEncoding.EncodeToString(sum[:]):
		http.Error(w, "token", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	path := s.media.keep(blob)
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"url": "https://" + mediaAddress + path, "direct_path": path}) // a client that is gone
}

func (s *Server) download(w http.ResponseWriter, r *http.Request) {
	if hook := s.hooks().media; hook != nil {
		hook()
	}
	s.mu.Lock()
	blob, known := s.media.blobs[r.URL.Path]
	slow, dropped := s.faults.slow, s.media.dropped[r.URL.Path]
	s.mu.Unlock()
	select {
	case <-time.After(slow):
	case <-r.Context().Done():
		return
	}
	switch {
	case !known:
		http.Error(w, "not found", http.StatusNotFound)
	case dropped:
		http.Error(w, "gone", http.StatusGone)
	default:
		_, _ = w.Write(blob) // a client that is gone
	}
}

// sealed is a file as a phone sends it up.
type sealed struct {
	url, path           string
	key, plainSum, hash []byte
	size                uint64
}

// mediaKeys are the initial vector, the key of the cipher and that of the code.
func mediaKeys(key []byte, kind whatsmeow.MediaType) (vector, cipher, mac []byte) {
	all := hkdfutil.SHA256(key, nil, []byte(kind), 112)
	return all[:16], all[16:48], all[48:80]
}

func mediaMAC(key, vector, ciphertext []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(vector)
	h.Write(ciphertext)
	return h.Sum(nil)[:macLen]
}

// store encrypts a file and puts it on the host.
func (s *Server) store(data []byte, kind whatsmeow.MediaType) (sealed, error) {
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return sealed{}, err
	}
	vector, cipher, mac := mediaKeys(key, kind)
	ciphertext, err := cbcutil.Encrypt(cipher, vector, bytes.Clone(data))
	if err != nil {
		return sealed{}, fmt.Errorf("encrypt a file: %w", err)
	}
	blob := slices.Concat(ciphertext, mediaMAC(mac, vector, ciphertext))
	plainSum, hash := sha256.Sum256(data), sha256.Sum256(blob)
	s.mu.Lock()
	defer s.mu.Unlock()
	path := s.media.keep(blob)
	return sealed{"https://" + mediaAddress + path, path, key, plainSum[:], hash[:], uint64(len(data))}, nil
}

// Open gives the file that a message points to, such as Sent.Message.GetDocumentMessage().
func (s *Server) Open(m whatsmeow.DownloadableMessage) ([]byte, error) {
	s.mu.Lock()
	blob := s.media.blobs[at(m.GetDirectPath())]
	s.mu.Unlock()
	hash := sha256.Sum256(blob)
	if len(blob) <= macLen || !bytes.Equal(hash[:], m.GetFileEncSHA256()) {
		return nil, errors.New("open a file: it is not there")
	}
	vector, cipher, mac := mediaKeys(m.GetMediaKey(), whatsmeow.GetMediaType(m))
	ciphertext := blob[:len(blob)-macLen]
	if !hmac.Equal(mediaMAC(mac, vector, ciphertext), blob[len(blob)-macLen:]) {
		return nil, errors.New("open a file: its code is wrong")
	}
	data, err := cbcutil.Decrypt(cipher, vector, bytes.Clone(ciphertext))
	if err != nil {
		return nil, fmt.Errorf("open a file: %w", err)
	}
	if sum := sha256.Sum256(data); !bytes.Equal(sum[:], m.GetFileSHA256()) {
		return nil, errors.New("open a file: it is another one")
	}
	return data, nil
}
