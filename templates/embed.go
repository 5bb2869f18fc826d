package templates

import "embed"

//go:embed messages calendar words reasons
var shipped embed.FS

//go:embed fonts/DejaVuSans.ttf
var fontRegular string

//go:embed fonts/DejaVuSans-Bold.ttf
var fontBold string

// FontRegular is a TrueType font for printed forms and cards. It has the letters of all languages of the chat,
// of Western Europe and of the peoples who write in Cyrillic. Its licence lies beside it in fonts.
func FontRegular() []byte { return []byte(fontRegular) }

// FontBold is the bold weight of FontRegular, with the same letters.
func FontBold() []byte { return []byte(fontBold) }
