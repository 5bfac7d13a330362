package terminal

import (
	"fmt"
	"io"
	"strings"

	"rsc.io/qr"
)

// quietZone is the light border that a reader needs: four modules by ISO/IEC
// 18004; two are enough on a screen.
const quietZone = 2

// QR draws a QR code of text in half blocks, dark on light in any terminal.
func QR(w io.Writer, text string) error {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return err
	}
	const colours, reset = "\x1b[30;107m", "\x1b[0m"
	for y := -quietZone; y < code.Size+quietZone; y += 2 {
		var line strings.Builder
		for x := -quietZone; x < code.Size+quietZone; x++ {
			switch top, bottom := code.Black(x, y), code.Black(x, y+1); {
			case top && bottom:
				line.WriteRune('█')
			case top:
				line.WriteRune('▀')
			case bottom:
				line.WriteRune('▄')
			default:
				line.WriteByte(' ')
			}
		}
		if _, err := fmt.Fprintf(w, "  %s%s%s\n", colours, line.String(), reset); err != nil {
			return err
		}
	}
	return nil
}
