package fragments

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// sheets are the pages of a PDF that go over into a book as they are: text stays text, pictures are not compressed again. What a page draws is copied,
// and nothing else of the document: no script, form, link, attachment or description.
type sheets struct {
	from  *model.Context
	to    *book
	as    map[int]int   // objects that are copied, or will be, by their numbers
	todo  []int         // those that are yet to be
	sizes map[int]int64 // bytes in the book
	needs map[int][]int // what each refers to
}

func openSheets(data []byte, to *book) (*sheets, error) {
	conf := model.NewDefaultConfiguration()
	conf.Cmd, conf.Offline = model.OPTIMIZE, true
	from, err := api.ReadContext(bytes.NewReader(data), conf)
	if err != nil {
		return nil, fmt.Errorf("read pdf: %w", err)
	}
	if err := from.EnsurePageCount(); err != nil {
		return nil, fmt.Errorf("count pages: %w", err)
	}
	if from.PageCount < 1 {
		return nil, errors.New("pdf has no pages")
	}
	return &sheets{from: from, to: to, as: map[int]int{}, sizes: map[int]int64{}, needs: map[int][]int{}}, nil
}

// add copies a page, turned clockwise by so many degrees more, and gives the bytes that it would take alone. model.ErrPageNotFound.
func (s *sheets) add(number, degrees int) (int64, error) {
	page, attrs, err := s.page(number)
	if err != nil {
		return 0, fmt.Errorf("page %d: %w", number, err)
	}
	before, start := s.to.at, &copying{sheets: s}
	entries := types.Dict{"Rotate": types.Integer(((attrs.Rotate+degrees)%360 + 360) % 360), "MediaBox": attrs.MediaBox.Array()}
	if attrs.CropBox != nil {
		entries["CropBox"] = attrs.CropBox.Array()
	}
	if attrs.Resources != nil {
		entries["Resources"] = start.copy(attrs.Resources)
	}
	for _, key := range []string{"Contents", "Group", "UserUnit"} {
		if o, found := page.Find(key); found {
			entries[key] = start.copy(o)
		}
	}
	if marks := s.marks(page); len(marks) > 0 {
		entries["Annots"] = start.copy(marks)
	}
	own := strings.TrimSuffix(strings.TrimPrefix(entries.PDFString(), "<<"), ">>")
	if err := s.copyAll(); err != nil {
		return 0, fmt.Errorf("page %d: %w", number, err)
	}
	last := s.to.at
	s.to.page(own)
	if s.to.err != nil {
		return 0, s.to.err
	}
	return max(s.reach(start.needs)+s.to.at-last, s.to.at-before), nil
}

// page finds a page with what it inherits, of the resources only those that it uses: in some documents all pages share all pictures.
func (s *sheets) page(number int) (types.Dict, *model.InheritedPageAttrs, error) {
	page, _, attrs, err := s.from.PageDict(number, true)
	if err != nil || attrs.Resources != nil && s.borrows(attrs.Resources) {
		page, _, attrs, err = s.from.PageDict(number, false)
	}
	if err != nil {
		return nil, nil, err
	}
	if attrs.MediaBox == nil {
		return nil, nil, errors.New("no size")
	}
	return page, attrs, nil
}

// borrows reports that a form has no resources of its own and draws with those of the page, as old documents do.
func (s *sheets) borrows(resources types.Dict) bool {
	objects, err := s.from.DereferenceDict(resources["XObject"])
	if err != nil {
		return true
	}
	for _, o := range objects {
		form, _, err := s.from.DereferenceStreamDict(o)
		if err != nil || form == nil {
			continue
		}
		if _, found := form.Find("Resources"); !found && form.Subtype() != nil && *form.Subtype() == "Form" {
			return true
		}
	}
	return false
}

// marks are the notes upon the page that are drawn and do nothing, without who made them.
func (s *sheets) marks(page types.Dict) types.Array {
	all, err := s.from.DereferenceArray(page["Annots"])
	if err != nil {
		return nil
	}
	var out types.Array
	for _, o := range all {
		d, err := s.from.DereferenceDict(o)
		if err != nil || d == nil || d.Subtype() == nil {
			continue
		}
		switch *d.Subtype() {
		case "Highlight", "Underline", "Squiggly", "StrikeOut", "Ink", "Stamp", "FreeText", "Square", "Circle", "Line", "Polygon", "PolyLine":
			mark := types.Dict{}
			for _, key := range []string{"Subtype", "Rect", "AP", "AS", "F"} {
				if o, found := d.Find(key); found {
					mark[key] = o
				}
			}
			out = append(out, mark)
		}
	}
	return out
}

// copyAll copies what is still to be, and what that refers to.
func (s *sheets) copyAll() error {
	for len(s.todo) > 0 {
		number := s.todo[len(s.todo)-1]
		s.todo = s.todo[:len(s.todo)-1]
		if err := s.copyObject(number); err != nil {
			return err
		}
	}
	return s.to.err
}

func (s *sheets) copyObject(number int) error {
	o, err := s.from.Dereference(*types.NewIndirectRef(number, 0))
	if err != nil {
		return fmt.Errorf("object %d: %w", number, err)
	}
	before, c := s.to.at, &copying{sheets: s}
	switch o := o.(type) {
	case types.StreamDict:
		if err := s.copyStream(number, &o, c); err != nil {
			return err
		}
	case types.ObjectStreamDict, types.XRefStreamDict, nil:
		s.to.object(s.as[number], "null")
	default:
		body := "null"
		if copied := c.copy(o); copied != nil {
			body = copied.PDFString()
		}
		s.to.object(s.as[number], body)
	}
	s.sizes[number], s.needs[number] = s.to.at-before, c.needs
	return nil
}

// copyStream leaves out what describes it, and that its bytes may be in another file.
func (s *sheets) copyStream(number int, o *types.StreamDict, c *copying) error {
	if len(o.Raw) == 0 && len(o.Content) > 0 {
		if err := o.Encode(); err != nil {
			return fmt.Errorf("object %d: %w", number, err)
		}
	}
	entries := types.Dict{}
	for _, key := range slices.Sorted(maps.Keys(o.Dict)) {
		switch key {
		case "Length", "F", "FFilter", "FDecodeParms", "Metadata", "PieceInfo", "StructParent", "StructParents", "OPI", "AF", "LastModified":
		default:
			entries[key] = c.copy(o.Dict[key])
		}
	}
	text := entries.PDFString()
	s.to.stream(s.as[number], text[2:len(text)-2], o.Raw)
	return nil
}

// reach is the bytes of all that these objects draw with.
func (s *sheets) reach(from []int) (size int64) {
	seen := map[int]bool{}
	for todo := from; len(todo) > 0; {
		number := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[number] {
			continue
		}
		seen[number] = true
		size += s.sizes[number] + tableEntry
		todo = append(todo[:len(todo):len(todo)], s.needs[number]...)
	}
	return size
}

// copying is the copy of one object; needs are the numbers, in the document, of those it refers to.
type copying struct {
	*sheets
	needs []int
}

// copy gives the object with its references changed to those of the book; nil where it may not go over.
func (c *copying) copy(o types.Object) types.Object {
	switch o := o.(type) {
	case types.Dict:
		out := types.Dict{}
		for _, key := range slices.Sorted(maps.Keys(o)) { // the same pages give the same numbers
			out[key] = c.copy(o[key])
		}
		return out
	case types.Array:
		out := types.Array{}
		for _, v := range o {
			out = append(out, c.copy(v))
		}
		return out
	case types.IndirectRef:
		return c.refer(o)
	case types.Name, types.StringLiteral, types.HexLiteral, types.Integer, types.Float, types.Boolean:
		return o
	}
	return nil
}

// refer follows no way to other pages or the document as a whole.
func (c *copying) refer(ref types.IndirectRef) types.Object {
	number := ref.ObjectNumber.Value()
	if _, known := c.as[number]; !known {
		if o, err := c.from.Dereference(ref); err == nil {
			if d, ok := o.(types.Dict); ok && d.Type() != nil && (*d.Type() == "Page" || *d.Type() == "Pages" || *d.Type() == "Catalog") {
				return nil
			}
		}
		c.as[number] = c.to.reserve()
		c.todo = append(c.todo, number)
	}
	c.needs = append(c.needs, number)
	return *types.NewIndirectRef(c.as[number], 0)
}

// faultOf tells what a PDF's error means for who sent it.
func faultOf(err error) Fault {
	switch {
	case errors.Is(err, pdfcpu.ErrWrongPassword):
		return FaultLocked
	case errors.Is(err, model.ErrPageNotFound):
		return FaultNoPage
	}
	return FaultBroken
}
