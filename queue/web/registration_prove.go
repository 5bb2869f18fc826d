package web

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"librarian/bots/files"
	"librarian/contacts"
	"librarian/queue"
)

// pack is the proof of one registration as it is handed out.
type pack struct {
	reg    Registration
	proof  Proof
	files  []enclosure
	trail  []queue.AuditRow // of the registration and all that belongs to it
	names  map[queue.StaffID]string
	mended []contacts.Change
	zipped *zip.Writer
}

// proveRegistration sends all that shows how the registration came about, in one file. That it was taken is part of it.
func proveRegistration(v *visit) error {
	reg, err := v.registration()
	if err != nil {
		return err
	}
	p := &pack{reg: reg}
	if p.proof, err = v.Proof(v.ctx(), v.lib.ID, reg.ID); err != nil {
		return err
	}
	p.files = enclosures(p.proof)
	if err := v.look(v.route.act, v.object("registration", reg.ID)); err != nil {
		return err
	}
	if err := v.track(p); err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=registration-%d.zip", reg.ID))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	if v.r.Method == http.MethodHead {
		return nil
	}
	if err := v.sendPack(p); err != nil && v.ctx().Err() == nil {
		v.Log.ErrorContext(v.ctx(), "desk: send proof", "registration", reg.ID, "error", err)
		panic(http.ErrAbortHandler) // half a pack must not look like a whole one
	}
	return nil
}

// track reads who did and saw what.
func (v *visit) track(p *pack) error {
	objects := []string{v.object("registration", p.reg.ID)}
	for _, e := range p.files {
		objects = append(objects, "file "+e.id)
	}
	who := []queue.StaffID{v.me()}
	for _, page := range p.proof.Pages {
		who = append(who, page.By)
		if page.Preview != "" {
			objects = append(objects, "file "+page.Preview)
		}
	}
	var err error
	if p.mended, err = contacts.ChangesOf(v.ctx(), v.Pool, v.lib.ID, p.reg.ID); err != nil {
		return err
	}
	for _, c := range p.mended {
		who = append(who, queue.StaffID(c.By))
	}
	if p.trail, err = v.Desk.AuditOf(v.ctx(), v.lib.ID, objects...); err != nil {
		return err
	}
	p.names, err = queue.StaffNames(v.ctx(), v.Pool, who...)
	return err
}

// sendPack writes the account last: it says of each file whether it could be read.
func (v *visit) sendPack(p *pack) error {
	p.zipped = zip.NewWriter(v.w)
	if err := p.write(consentFile, p.proof.Consent.At.In(v.zone()), p.proof.Consent.Text); err != nil {
		return err
	}
	if r := p.proof.Rules; r.Text != "" {
		if err := p.write(rulesFile, p.reg.Sent.In(v.zone()), r.Text); err != nil {
			return err
		}
	}
	for i := range p.files {
		if err := v.enclose(p.zipped, &p.files[i]); err != nil {
			return fmt.Errorf("enclose file %s: %w", p.files[i].id, err)
		}
	}
	if err := p.write("proof.txt", v.at.In(v.zone()), v.account(p)); err != nil {
		return err
	}
	return p.zipped.Close()
}

// consentFile is the text that was agreed to, byte for byte: its hash can be counted anew.
const consentFile = "consent.txt"

func (p *pack) write(name string, at time.Time, text string) error {
	entry, err := p.zipped.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: at})
	if err != nil {
		return err
	}
	_, err = io.WriteString(entry, text)
	return err
}

// enclose copies the file as it was received, or notes why it cannot be had.
func (v *visit) enclose(to *zip.Writer, e *enclosure) error {
	body, _, err := v.File(v.ctx(), v.lib.ID, e.id, false)
	if e.fate = fateOf(err); e.fate != "" {
		return nil
	}
	if err != nil {
		return err
	}
	defer body.Close()
	entry, err := to.CreateHeader(&zip.FileHeader{Name: e.path, Method: zip.Store, Modified: e.Received.In(v.zone())}) // pressed already, as pictures are
	if err != nil {
		return err
	}
	_, err = io.Copy(entry, body)
	if e.fate = fateOf(err); e.fate != "" {
		return nil
	}
	return err
}

// fateOf tells a file that nobody can have from a store that is out of reach.
func fateOf(err error) fate {
	switch {
	case errors.Is(err, files.ErrPurged), errors.Is(err, files.ErrNotFound), errors.Is(err, queue.ErrNotFound):
		return fateGone
	case errors.Is(err, files.ErrInfected):
		return fateInfected
	case errors.Is(err, files.ErrCorrupt):
		return fateDamaged
	}
	return ""
}
