package main

import (
	"fmt"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// quietZone is the white around a code that cameras need, in modules.
const quietZone = 4

// terminalCode draws the text as a code for a camera, two modules a character, black on white whatever the terminal's own colours. It gives the lines too.
func terminalCode(text string) (drawn string, lines int, err error) {
	code, err := qr.Encode(text, qr.L, qr.Auto)
	if err != nil {
		return "", 0, fmt.Errorf("draw a code: %w", err)
	}
	side := code.Bounds().Dx()
	white := func(x, y int) bool {
		if x < 0 || y < 0 || x >= side || y >= side {
			return true
		}
		r, _, _, _ := code.At(x, y).RGBA()
		return r != 0
	}
	var out strings.Builder
	for y := -quietZone; y < side+quietZone; y += 2 {
		out.WriteString("\x1b[38;5;231;48;5;16m")
		for x := -quietZone; x < side+quietZone; x++ {
			switch upper, lower := white(x, y), white(x, y+1); {
			case upper && lower:
				out.WriteRune('█')
			case upper:
				out.WriteRune('▀')
			case lower:
				out.WriteRune('▄')
			default:
				out.WriteRune(' ')
			}
		}
		out.WriteString("\x1b[0m\n")
		lines++
	}
	return out.String(), lines, nil
}
