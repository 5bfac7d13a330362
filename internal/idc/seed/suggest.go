package seed

import (
	"maps"
	"slices"

	"rolecall/internal/near"
)

// suggestion names the known field that was probably meant, or returns "".
func suggestion(name string, known map[string]field) string {
	if best := near.Best(name, slices.Sorted(maps.Keys(known))); best != "" {
		return ": did you mean " + best + "?"
	}
	return ""
}
