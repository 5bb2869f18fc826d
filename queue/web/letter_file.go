package web

import (
	"strconv"

	"librarian/bots/files"
)

// showLetterFile is the picture made of a file.
func showLetterFile(v *visit) error { return v.letterFile(true) }

// downloadLetterFile is the file as it came.
func downloadLetterFile(v *visit) error { return v.letterFile(false) }

func (v *visit) letterFile(preview bool) error {
	l, err := v.letter()
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(v.r.PathValue("file"))
	if err != nil || n < 1 || n > len(l.Files) {
		return errMissing
	}
	return v.sendLetterFile(l, l.Files[n-1], preview)
}

// downloadLetter is the letter as it came, whole.
func downloadLetter(v *visit) error {
	l, err := v.letter()
	if err != nil {
		return err
	}
	return v.sendLetterFile(l, l.Source, false)
}

// sendLetterFile looks for viruses first: nobody has looked at the files of a letter that matched nothing.
func (v *visit) sendLetterFile(l Letter, id files.ID, preview bool) error {
	f, _, err := v.Letters.Look(v.ctx(), v.lib.ID, id)
	if err != nil {
		return err
	}
	if f.State == files.Infected || f.State == files.Purged || preview && f.Preview == "" {
		return errMissing
	}
	return v.sendFile(string(id), v.object("letter", l.ID), preview)
}
