package seed

import (
	"maps"
	"slices"

	"rolecall/internal/idc/near"
)

// suggestion names the known field that was probably meant, or is empty.
func suggestion(name string, known map[string]field) string {
	best, least := "", 3 // edits
	if len(name) > 64 {
		return ""
	}
	for _, candidate := range slices.Sorted(maps.Keys(known)) {
		if d := near.Distance(name, candidate); d < least && d < len(candidate)-1 {
			best, least = candidate, d
		}
	}
	if best == "" {
		return ""
	}
	return ": did you mean " + best + "?"
}
