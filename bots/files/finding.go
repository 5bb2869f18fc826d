package files

// Problem is why a file cannot be used as it is; the empty one means that nothing was found.
type Problem string

// The problems, gravest first: of several the first is told.
const (
	NoProblem           Problem = ""
	ProblemEmpty        Problem = "empty"          // no bytes
	ProblemInfected     Problem = "infected"       // a virus was found
	ProblemNotImage     Problem = "not_an_image"   // named as a picture, but something else
	ProblemTooLarge     Problem = "too_large"      // takes more pixels, memory or time than is allowed
	ProblemUnreadable   Problem = "unreadable"     // broken, locked or hostile
	ProblemTooManyPages Problem = "too_many_pages" // a PDF of more pages than are looked at
	ProblemTooSmall     Problem = "too_small"      // too few pixels to read a paper by
	ProblemDark         Problem = "dark"
	ProblemBlurred      Problem = "blurred"
	ProblemCutOff       Problem = "cut_off" // a page of ours that is not all in the picture
)

// Finding is what a conversation is told of a file; it never gets the bytes.
type Finding struct {
	FileID    ID
	Kind      Kind
	MediaType string
	Size      int64
	Width     int // pixels, upright
	Height    int
	Pages     int // of a PDF, 0 when unknown
	Problem   Problem
	Taken
	Sheets []Sheet // of a picture one, of a PDF one a page unless it has too many
}

// Thresholds of legibility, lenient: a good photo refused costs more than a bad one seen by a librarian.
const (
	minSide       = 600 // pixels of the shorter side; a page photographed so gives about 70 dots an inch
	minBrightness = 40  // mean grey of 0 to 255; a page in a dim room has 60 and more
	minSharpness  = 45  // variance of the Laplacian at gaugeSide; a synthetic page gives 16,000 sharp, 217 at a blur of 16 pixels, 38 at 32
	blankPage     = 200 // mean grey of a PDF's page on which nothing sharp means that nothing is on it

	// A page whose code was read is legible by proof; only extremes are told. On the photos of TestPhotos no code was read below 50 and 78.
	codedBrightness = 12
	codedSharpness  = 20

	maxOutside = 0.08   // share of a form's text beyond the picture's border; a whole page, up to 20 degrees aslant, seemed to have 0.056 at most
	minInk     = 0.0015 // share of the signature field; 112 empty ones gave 0.0000, a thin pen across a shadow's edge 0.0019, others 0.006 to 0.14
)

// problem judges one page by its measures; size is that of the picture's shorter side, 0 of a PDF's page, which may be drawn in any.
func (v View) problem(size int) Problem {
	switch {
	case v.Code != "" && v.Brightness < codedBrightness:
		return ProblemDark
	case v.Code != "" && v.Sharpness < codedSharpness:
		return ProblemBlurred
	case v.Code != "" && v.Outside > maxOutside:
		return ProblemCutOff
	case v.Code != "":
		return NoProblem
	case size > 0 && size < minSide:
		return ProblemTooSmall
	case v.Brightness < minBrightness:
		return ProblemDark
	case v.Sharpness < minSharpness && (size > 0 || v.Brightness < blankPage):
		return ProblemBlurred
	}
	return NoProblem
}

// sheet is what is kept of a page that was looked at.
func (v View) sheet(number, size int) Sheet {
	return Sheet{Number: number, Code: v.Code, Unsigned: v.Code != "" && v.Ink >= 0 && v.Ink < minInk, Problem: v.problem(size)}
}

// finding is what is known of a file that has been inspected.
func (f File) finding(sheets []Sheet) Finding {
	return Finding{
		FileID: f.ID, Kind: f.Kind, MediaType: f.MediaType, Size: f.Size,
		Width: f.Width, Height: f.Height, Pages: f.Pages, Problem: f.Problem, Taken: f.Taken, Sheets: sheets,
	}
}
