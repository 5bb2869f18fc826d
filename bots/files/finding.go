package files

// Problem is why a file cannot be used as it is; the empty one means that nothing was found.
type Problem string

// The problems, gravest first: of several the first is told.
const (
	NoProblem         Problem = ""
	ProblemEmpty      Problem = "empty"        // no bytes
	ProblemInfected   Problem = "infected"     // a virus was found
	ProblemNotImage   Problem = "not_an_image" // named as a picture, but something else
	ProblemTooLarge   Problem = "too_large"    // takes more pixels, memory or time than is allowed
	ProblemUnreadable Problem = "unreadable"   // broken, locked or hostile
	ProblemTooSmall   Problem = "too_small"    // too few pixels to read a paper by
	ProblemDark       Problem = "dark"
	ProblemBlurred    Problem = "blurred"
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
}

// Thresholds of legibility, lenient: a good photo refused costs more than a bad one seen by a librarian.
const (
	minSide       = 600 // pixels of the shorter side; a page photographed so gives about 70 dots an inch
	minBrightness = 40  // mean grey of 0 to 255; a page in a dim room has 60 and more
	minSharpness  = 45  // variance of the Laplacian at gaugeSide; a synthetic page gives 16,000 sharp, 217 at a blur of 16 pixels, 38 at 32
)

// legibility judges a picture by its measures.
func legibility(width, height int, brightness, sharpness float64) Problem {
	switch {
	case min(width, height) < minSide:
		return ProblemTooSmall
	case brightness < minBrightness:
		return ProblemDark
	case sharpness < minSharpness:
		return ProblemBlurred
	}
	return NoProblem
}

// finding is what is known of a file that has been inspected.
func (f File) finding() Finding {
	return Finding{
		FileID: f.ID, Kind: f.Kind, MediaType: f.MediaType, Size: f.Size,
		Width: f.Width, Height: f.Height, Pages: f.Pages, Problem: f.Problem,
	}
}
