// Package near finds the name a person most likely meant by one that does not exist.
package near

import "strings"

// Best returns the candidate nearest to name: equal but for case, or a few typing mistakes away (at most a third of
// the letters). It returns "" when none is near.
func Best(name string, candidates []string) string {
	best, limit := "", 1+min(max(2, len(name)/3), len(name)/2)
	for _, candidate := range candidates {
		if d := distance(strings.ToLower(name), strings.ToLower(candidate), limit); d < limit {
			best, limit = candidate, d
		}
	}
	return best
}

// Within returns the nearest candidate that differs from name in no more than a number of typing mistakes, or "".
func Within(mistakes int, name string, candidates []string) string {
	best, limit := "", mistakes+1
	for _, candidate := range candidates {
		if d := distance(name, candidate, limit); d < limit {
			best, limit = candidate, d
		}
	}
	return best
}

// All returns every candidate that name may stand for: those a few typing mistakes away, those that contain it, and
// those it contains.
func All(name string, candidates []string) []string {
	if name == "" {
		return nil
	}
	var all []string
	name = strings.ToLower(name)
	limit := 2 + len(name)/4
	for _, candidate := range candidates {
		c := strings.ToLower(candidate)
		contained := len(name) > 2 && strings.Contains(c, name) || len(c) > 3 && strings.Contains(name, c)
		if contained || distance(name, c, limit) < limit {
			all = append(all, candidate)
		}
	}
	return all
}

// distance counts the inserted, deleted, changed and swapped letters between two texts (optimal string alignment), up
// to limit.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return min(last[len(b)], limit)
}
