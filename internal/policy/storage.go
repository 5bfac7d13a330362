package policy

import (
	"fmt"
	"slices"
)

// Storages are the modes of keeping sign-ins, the weakest first.
func Storages() []string { return []string{"shared", "split", "private"} }

// IsStorage reports whether a text is such a mode.
func IsStorage(text string) bool { return slices.Contains(Storages(), text) }

// Stronger returns the stronger of two modes; an empty one says nothing.
func Stronger(a, b string) string {
	if slices.Index(Storages(), a) < slices.Index(Storages(), b) {
		return b
	}
	return a
}

// Storage returns the weakest mode that is allowed; empty: each is.
func (p Policy) Storage() (mode string) {
	for _, s := range p.sources {
		mode = Stronger(mode, s.Document.Storage)
	}
	return mode
}

// AllowStorage returns a *Refusal for a mode that is weaker than a rule wants.
func (p Policy) AllowStorage(mode string) error {
	for _, s := range p.sources {
		if Stronger(mode, s.Document.Storage) != mode {
			rule := Rule{"storage", fmt.Sprintf("%q", s.Document.Storage), s.File, s.lines["storage"], weakerStorage}
			return &Refusal{"storage " + mode, rule}
		}
	}
	return nil
}

const weakerStorage = "weaker storage of sign-ins"
