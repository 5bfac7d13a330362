package sqlite

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"rolecall/internal/idc/store"
)

// BenchmarkChange is what a change costs on disk: one alone, and many that share commits.
func BenchmarkChange(b *testing.B) {
	value := make([]byte, 400)
	put := func(id string) func(store.Tx) error {
		return func(tx store.Tx) error {
			return errors.Join(tx.Put(store.Entry{
				Kind: "user", ID: id, Keys: []string{"name:" + id, "mail:" + id}, Owners: []string{"store"}, Value: value,
			}), tx.Record(store.Event{Time: time.Now(), Actor: "admin", Action: "UpdateUser", Target: "user:" + id}))
		}
	}
	for name, id := range map[string]func(n int) string{
		"new": func(n int) string { return fmt.Sprint(n) }, "again": func(n int) string { return fmt.Sprint(n % 100) },
	} {
		b.Run("alone/"+name, func(b *testing.B) {
			s := open1(b)
			n := 0
			for b.Loop() {
				n++
				if err := s.Update(b.Context(), put(id(n))); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("many/"+name, func(b *testing.B) {
			s := open1(b)
			b.SetParallelism(50)
			b.RunParallel(func(pb *testing.PB) {
				for n := time.Now().Nanosecond(); pb.Next(); n++ {
					if err := s.Update(b.Context(), put(id(n))); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

func open1(b *testing.B) *Store {
	b.Helper()
	s, err := Open(filepath.Join(b.TempDir(), "idc.db"), make([]byte, 32))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	return s
}
