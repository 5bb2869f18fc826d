package main

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"librarian/bots/files"
)

// Free space below which there is a warning, and below which it is wrong, in bytes.
const (
	spaceLow  = 5 << 30
	spaceNone = 1 << 30
)

// folder is where files lie when that is on this machine.
func (s settings) folder() (string, bool) {
	if !strings.Contains(s.Files, "://") {
		return s.Files, true
	}
	u, err := url.Parse(s.Files)
	if err != nil || u.Scheme != "file" {
		return "", false
	}
	return u.Path, true
}

func (d *doctor) disk(ctx context.Context) {
	if dir, ok := d.folder(); ok && !d.folderFine(dir) {
		return
	}
	blobs, err := files.OpenBlobs(d.Files)
	if err != nil {
		d.say(wrong, "files", "%v", err)
		return
	}
	if err := files.Probe(ctx, blobs); err != nil {
		d.say(wrong, "files", "cannot be written, read and deleted there: %v", err)
		return
	}
	d.say(fine, "files", "can be written, read and deleted")
}

// folderFine looks at the folder before anything is written: a folder made by another user than the service's would lock the service out.
func (d *doctor) folderFine(dir string) bool {
	info, err := os.Stat(dir)
	if err != nil || !info.IsDir() {
		d.say(wrong, "files", "%s is no folder: make it, owned by the user as whom the service runs", dir)
		return false
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && int(owner.Uid) != os.Geteuid() {
		d.say(warning, "files", "%s belongs to user %d: run doctor as that user to try it out", dir, owner.Uid)
		return false
	}
	var space syscall.Statfs_t
	if err := syscall.Statfs(dir, &space); err != nil {
		d.say(wrong, "disk", "%v", err)
		return true
	}
	free := space.Bavail * uint64(space.Bsize)
	switch {
	case free < spaceNone:
		d.say(wrong, "disk", "%d MB are free under %s: make room", free>>20, dir)
	case free < spaceLow:
		d.say(warning, "disk", "%d MB are free under %s", free>>20, dir)
	default:
		d.say(fine, "disk", "%d GB are free under %s", free>>30, dir)
	}
	return true
}

// decoder lets the child process look at a picture, as it does with everything that readers send.
func (d *doctor) decoder(ctx context.Context) {
	self, err := os.Executable()
	if err != nil {
		d.say(wrong, "pictures", "%v", err)
		return
	}
	var paper bytes.Buffer
	if err := png.Encode(&paper, image.NewGray(image.Rect(0, 0, 64, 64))); err != nil {
		d.say(wrong, "pictures", "%v", err)
		return
	}
	seen, err := files.NewDecoder([]string{self, "decode"}).Decode(ctx, &paper)
	switch {
	case err != nil:
		d.say(wrong, "pictures", "the program cannot start itself to look at pictures; may it run its own file, and is there memory? %v", err)
	case seen.Problem != files.NoProblem || seen.Width != 64:
		d.say(wrong, "pictures", "a good picture is taken for a bad one (%s): is there memory?", seen.Problem)
	default:
		d.say(fine, "pictures", "are looked at in a process of their own")
	}
}

func (d *doctor) poppler(context.Context) {
	if _, err := exec.LookPath("pdftoppm"); err != nil {
		d.say(warning, "PDF", "pages of most PDFs cannot be shown to staff: install Debian's poppler-utils")
		return
	}
	d.say(fine, "PDF", "pages can be shown")
}

func (d *doctor) scanner(ctx context.Context) {
	if d.Clamd == "" {
		d.say(warning, "scanner", "files are not scanned for viruses; LIBRARIAN_CLAMD names a scanner")
		return
	}
	scanner, err := files.NewScanner(d.Clamd)
	if err != nil {
		d.say(wrong, "scanner", "%v", err)
		return
	}
	found, err := scanner.Scan(ctx, strings.NewReader("nothing to find here"))
	switch {
	case err != nil:
		d.say(wrong, "scanner", "gives no answer, so files wait: %v", err)
	case found != "":
		d.say(wrong, "scanner", "takes harmless words for a virus")
	default:
		d.say(fine, "scanner", "answers")
	}
}
