package identitycenter

import "strings"

// Nearest gives the candidate that a person most likely meant by name: equal but
// for case, or a few typing mistakes away. It gives "" when none is near.
func Nearest(name string, candidates []string) string {
	best, bestDistance := "", 1+max(2, len(name)/3)
	if bestDistance > 1+len(name)/2 {
		bestDistance = 1 + len(name)/2
	}
	for _, candidate := range candidates {
		if d := distance(strings.ToLower(name), strings.ToLower(candidate), bestDistance); d < bestDistance {
			best, bestDistance = candidate, d
		}
	}
	return best
}

// distance counts the inserted, deleted, changed and swapped letters between two
// texts (optimal string alignment); from limit on it only says limit.
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
