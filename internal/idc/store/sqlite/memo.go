package sqlite

import (
	"maps"
	"sync"

	"rolecall/internal/idc/store"
)

// A memo remembers the database's answers; only this process writes to it. A commit drops the answers that it changes,
// while no View is running.
type memo struct {
	mu      sync.RWMutex
	entries map[entryName]known
	// answers are what was found or listed, by kind.
	answers map[store.Kind]map[string]any
	size    int
}

// A known entry may have its value, as the kind's Table decoded it.
type known struct {
	store.Entry
	value any
}

type entryName struct {
	kind store.Kind
	id   string
}

// assignments is the kind of answers that depend on assignments.
const assignments store.Kind = "\x00assignments"

// maxMemo bounds the number of answers, maxList the length of lists, and maxQuestion the length of questions, which
// contain what clients send.
const (
	maxMemo     = 50_000
	maxList     = 128
	maxQuestion = 512
)

// entry returns an entry, and queries the database only once.
func (m *memo) entry(name entryName, ask func() (store.Entry, error)) (store.Entry, error) {
	m.mu.RLock()
	e, there := m.entries[name]
	m.mu.RUnlock()
	if there {
		return e.Entry, nil
	}
	fresh, err := ask()
	if err == nil {
		m.learn(fresh)
	}
	return fresh, err
}

// learn remembers entries it does not know yet.
func (m *memo) learn(entries ...store.Entry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range entries {
		name := entryName{e.Kind, e.ID}
		if _, there := m.entries[name]; !there && len(e.ID) <= maxQuestion {
			m.grow()
			m.entries[name] = known{Entry: e}
		}
	}
}

// value returns an entry's value, and decodes it only once if the entry is remembered.
func (m *memo) value(name entryName, decode func() (any, error)) (any, error) {
	m.mu.RLock()
	e := m.entries[name]
	m.mu.RUnlock()
	if e.value != nil {
		return e.value, nil
	}
	v, err := decode()
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, there := m.entries[name]; there {
		e.value = v
		m.entries[name] = e
	}
	return v, nil
}

// remembered returns the answer to a question about a kind. It queries the database only once, if keep accepts the
// answer.
func remembered[T any](m *memo, kind store.Kind, question string, ask func() (T, error), keep func(T) bool) (T, error) {
	m.mu.RLock()
	answer, there := m.answers[kind][question]
	m.mu.RUnlock()
	if there {
		return answer.(T), nil
	}
	fresh, err := ask()
	if err == nil && len(question) <= maxQuestion && keep(fresh) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.grow()
		if m.answers[kind] == nil {
			m.answers[kind] = map[string]any{}
		}
		m.answers[kind][question] = fresh
	}
	return fresh, err
}

// clear forgets everything.
func (m *memo) clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entries, m.answers, m.size = nil, nil, 0
}

func always[T any](T) bool { return true }

func short[T any](list []T) bool { return len(list) <= maxList }

// grow makes room for one more answer.
func (m *memo) grow() {
	if m.entries == nil || m.size >= maxMemo {
		m.entries, m.answers, m.size = map[entryName]known{}, map[store.Kind]map[string]any{}, 0
	}
	m.size++
}

// changes are the entries that a batch changes, and the kinds whose other answers become wrong.
type changes struct {
	entries map[entryName]bool
	kinds   map[store.Kind]bool
}

func newChanges() *changes {
	return &changes{entries: map[entryName]bool{}, kinds: map[store.Kind]bool{}}
}

func (c *changes) entry(kind store.Kind, id string) {
	c.entries[entryName{kind, id}] = true
	c.kinds[kind] = true
}

func (m *memo) forget(c *changes) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for name := range c.entries {
		delete(m.entries, name)
	}
	for kind := range c.kinds {
		delete(m.answers, kind)
	}
	m.size = len(m.entries)
	for answers := range maps.Values(m.answers) {
		m.size += len(answers)
	}
}
