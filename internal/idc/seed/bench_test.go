package seed_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"rolecall/internal/idc/seed"
	"rolecall/internal/idc/store"
	"rolecall/internal/idc/store/sqlite"
)

// company writes a file with that many users, half of them with a password hash, that many accounts, and twenty
// assignments for each user.
func company(users, accounts int) string {
	var b strings.Builder
	b.WriteString("users:\n")
	for i := range users {
		fmt.Fprintf(&b, "  - {name: user%d, display_name: User %d, email: user%d@example.com", i, i, i)
		if i%2 == 0 {
			b.WriteString(", password_hash: " +
				"\"$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"")
		}
		b.WriteString("}\n")
	}
	b.WriteString("accounts:\n")
	for i := range accounts {
		fmt.Fprintf(&b, "  - {id: \"%012d\", name: account%d, ou: Workloads}\n", i, i)
	}
	b.WriteString("permission_sets: [{name: Admin}, {name: ReadOnly}]\nassignments:\n")
	for i := range users {
		fmt.Fprintf(&b, "  - {users: [user%d], permission_sets: [Admin, ReadOnly], accounts: [", i)
		for j := range 10 {
			fmt.Fprintf(&b, "\"%012d\", ", (i*7+j*11)%accounts)
		}
		b.WriteString("]}\n")
	}
	return b.String()
}

// BenchmarkLoad applies a file of 10,000 users, 5,000 accounts and 200,000
// assignments to an empty store on disk.
func BenchmarkLoad(b *testing.B) {
	text := []byte(company(10_000, 5_000))
	for b.Loop() {
		s := disk(b)
		plan, err := seed.Load(b.Context(), s, "big.yaml", text, seed.Options{}, "operator", now())
		if err != nil || len(plan.Changes) != 215_002 {
			b.Fatal(len(plan.Changes), err)
		}
	}
}

// BenchmarkAgain plans the same file again.
func BenchmarkAgain(b *testing.B) {
	text := []byte(company(10_000, 5_000))
	s := disk(b)
	if _, err := seed.Load(b.Context(), s, "big.yaml", text, seed.Options{}, "operator", now()); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		file, err := seed.Parse("big.yaml", text)
		if err != nil {
			b.Fatal(err)
		}
		view(b, s, func(r store.Reader) error {
			plan, err := file.Plan(r, seed.Options{})
			if len(plan.Changes) != 0 {
				b.Fatal(len(plan.Changes))
			}
			return err
		})
	}
}

// BenchmarkExport exports that directory.
func BenchmarkExport(b *testing.B) {
	s := disk(b)
	if _, err := seed.Load(b.Context(), s, "big.yaml", []byte(company(10_000, 5_000)), seed.Options{}, "operator",
		now()); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		view(b, s, func(r store.Reader) error {
			_, err := seed.Export(r)
			return err
		})
	}
}

// disk opens an empty store in a file.
func disk(b *testing.B) store.Store {
	b.Helper()
	s, err := sqlite.Open(filepath.Join(b.TempDir(), "idc.db"), []byte("key"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	return s
}
