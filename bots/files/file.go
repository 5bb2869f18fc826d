package files

import (
	"crypto/rand"
	"path"
	"strings"
	"time"
	"unicode"

	"github.com/gabriel-vasile/mimetype"

	"librarian/contacts/library"
)

// ID names a file and its bytes: 128 random bits or more as 26 lower-case letters and digits. It cannot be guessed, but gives no right by itself.
type ID string

func newID() ID { return ID(strings.ToLower(rand.Text())) }

// Valid reports whether the text has the form of an id.
func (id ID) Valid() bool {
	if len(id) != 26 {
		return false
	}
	for _, c := range []byte(id) {
		if (c < 'a' || c > 'z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}

// Kind is what may be done with a file, told by its content and never by its name.
type Kind string

// The kinds. What is in none of the first four is Other: kept and handed on as a download, never shown.
const (
	Image    Kind = "image"
	PDF      Kind = "pdf"
	Text     Kind = "text"
	Document Kind = "document"
	Other    Kind = "other"
)

// State is how far a file has come.
type State string

// A file is Stored until it has been inspected. Purged keeps the row and its hash; the bytes and the name are gone.
const (
	Stored     State = "stored"
	Clean      State = "clean"
	Infected   State = "infected"
	Unreadable State = "unreadable"
	Purged     State = "purged"
)

// File is what is known of one file.
type File struct {
	ID        ID         `db:"id"`
	Library   library.ID `db:"library_id"`
	SHA256    []byte     `db:"sha256"` // of the plain bytes
	Size      int64      `db:"size"`   // plain bytes
	Name      string     `db:"name"`   // as given, without path and control characters; may be empty
	MediaType string     `db:"media_type"`
	Kind      Kind       `db:"kind"`
	Width     int        `db:"width"`  // pixels, upright; 0 when unknown
	Height    int        `db:"height"` // pixels, upright; 0 when unknown
	Pages     int        `db:"pages"`  // of a PDF; 0 when unknown
	Problem   Problem    `db:"problem"`
	State     State      `db:"state"`
	Taken
	Preview   ID         `db:"preview_id"` // the re-encoded picture that people are shown; empty when there is none
	CreatedAt time.Time  `db:"created_at"`
	PurgedAt  *time.Time `db:"purged_at"`
}

// Meta is what the sender says of a file.
type Meta struct {
	Name string // may be anything, or nothing
}

// nameLimit is the longest name kept, in characters.
const nameLimit = 120

// cleanName keeps the last element of a path without control and direction-changing characters; a long one is cut before its extension.
func cleanName(name string) string {
	name = strings.ToValidUTF8(name, "")
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' {
			return -1
		}
		return r
	}, name)
	name = strings.Trim(name, " .")
	runes := []rune(name)
	if len(runes) <= nameLimit {
		return name
	}
	ext := []rune(path.Ext(name))
	if len(ext) > 10 {
		ext = nil
	}
	return string(runes[:nameLimit-len(ext)]) + string(ext)
}

// namedImage reports whether a name claims to be a picture's.
func namedImage(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".tif", ".tiff", ".gif", ".bmp":
		return true
	}
	return false
}

// mediaTypeOf tells the type by the first bytes, without parameters.
func mediaTypeOf(head []byte) string {
	media, _, _ := strings.Cut(mimetype.Detect(head).String(), ";")
	return media
}

// kindOf is the allow-list: what it does not name is Other.
func kindOf(media string) Kind {
	switch media {
	case "image/jpeg", "image/png", "image/webp", "image/tiff", "image/gif",
		"image/heic", "image/heif", "image/heic-sequence", "image/heif-sequence":
		return Image
	case "application/pdf":
		return PDF
	case "text/plain", "text/csv", "text/tab-separated-values":
		return Text
	case "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint", "text/rtf",
		"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		"application/vnd.openxmlformats-officedocument.presentationml.presentation",
		"application/vnd.oasis.opendocument.text",
		"application/vnd.oasis.opendocument.spreadsheet",
		"application/vnd.oasis.opendocument.presentation":
		return Document
	}
	return Other
}
