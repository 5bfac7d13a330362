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
	found   []hit   // what matches, in the order of rows
	matches []int32 // the same as places in rows, the best first
	slabs   []*util.Slab
}

// A hit is a row that matches, and how well.
type hit struct{ place, score int32 }

// maxScore is above the scores of queries that people type; better ones are equal.
const maxScore = 2047

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
	l.search("")
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
	wanted := terms(query)
	if !strings.HasPrefix(query, l.query) || len(l.query) == 0 {
		l.found = make([]hit, len(l.rows))
		for i := range l.found {
			l.found[i].place = int32(i)
		}
	}
	l.query = query
	if len(wanted) > 0 {
		parts := make([][]hit, matchers)
		var all sync.WaitGroup
		for i := range matchers {
			from, to := len(l.found)*i/matchers, len(l.found)*(i+1)/matchers
			all.Go(func() { parts[i] = l.scored(l.found[from:to], wanted, l.slabs[i]) })
		}
		all.Wait()
		l.found = slices.Concat(parts...)
	}
	l.rank()
}

// scored gives those of among that match all terms, in their order.
func (l *list) scored(among []hit, wanted []term, slab *util.Slab) []hit {
	hits := make([]hit, 0, len(among))
	for _, h := range among {
		score := 0
		for _, t := range wanted {
			result, _ := match(t, &l.rows[h.place].whole, false, slab)
			if result.Start < 0 {
				score = -1
				break
			}
			score += result.Score
		}
		if score >= 0 {
			hits = append(hits, hit{h.place, int32(min(score, maxScore))})
		}
	}
	return hits
}

// match looks for a term as it stands, which is what people mostly type, and else for
// its letters in their order. (fzf's FuzzyMatchV2 finds the best place for letters far
// apart, at eight times the price.)
func match(t term, whole *util.Chars, places bool, slab *util.Slab) (algo.Result, *[]int) {
	if result, _ := algo.ExactMatchNaive(t.exact, true, true, whole, t.pattern, false, slab); result.Start >= 0 {
		return result, nil
	}
	return algo.FuzzyMatchV1(t.exact, true, true, whole, t.pattern, places, slab)
}

// rank orders what was found by score, and equals as the rows are: by counting, which
// takes a tenth of the time that comparing does.
func (l *list) rank() {
	var counts [maxScore + 2]int
	for _, h := range l.found {
		counts[maxScore-h.score+1]++
	}
	for i := range maxScore {
		counts[i+1] += counts[i]
	}
	l.matches = make([]int32, len(l.found))
	for _, h := range l.found {
		l.matches[counts[maxScore-h.score]] = h.place
		counts[maxScore-h.score]++
	}
}

// marks tells which characters of a row's texts a query stands for.
func (l *list) marks(r *row, query string) [fields]map[int]bool {
	var marks [fields]map[int]bool
	for _, t := range terms(query) {
		result, places := match(t, &r.whole, true, l.slabs[0])
		if places == nil { // in one piece
			places = new([]int)
			for place := result.Start; place < result.End; place++ {
				*places = append(*places, place)
			}
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
