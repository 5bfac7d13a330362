package settings

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"

	"github.com/pelletier/go-toml/v2"
)

// ErrNotEdited means that a file is written in a way that this program does not change.
var ErrNotEdited = errors.New("its layout cannot be edited safely")

// WithStorage returns the content of config.toml with that storage mode, and no other byte changed.
func WithStorage(text []byte, mode string) ([]byte, error) {
	line := fmt.Appendf(nil, "storage = %q", mode)
	top := len(text) // where the first table begins
	if at := regexp.MustCompile(`(?m)^[ \t]*\[`).FindIndex(text); at != nil {
		top = at[0]
	}
	var edited []byte
	setting := regexp.MustCompile(`(?m)^[ \t]*["']?storage["']?[ \t]*=[ \t]*["'][^"'\n]*["']`)
	if at := setting.FindIndex(text[:top]); at != nil {
		edited = bytes.Join([][]byte{text[:at[0]], line, text[at[1]:]}, nil)
	} else {
		before := text[:top]
		if len(before) > 0 && !bytes.HasSuffix(before, []byte("\n")) {
			before = append(bytes.Clone(before), '\n')
		}
		edited = bytes.Join([][]byte{before, line, []byte("\n"), text[top:]}, nil)
	}
	var was, is map[string]any
	if toml.Unmarshal(text, &was) != nil || toml.Unmarshal(edited, &is) != nil || is["storage"] != mode {
		return nil, ErrNotEdited
	}
	delete(was, "storage")
	delete(is, "storage")
	if fmt.Sprint(was) != fmt.Sprint(is) {
		return nil, ErrNotEdited
	}
	return edited, nil
}
