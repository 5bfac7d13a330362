package oidc

import (
	"errors"

	"rolecall/internal/idc/store"
)

// A pool is what callers without a sign-in can make grow, in two tables: one for registrations that a person has
// allowed something, and what belongs to them, and one for those of strangers. Each is bounded, and drops the entry
// that ends first, so a flood of strangers pushes out strangers only. Every call takes constant time.
type pool[T any] struct {
	known, strange store.Table[T]
	most           int // in each table
}

func newPool[T any](kind store.Kind, most int, index func(T) store.Entry) pool[T] {
	return pool[T]{
		known: store.Table[T]{Kind: kind, Index: index}, strange: store.Table[T]{Kind: "strange-" + kind, Index: index},
		most: most,
	}
}

// get finds a value by id.
func (p pool[T]) get(r store.Reader, id string) (v T, known bool, err error) {
	if v, err = p.known.Get(r, id); !errors.Is(err, store.ErrNotFound) {
		return v, err == nil, err
	}
	v, err = p.strange.Get(r, id)
	return v, false, err
}

// find finds a value by a key.
func (p pool[T]) find(r store.Reader, key string) (T, error) {
	v, err := p.known.Find(r, key)
	if errors.Is(err, store.ErrNotFound) {
		v, err = p.strange.Find(r, key)
	}
	return v, err
}

// add puts a new value, and makes room for it unless unbounded.
func (p pool[T]) add(tx store.Tx, v T, known, unbounded bool) error {
	table := p.strange
	if known {
		table = p.known
	}
	if !unbounded {
		if err := makeRoom(tx, table.Kind, p.most); err != nil {
			return err
		}
	}
	return table.Put(tx, v)
}

// keep puts a value that is there already, among the known ones from now on.
func (p pool[T]) keep(tx store.Tx, v T) error {
	id := p.known.Index(v).ID
	_, known, err := p.get(tx, id)
	if err == nil && !known {
		err = errors.Join(p.strange.Delete(tx, id), makeRoom(tx, p.known.Kind, p.most))
	}
	if err != nil {
		return err
	}
	return p.known.Put(tx, v)
}

// remove deletes a value by its id.
func (p pool[T]) remove(tx store.Tx, id string) error {
	err := p.known.Delete(tx, id)
	if errors.Is(err, store.ErrNotFound) {
		err = p.strange.Delete(tx, id)
	}
	return err
}

// makeRoom deletes the entry that ends first if there are too many.
func makeRoom(tx store.Tx, kind store.Kind, most int) error {
	n, err := tx.Count(kind)
	if err != nil || n < most {
		return err
	}
	first, err := tx.First(kind)
	if err != nil {
		return err
	}
	return tx.Delete(kind, first.ID)
}
