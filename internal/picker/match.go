package picker

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/junegunn/fzf/src/algo"
	"github.com/junegunn/fzf/src/util"

	"rolecall/internal/terminal"
)

// A row is an item ready to be matched and drawn: its texts are harmless, and stand in
// one text with a blank between them.
type row struct {
	Item
	texts [fields]string
	whole util.Chars
}

// The texts of a row, in the order in which they stand.
const (
	fieldName = iota
	fieldID
	fieldRole
	fieldEmail
	fieldTags
	fields
)

// A list is all rows and those that match a query.
type list struct {
	rows    []row // the most used first
	query   string
	matches []int32 // places in rows, the best first
	keys    []uint64
	slabs   []*util.Slab
}

// matchers is how many share the work of a key press.
const matchers = 2

func newList(items []Item) *list {
	algo.Init("default")
	l := &list{rows: make([]row, len(items))}
	for i, item := range items {
		r := &l.rows[i]
		r.Item = item
		name := item.Name
		if item.Alias != "" {
			name = strings.TrimSpace(item.Alias + " " + item.Name)
		}
		r.texts = [fields]string{show(name), show(item.ID), show(item.Role), show(item.Email), show(strings.Join(item.Tags, " "))}
		r.whole = util.ToChars([]byte(strings.Join(r.texts[:], " ")))
	}
	slices.SortStableFunc(l.rows, func(a, b row) int { return cmp.Compare(b.Score, a.Score) })
	for range matchers {
		l.slabs = append(l.slabs, util.MakeSlab(100*1024, 2048)) // as fzf has them
	}
	l.matches = l.all()
	return l
}

// show is terminal.Show, which most texts do not need.
func show(text string) string {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return terminal.Show(text)
		}
	}
	if len(text) > 128 {
		return terminal.Show(text)
	}
	return text
}

func (l *list) all() []int32 {
	all := make([]int32, len(l.rows))
	for i := range all {
		all[i] = int32(i)
	}
	return all
}

// A term is a word of a query. A capital letter in it makes case count.
type term struct {
	pattern []rune
	exact   bool
}

func terms(query string) []term {
	var all []term
	for _, word := range strings.Fields(query) {
		exact := strings.ContainsFunc(word, unicode.IsUpper)
		all = append(all, term{algo.NormalizeRunes([]rune(word)), exact})
	}
	return all
}

// search sets the query. What a longer query matches is among what the shorter one did.
func (l *list) search(query string) {
	among := l.matches
	if !strings.HasPrefix(query, l.query) {
		among = l.all()
	}
	l.query = query
	wanted := terms(query)
	if len(wanted) == 0 {
		l.matches = l.all()
		return
	}
	parts := make([][]uint64, matchers)
	var all sync.WaitGroup
	for i := range matchers {
		from, to := len(among)*i/matchers, len(among)*(i+1)/matchers
		all.Go(func() { parts[i] = l.scored(among[from:to], wanted, l.slabs[i]) })
	}
	all.Wait()
	l.keys = append(l.keys[:0], slices.Concat(parts...)...)
	slices.Sort(l.keys)
	l.matches = make([]int32, len(l.keys))
	for i, key := range l.keys {
		l.matches[i] = int32(uint32(key))
	}
}

// scored gives those of among that match all terms, as numbers that sort: the best
// score first, and of equal ones the most used.
func (l *list) scored(among []int32, wanted []term, slab *util.Slab) []uint64 {
	var keys []uint64
	for _, n := range among {
		score := 0
		for _, t := range wanted {
			found, _ := algo.FuzzyMatchV2(t.exact, true, true, &l.rows[n].whole, t.pattern, false, slab)
			if found.Start < 0 {
				score = -1
				break
			}
			score += found.Score
		}
		if score >= 0 {
			keys = append(keys, uint64(max(0, 1<<30-score))<<32|uint64(n))
		}
	}
	return keys
}

// marks tells which characters of a row's texts a query stands for.
func (l *list) marks(r *row, query string) [fields]map[int]bool {
	var marks [fields]map[int]bool
	for _, t := range terms(query) {
		_, places := algo.FuzzyMatchV2(t.exact, true, true, &r.whole, t.pattern, true, l.slabs[0])
		if places == nil {
			continue
		}
		for _, place := range *places {
			for f, text := range r.texts {
				length := len([]rune(text))
				if place < length {
					if marks[f] == nil {
						marks[f] = map[int]bool{}
					}
					marks[f][place] = true
					break
				}
				place -= length + 1
			}
		}
	}
	return marks
}
