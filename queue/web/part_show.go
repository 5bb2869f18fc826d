package web

import (
	"slices"

	"librarian/queue/fragments"
)

// showPart is the picture of a page, as people are shown it.
func showPart(v *visit) error { return v.partFile(true) }

// downloadPart is the file as it came.
func downloadPart(v *visit) error { return v.partFile(false) }

func (v *visit) partFile(preview bool) error {
	o, err := v.order()
	if err != nil {
		return err
	}
	id, err := v.partID()
	if err != nil {
		return err
	}
	parts, err := fragments.Parts(v.ctx(), v.Pool, v.lib.ID, o.ID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(parts, func(p fragments.Part) bool { return p.ID == id })
	if i < 0 || preview && parts[i].Preview == "" {
		return errMissing
	}
	object := v.object("order", int64(o.ID))
	if preview {
		return v.sendFile(string(parts[i].Preview), object, true)
	}
	return v.sendFile(string(parts[i].File), object, false)
}

// downloadOrder is a part of the PDF that went to the reader last.
func downloadOrder(v *visit) error {
	o, err := v.order()
	if err != nil {
		return err
	}
	part, err := v.partID()
	if err != nil || part > int64(len(o.Files)) {
		return errMissing
	}
	return v.sendFile(string(o.Files[part-1]), v.object("order", int64(o.ID)), false)
}
