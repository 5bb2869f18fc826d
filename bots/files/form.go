package files

// CodePrefix is what the code of a page of ours begins with; no other code is heeded.
const CodePrefix = "LR1."

// Where the code is printed on a form of ours, of A4, in millimetres: the place of its upper left corner and the length of its side.
const (
	CodeLeft = 15.0
	CodeTop  = 262.0
	CodeSide = 22.0
)

// The field for the signature on a form of ours, in sides of the code beside which it stands: x to the right and y down from the code's upper left corner.
// Who draws forms and who looks whether they are signed must agree on it; forms that are printed already do not change with it.
const (
	SignLeft   = 1.25
	SignTop    = 0.15
	SignRight  = 4.25
	SignBottom = 0.85
)
