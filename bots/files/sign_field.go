package files

// The field for the signature on a form of ours, in sides of the code beside which it stands: x to the right and y down from the code's upper left corner.
// Who draws forms and who looks whether they are signed must agree on it; forms that are printed already do not change with it.
const (
	SignLeft   = 1.25
	SignTop    = 0.15
	SignRight  = 4.25
	SignBottom = 0.85
)
