package web

import (
	"fmt"
	"slices"
	"time"

	"librarian/contacts/library"
)

// Proof is what shows how a registration came about, beside what its reader gave. Hashes are SHA-256 in hex.
type Proof struct {
	Consent  ProofConsent
	Rules    ProofRules   // without a version: none were to be accepted
	Papers   []ProofPaper // as they were sent
	Pages    []PaperPage
	Replaced []ProofReplaced
	Photos   []string             // files of the signed consent of a simple registration
	Files    map[string]ProofFile // what is known of all these files, by id
}

// ProofRules is the acceptance of the library's rules.
type ProofRules struct {
	Version    string
	Text, Hash string       // empty where they were not noted
	Lang       library.Lang // of that text
	Day        library.Date
	Signed     bool // on the form, which staff accepted
}

// ProofReplaced is a photo of a page that a better one has taken the place of.
type ProofReplaced struct {
	Kind   string
	Number int
	File   string
}

// ProofConsent is the agreement with the text as it was shown.
type ProofConsent struct {
	Version, Text, Hash string
	Lang                library.Lang
	At                  time.Time
}

// ProofPaper is one paper that was made.
type ProofPaper struct {
	Kind     string // form, application, consent, surety
	Lang     library.Lang
	Version  string // of the consent's text
	TextHash string // of its wording, without what the reader filled in
	File     string // empty after its term
	Pages    int
	Made     time.Time
}

// ProofFile is a file as it was received, also when its bytes are gone.
type ProofFile struct {
	Name      string // as the sender named it; may be empty
	MediaType string // told by the content
	Hash      string
	Size      int64 // bytes
	Received  time.Time
}

// fate is why a file of the proof is not in the pack as it was received.
type fate string

const (
	fateGone     fate = "gone"     // its term is over
	fateInfected fate = "infected" // it is not handed out
	fateDamaged  fate = "damaged"  // what is stored is not what was received
)

// enclosure is a file in the pack.
type enclosure struct {
	ProofFile
	id   string
	path string // in the pack
	fate fate   // empty: it is there, whole
}

// enclosures are the files of the proof, each once: a document may hold several pages, and is called after the first of them.
func enclosures(p Proof) []enclosure {
	var out []enclosure
	add := func(id, name string) {
		if id == "" || slices.ContainsFunc(out, func(e enclosure) bool { return e.id == id }) {
			return
		}
		file := p.Files[id]
		out = append(out, enclosure{ProofFile: file, id: id, path: name + extension(file.MediaType)})
	}
	for _, paper := range p.Papers {
		add(paper.File, "sent/"+paper.Kind)
	}
	for _, page := range p.Pages {
		add(page.File, fmt.Sprintf("received/%s-%d", page.Kind, page.Number))
	}
	for i, r := range p.Replaced {
		add(r.File, fmt.Sprintf("received/replaced-%d-%s-%d", i+1, r.Kind, r.Number))
	}
	for i, photo := range p.Photos {
		add(photo, fmt.Sprintf("received/photo-%d", i+1))
	}
	return out
}

// extension is what a file of the type is called by, whatever its sender called it: nobody's name leads out of the pack or starts a program.
func extension(mediaType string) string {
	known := map[string]string{
		"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "image/heic": ".heic", "image/heif": ".heif",
		"image/tiff": ".tif", "image/gif": ".gif", "image/bmp": ".bmp",
	}
	if ext := known[mediaType]; ext != "" {
		return ext
	}
	return ".bin"
}
