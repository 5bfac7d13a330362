package picker

import (
	"runtime"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/junegunn/fzf/src/algo"
	"github.com/junegunn/fzf/src/util"
)

// initMatcher makes fzf's tables, once.
var initMatcher = sync.OnceValue(func() bool { return algo.Init("default") })

// An index finds rows. One goroutine uses it at a time.
type index struct {
	rows   []row // by frecency, then as given
	widths columns
	terms  []term
	hits   []int32            // rows that match all terms, best first
	found  []int32            // the same, in the order of rows
	sums   []int32            // by row, of the last query
	known  map[string][]int16 // by term: the score of each row, -1 when it does not match
	slabs  []*util.Slab
}

// A term is a part of the query between blanks.
type term struct {
	word          string // as typed
	pattern       []rune
	caseSensitive bool // it has a capital letter
}

const (
	slab16, slab32 = 100 << 10, 2 << 10 // fzf's own sizes
	parallelFrom   = 2000               // rows, below which a second core costs more than it brings
)

func newIndex(items []Item) *index {
	initMatcher()
	x := &index{known: map[string][]int16{}}
	x.rows, x.widths = newRows(items)
	x.sums = make([]int32, len(x.rows))
	x.found, x.hits = make([]int32, len(x.rows)), make([]int32, len(x.rows))
	for range runtime.GOMAXPROCS(0) {
		x.slabs = append(x.slabs, util.MakeSlab(slab16, slab32))
	}
	x.search("")
	return x
}

// search finds the rows that match all terms of a query: best first, then by
// frecency, then as given.
func (x *index) search(query string) {
	x.terms = parse(query)
	x.forget()
	clear(x.sums)
	for _, t := range x.terms {
		for i, score := range x.scores(t) {
			if score < 0 || x.sums[i] < 0 {
				x.sums[i] = -1
				continue
			}
			x.sums[i] += int32(score)
		}
	}
	x.found = x.found[:0]
	for i, sum := range x.sums {
		if sum >= 0 {
			x.found = append(x.found, int32(i))
		}
	}
	x.sort()
}

// maxKnown bounds the terms whose scores are kept: those of some queries' typing and
// correcting.
const maxKnown = 100

// forget drops the scores that this query does not grow from.
func (x *index) forget() {
	if len(x.known) < maxKnown {
		return
	}
	for word := range x.known {
		if !slices.ContainsFunc(x.terms, func(t term) bool { return strings.HasPrefix(t.word, word) }) {
			delete(x.known, word)
		}
	}
}

// scores gives each row's score of a term. Of a word that has grown, only the rows
// that matched its beginning are looked at.
func (x *index) scores(t term) []int16 {
	if scores, known := x.known[t.word]; known {
		return scores
	}
	var before []int16
	for end := len(t.word) - 1; end > 0 && before == nil; end-- {
		before = x.known[t.word[:end]]
	}
	scores := make([]int16, len(x.rows))
	parts := len(x.slabs)
	if len(x.rows) < parallelFrom {
		parts = 1
	}
	size := (len(x.rows) + parts - 1) / parts
	var all sync.WaitGroup
	for p := 1; p < parts; p++ {
		all.Go(func() { x.score(t, before, scores, span{p * size, min((p+1)*size, len(x.rows)), x.slabs[p]}) })
	}
	x.score(t, before, scores, span{0, min(size, len(x.rows)), x.slabs[0]})
	all.Wait()
	x.known[t.word] = scores
	return scores
}

// A span is a part of the rows, and the memory to match them with.
type span struct {
	from, to int
	slab     *util.Slab
}

func (x *index) score(t term, before, scores []int16, s span) {
	for i := s.from; i < s.to; i++ {
		scores[i] = -1
		if before == nil || before[i] >= 0 {
			best, _ := t.best(&x.rows[i], s.slab)
			scores[i] = int16(best)
		}
	}
}

// sort puts the rows in found into hits, best first. It counts: there are few scores,
// and rows of the same one keep their order.
func (x *index) sort() {
	best := int32(0)
	for _, i := range x.found {
		best = max(best, x.sums[i])
	}
	next := make([]int32, best+2) // where the next row of a score goes; scores count down
	for _, i := range x.found {
		next[best-x.sums[i]+1]++
	}
	for s := range best + 1 {
		next[s+1] += next[s]
	}
	x.hits = x.hits[:len(x.found)]
	for _, i := range x.found {
		place := &next[best-x.sums[i]]
		x.hits[*place] = i
		*place++
	}
}

// parse splits a query into its terms.
func parse(query string) []term {
	var terms []term
	for _, word := range strings.Fields(query) {
		t := term{word: word, caseSensitive: strings.ContainsFunc(word, unicode.IsUpper)}
		if !t.caseSensitive {
			word = strings.ToLower(word)
		}
		t.pattern = algo.NormalizeRunes([]rune(word))
		terms = append(terms, t)
	}
	return terms
}

// best gives the higher score of a term in the texts of a row, and which one it is; -1
// is no match.
func (t term) best(r *row, slab *util.Slab) (score, text int) {
	score = -1
	for i := range r.texts {
		found, _ := algo.FuzzyMatchV2(t.caseSensitive, true, true, &r.texts[i], t.pattern, false, slab)
		if found.Start >= 0 && found.Score > score {
			score, text = found.Score, i
		}
	}
	return score, text
}

// where gives the places of the terms in a row that matches.
func (x *index) where(r *row) match {
	var m match
	for _, t := range x.terms {
		_, text := t.best(r, x.slabs[0])
		if _, places := algo.FuzzyMatchV2(t.caseSensitive, true, true, &r.texts[text], t.pattern, true, x.slabs[0]); places != nil {
			m[text] = append(m[text], *places...)
		}
	}
	return m
}
