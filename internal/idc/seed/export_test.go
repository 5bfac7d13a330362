package seed_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"rolecall/internal/hostile"
	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/seed"
	"rolecall/internal/idc/store"
	"rolecall/internal/proof"
)

// export writes the directory.
func export(t testing.TB, s store.Store) string {
	t.Helper()
	var text []byte
	view(t, s, func(r store.Reader) (err error) {
		text, err = seed.Export(r)
		return err
	})
	return string(text)
}

// numbers writes a YAML list of n texts.
func numbers(format string, n int, before, after string) string {
	list := make([]string, n)
	for i := range list {
		list[i] = before + fmt.Sprintf(format, i) + after
	}
	return "[" + strings.Join(list, ", ") + "]"
}

// roundTrip applies an export to the same directory, and to an empty one.
func roundTrip(t *testing.T, s store.Store) string {
	t.Helper()
	text := export(t, s)
	if plan := load(t, s, text, seed.Options{Prune: true}); len(plan.Changes)+len(plan.Kept) != 0 {
		t.Errorf("the export of a directory is not the directory:\n%v", plan)
	}
	other := memory(t)
	load(t, other, text, seed.Options{})
	if again := export(t, other); again != text {
		t.Errorf("the export of an export is\n%s\nnot\n%s", again, text)
	}
	return text
}

func TestRoundTrip(t *testing.T) {
	sample, _ := seed.Sample("us-east-1")
	documented, err := os.ReadFile("../../../docs/seed.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(documented), "```yaml\n")
	example, _, _ := strings.Cut(rest, "```")
	for name, text := range map[string]string{
		"sample": string(sample), "documentation": example, "small": small, "nothing": "",
		"elsewhere": "instance: {region: cn-north-1}",
	} {
		t.Run(name, func(t *testing.T) {
			s := memory(t)
			load(t, s, text, seed.Options{})
			roundTrip(t, s)
		})
	}
}

func TestExport(t *testing.T) {
	s := memory(t)
	load(t, s, strings.ReplaceAll(small, "password: a", "password_hash: "+hash), seed.Options{})
	want := `instance:
  region: us-east-1
  owner_account: "999900001111"
  session_duration: 8h

users:
  - name: alice
    email: alice@x
    password_hash: ` + hash + `
  - name: bob
    email: bob@x
    title: Boss
    external_ids: [{issuer: i, id: "1"}]

groups:
  - name: ops
    external_ids: [{issuer: i, id: g}]
    members: [alice, bob]

accounts:
  - id: "011122223333"
    name: dev
  - id: "222233334444"
    name: prod
    ou: Prod

permission_sets:
  - name: Admin
    session_duration: 1h
    tags: {k: v}
  - name: ReadOnly
    session_duration: 1h

assignments:
  - users: [alice]
    permission_sets: [Admin]
    accounts: ["011122223333", "222233334444"]
  - groups: [ops]
    permission_sets: [ReadOnly]
    accounts: ["011122223333"]

roles:
  - arn: arn:aws:iam::011122223333:role/x
    trust: [arn:aws:iam::222233334444:root]
    max_session_duration: 1h
`
	if got := roundTrip(t, s); got != want {
		t.Errorf("got\n%s\nnot\n%s", got, want)
	}
}

// TestHostileNames puts each text into the directory, and through an export.
func TestHostileNames(t *testing.T) {
	s := memory(t)
	load(t, s, "", seed.Options{})
	names := append(hostile.Names(), "null", "~", "true", "No", "1h", "2026-01-01", "<<", "=", "- a", "a: b", "a #b",
		"!!str x", "&a", "*a", "%TAG", "@", "\u0085", "\u2028", "\ufeff", "a\n\n b\n ")
	groups := map[string]bool{}
	err := s.Update(t.Context(), func(tx store.Tx) error {
		for i, name := range names {
			u := directory.User{
				ID: fmt.Sprint("u", i), Attributes: directory.Attributes{
					UserName: fmt.Sprint("user", i), DisplayName: name, Title: name,
				},
			}
			a := directory.Account{ID: fmt.Sprintf("%012d", i), Name: "x" + name}
			p := directory.PermissionSet{
				ID: fmt.Sprint("p", i), Name: fmt.Sprint("set", i), Duration: 3600e9, Description: name, RelayState: name,
			}
			for _, err := range []error{
				directory.Users().Put(tx, u), directory.Accounts().Put(tx, a),
				directory.PermissionSets().Put(tx, p),
			} {
				if err != nil {
					return err
				}
			}
			if key := directory.NameKey(name); name == "" || utf8.RuneCountInString(name) > 1024 || groups[key] {
				continue
			} else {
				groups[key] = true
			}
			g := directory.Group{ID: fmt.Sprint("g", i), Name: name, Description: name}
			if err := directory.Groups().Put(tx, g); err != nil {
				return err
			}
			if _, err := tx.Assign(store.Assignment{Principal: g.ID, AccountID: a.ID, PermissionSet: p.ID}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	text := roundTrip(t, s)
	harmless(t, text)
	harmless(t,
		load(t, s, "users: []\ngroups: []\naccounts: []\npermission_sets: []\nassignments: []",
			seed.Options{Prune: true}).String())
	other := memory(t)
	load(t, other, text, seed.Options{})
	view(t, other, func(r store.Reader) error {
		for i, name := range names {
			u, err := directory.Users().Find(r, directory.NameKey(fmt.Sprint("user", i)))
			if err != nil || u.DisplayName != name {
				t.Errorf("%q became %q (%v)", name, u.DisplayName, err)
			}
		}
		return nil
	})
	proof.Note(t, "names", len(names), len(names))
}

// harmless checks that a text cannot affect a terminal.
func harmless(t *testing.T, text string) {
	t.Helper()
	for _, r := range text {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Fatalf("%U would be printed", r)
		}
	}
}
