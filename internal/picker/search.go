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

// An index finds rows. It is for one goroutine at a time.
type index struct {
	rows     []row // by frecency, then as given
	accounts []*shownAccount
	widths   columns
	terms    []term
	hits     []int32           // rows that match all terms, best first
	found    []int32           // the same, in the order of rows
	sums     []int32           // by row, of the last query
	known    map[string]scores // by term
	slabs    []*util.Slab
}

// scores holds a term's scores, -1 where it does not match.
type scores struct {
	rows     []int16 // the best in all texts of a row
	contacts []int16 // in tags and e-mail, by account: its rows share them
}

// A term is one word of the query.
type term struct {
	word          string // as typed
	pattern       []rune
	caseSensitive bool // it has a capital letter
}

const (
	slab16, slab32 = 100 << 10, 2 << 10 // fzf's own sizes
	parallelFrom   = 2000               // rows; with fewer, a second core costs more than it brings
)

func newIndex(items []Item) *index {
	initMatcher()
	x := &index{known: map[string]scores{}}
	x.rows, x.accounts, x.widths = newRows(items)
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
		for i, score := range x.scores(t).rows {
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

// maxKnown bounds the terms whose scores are kept: enough to type and correct a few queries.
const maxKnown = 100

// forget drops the scores that this query does not build on.
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

// scores returns the scores of a term. For a word that has grown, it only looks at what matched its beginning.
func (x *index) scores(t term) scores {
	if s, known := x.known[t.word]; known {
		return s
	}
	var before scores
	for end := len(t.word) - 1; end > 0 && before.rows == nil; end-- {
		before = x.known[t.word[:end]]
	}
	s := scores{make([]int16, len(x.rows)), make([]int16, len(x.accounts))}
	x.inParts(len(x.accounts), func(i int, slab *util.Slab) {
		s.contacts[i] = -1
		if before.contacts == nil || before.contacts[i] >= 0 {
			s.contacts[i] = t.score(&x.accounts[i].contact, slab)
		}
	})
	x.inParts(len(x.rows), func(i int, slab *util.Slab) {
		s.rows[i] = -1
		if before.rows == nil || before.rows[i] >= 0 {
			s.rows[i] = max(t.score(&x.rows[i].identity, slab), s.contacts[x.rows[i].account.number])
		}
	})
	x.known[t.word] = s
	return s
}

// inParts calls do for the numbers below n, on all cores when there are many.
func (x *index) inParts(n int, do func(i int, slab *util.Slab)) {
	parts := len(x.slabs)
	if n < parallelFrom {
		parts = 1
	}
	size := (n + parts - 1) / parts
	var all sync.WaitGroup
	for p := range parts {
		part := func() {
			for i := p * size; i < min((p+1)*size, n); i++ {
				do(i, x.slabs[p])
			}
		}
		if p == parts-1 {
			part()
			break
		}
		all.Go(part)
	}
	all.Wait()
}

// sort puts the rows in found into hits, best first. It is a counting sort: there are few scores, and rows with the
// same one keep their order.
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
	for word := range strings.FieldsSeq(query) {
		t := term{word: word, caseSensitive: strings.ContainsFunc(word, unicode.IsUpper)}
		if !t.caseSensitive {
			word = strings.ToLower(word)
		}
		t.pattern = algo.NormalizeRunes([]rune(word))
		terms = append(terms, t)
	}
	return terms
}

// score returns how well a term matches a text; -1 if it does not.
func (t term) score(text *util.Chars, slab *util.Slab) int16 {
	found, _ := algo.FuzzyMatchV2(t.caseSensitive, true, true, text, t.pattern, false, slab)
	if found.Start < 0 {
		return -1
	}
	return int16(found.Score)
}

// where returns the places of the terms in a matching row: each in the text where it matches better.
func (x *index) where(r *row) match {
	var m match
	slab := x.slabs[0]
	for _, t := range x.terms {
		text, places := &r.identity, &m.identity
		if t.score(&r.account.contact, slab) > t.score(text, slab) {
			text, places = &r.account.contact, &m.contact
		}
		if _, found := algo.FuzzyMatchV2(t.caseSensitive, true, true, text, t.pattern, true, slab); found != nil {
			*places = append(*places, *found...)
		}
	}
	return m
}
