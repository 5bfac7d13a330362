package seed_test

import (
	"slices"
	"testing"
	"time"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/seed"
	"rolecall/internal/idc/store"
	"rolecall/internal/idc/store/sqlite"
)

// cheap is a cost that no real password should have.
var cheap = directory.Cost{Time: 1, MemoryKiB: 64}

func now() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC) }

// memory opens an empty store.
func memory(t testing.TB) store.Store {
	t.Helper()
	s, err := sqlite.Memory([]byte("key"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// load applies a file, and returns its plan.
func load(t testing.TB, s store.Store, text string, o seed.Options) seed.Plan {
	t.Helper()
	o.Cost = cheap
	plan, err := seed.Load(t.Context(), s, "people.yaml", []byte(text), o, "operator", now())
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// view reads the directory.
func view(t testing.TB, s store.Store, do func(store.Reader) error) {
	t.Helper()
	if err := s.View(t.Context(), do); err != nil {
		t.Fatal(err)
	}
}

// access lists what a user has, as ACCOUNT/SET.
func access(t testing.TB, s store.Store, name string) []string {
	t.Helper()
	var found []string
	view(t, s, func(r store.Reader) error {
		u, err := directory.Users().Find(r, directory.NameKey(name))
		if err != nil {
			return err
		}
		accounts, err := directory.AccountsOf(r, u.ID, "", 0)
		if err != nil {
			return err
		}
		for _, a := range accounts {
			sets, err := directory.PermissionSetsOf(r, u.ID, a.ID)
			if err != nil {
				return err
			}
			for _, set := range sets {
				found = append(found, a.ID+"/"+set.Name)
			}
		}
		return nil
	})
	slices.Sort(found)
	return found
}

func TestSample(t *testing.T) {
	text, data := seed.Sample("us-east-1")
	s := memory(t)
	load(t, s, string(text), seed.Options{})
	for name, want := range map[string][]string{
		"alice": {
			"111122223333/Admin", "111122223333/ReadOnly", "222233334444/ReadOnly", "333344445555/Developer",
			"444455556666/Billing", "555566667777/Admin",
		},
		"bob":   {"111122223333/ReadOnly"},
		"carol": nil,
	} {
		if got := access(t, s, name); !slices.Equal(got, want) {
			t.Errorf("%s has %v, not %v", name, got, want)
		}
	}
	view(t, s, func(r store.Reader) error {
		for _, u := range data.Users {
			if have, err := directory.Users().Find(r, directory.NameKey(u.Name)); err != nil ||
				!have.Password.Matches(u.Password) {
				t.Errorf("%s: the password does not match (%v)", u.Name, err)
			}
		}
		role, err := directory.Roles().Get(r, data.ChainRole)
		trusted := directory.Instance{Region: "us-east-1"}.RoleARN(data.Role, data.Account)
		if role.ExternalID != data.ExternalID || !slices.Equal(role.Trusted, []string{trusted}) {
			t.Errorf("%+v does not trust %s with %s", role, trusted, data.ExternalID)
		}
		return err
	})
	if again := load(t, s, string(text), seed.Options{}); len(again.Changes) != 0 {
		t.Errorf("a second time there is still something to do:\n%v", again)
	}
}
