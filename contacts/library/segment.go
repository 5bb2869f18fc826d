package library

import "slices"

// Segment is the question whose answer says to which part of the readers somebody belongs: the category or else the education, if the library asks for it.
func (r Registration) Segment() (Field, bool) {
	for _, key := range []string{"category", "education"} {
		if i := slices.IndexFunc(r.Fields, func(f Field) bool { return f.Key == key }); i >= 0 {
			return r.Fields[i], true
		}
	}
	return Field{}, false
}
