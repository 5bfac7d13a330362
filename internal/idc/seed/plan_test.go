package seed_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/seed"
	"rolecall/internal/idc/store"
)

// small is the directory that the plans below start from.
const small = `
users:
  - {name: alice, email: alice@x, password: a}
  - {name: bob, email: bob@x, title: Boss, external_ids: [{issuer: i, id: "1"}]}
groups:
  - {name: ops, members: [alice, bob], external_ids: [{issuer: i, id: "g"}]}
accounts:
  - {id: 011122223333, name: dev}
  - {id: 222233334444, name: prod, ou: Prod}
permission_sets:
  - {name: Admin, tags: {k: v}}
  - {name: ReadOnly}
assignments:
  - {users: alice, permission_sets: Admin, accounts: "*"}
  - {groups: ops, permission_sets: ReadOnly, accounts: 011122223333}
roles:
  - {arn: arn:aws:iam::011122223333:role/x, trust: arn:aws:iam::222233334444:root}
`

func TestPlans(t *testing.T) {
	for _, c := range []struct {
		name, text string
		prune      bool
		want       string
	}{
		{"the same", small, true, "0 to add, 0 to change, 0 to remove\n"},
		{"nothing", "", true, "0 to add, 0 to change, 0 to remove\n"},
		{
			"an empty store is opened", "instance: {region: us-east-1, owner_account: 999900001111, session_duration: 8h}",
			false, "0 to add, 0 to change, 0 to remove\n",
		},
		{
			"instance", "instance: {name: Corp, session_duration: 12h}", false,
			`~ instance Corp: name none → Corp, session_duration 8h → 12h
0 to add, 1 to change, 0 to remove
`,
		},
		{"a new user", "users: [{name: dora, email: d@x, password: secret}]", false, `+ user dora
1 to add, 0 to change, 0 to remove
not in the file, but kept: 2 users: alice, bob
to remove them: --prune
`},
		{"users change", `
users:
  - {name: Alice, email: alice@x, password: b, given_name: Alice, phone_numbers: [{value: "1"}]}
  - {name: bob, emails: [{value: bob@x}, {value: b@y, primary: true}], disabled: true}
`, false, `~ user Alice: name alice → Alice, given_name none → Alice, phone_numbers none → [{value: "1"}], ` +
			`password changed
~ user bob: email bob@x → none, emails none → [{value: bob@x}, {value: b@y, primary: true}], ` +
			`title Boss → none, external_ids [{issuer: i, id: "1"}] → none, disabled false → true
0 to add, 2 to change, 0 to remove
`},
		{
			"the same password",
			"users: [{name: alice, email: alice@x, password: a}, {name: bob, email: bob@x, title: Boss, external_ids: " +
				"[{issuer: i, id: \"1\"}]}]", false, "0 to add, 0 to change, 0 to remove\n",
		},
		{
			"groups", "groups: [{name: ops, description: They work, members: [BOB]}, {name: \"two words\", members: [alice]}]",
			false,
			`~ group ops: description none → They work, external_ids [{issuer: i, id: g}] → none, members -alice
+ group two words
1 to add, 1 to change, 0 to remove
`,
		},
		{
			"members join",
			"users: [{name: c}]\ngroups: [{name: ops, members: [alice, bob, c], external_ids: [{issuer: i, id: g}]}]", false,
			`+ user c
~ group ops: members +c
1 to add, 1 to change, 0 to remove
not in the file, but kept: 2 users: alice, bob
to remove them: --prune
`,
		},
		{
			"members stay", "groups: [{name: ops, external_ids: [{issuer: i, id: g}]}]", false,
			"0 to add, 0 to change, 0 to remove\n",
		},
		{
			"accounts", "accounts: [{id: 222233334444, name: \"pro\\e[2Jd\", email: p@x}]", false,
			`~ account 222233334444: name prod → "pro\u001b[2Jd", email none → p@x, ou Prod → none
0 to add, 1 to change, 0 to remove
not in the file, but kept: 1 account: 011122223333
to remove them: --prune
`,
		},
		{
			"permission sets",
			"permission_sets:\n  - {name: Admin, session_duration: 2h30m, boundary: {customer_policy: {name: p}}, " +
				"inline_policy: {a: [1, true, null, 012, x]}}\n", false,
			`~ permission set Admin: session_duration 1h → 2h30m, inline_policy none → ` +
				`"{\"a\":[1,true,null,\"012\",\"x\"]}", ` +
				`boundary none → {customer_policy: {name: p, path: "/"}}, tags {k: v} → none
0 to add, 1 to change, 0 to remove
not in the file, but kept: 1 permission set: ReadOnly
to remove them: --prune
`,
		},
		{
			"assignments",
			"accounts: [{id: 333344445555, name: new}]\nassignments: [{users: [alice], permission_sets: [Admin], accounts: " +
				"['*']}]", false,
			`+ account 333344445555
+ assignment user alice: Admin in 333344445555
2 to add, 0 to change, 0 to remove
not in the file, but kept: 2 accounts: 011122223333, 222233334444
not in the file, but kept: 1 assignment: group ops: ReadOnly in 011122223333
to remove them: --prune
`,
		},
		{
			"assignments pruned", "assignments: [{users: [bob], permission_sets: [Admin], accounts: [011122223333]}]", true,
			`+ assignment user bob: Admin in 011122223333
- assignment group ops: ReadOnly in 011122223333
- assignment user alice: Admin in 011122223333
- assignment user alice: Admin in 222233334444
1 to add, 0 to change, 3 to remove
`,
		},
		{
			"users pruned", "users: [{name: bob, email: bob@x, title: Boss, external_ids: [{issuer: i, id: \"1\"}]}]", true,
			`- user alice
- assignment user alice: Admin in 011122223333
- assignment user alice: Admin in 222233334444
0 to add, 0 to change, 3 to remove
`,
		},
		{"permission sets pruned", "permission_sets: [{name: ReadOnly}]", true, `- permission set Admin
- assignment user alice: Admin in 011122223333
- assignment user alice: Admin in 222233334444
0 to add, 0 to change, 3 to remove
`},
		{
			"all pruned", "users: []\ngroups: []\naccounts: []\npermission_sets: []\nassignments: []\nroles: []", true,
			`- user alice
- user bob
- group ops
- account 011122223333
- account 222233334444
- permission set Admin
- permission set ReadOnly
- assignment group ops: ReadOnly in 011122223333
- assignment user alice: Admin in 011122223333
- assignment user alice: Admin in 222233334444
- role arn:aws:iam::011122223333:role/x
0 to add, 0 to change, 11 to remove
`,
		},
		{
			"roles", "roles: [{arn: arn:aws:iam::011122223333:role/x, trust: [], external_id: abc, max_session_duration: 2h}]",
			false,
			`~ role arn:aws:iam::011122223333:role/x: trust [arn:aws:iam::222233334444:root] → [], ` +
				`external_id none → abc, max_session_duration 1h → 2h
0 to add, 1 to change, 0 to remove
`,
		},
		{
			"an address changes hands",
			"users: [{name: alice, email: bob@x}, {name: bob, title: Boss, email: alice@x}]\ngroups: [{name: ops}, {name: " +
				"ops2, external_ids: [{issuer: i, id: g}]}]", false,
			`~ user alice: email alice@x → bob@x
~ user bob: email bob@x → alice@x, external_ids [{issuer: i, id: "1"}] → none
~ group ops: external_ids [{issuer: i, id: g}] → none
+ group ops2
1 to add, 3 to change, 0 to remove
`,
		},
		{
			"an address of a pruned user", "users: [{name: dora, email: bob@x, external_ids: [{issuer: i, id: \"1\"}]}]", true,
			`+ user dora
- user alice
- user bob
- assignment user alice: Admin in 011122223333
- assignment user alice: Admin in 222233334444
1 to add, 0 to change, 4 to remove
`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := memory(t)
			load(t, s, small, seed.Options{})
			if got := load(t, s, c.text, seed.Options{Prune: c.prune}).String(); got != c.want {
				t.Errorf("got\n%snot\n%s", got, c.want)
			}
			if again := load(t, s, c.text, seed.Options{Prune: c.prune}); len(again.Changes) != 0 {
				t.Errorf("a second time there is still something to do:\n%v", again)
			}
		})
	}
}

func TestWhatCannotBePlanned(t *testing.T) {
	const none = " is neither in the file nor in the directory"
	for _, c := range []struct {
		name, text string
		prune      bool
		want       string
	}{
		{
			"region", "\ninstance:\n  region: eu-west-1", false,
			"people.yaml:3: instance.region: eu-west-1 is not the region of this directory, us-east-1, which cannot be changed",
		},
		{"references", `
groups:
  - {name: new, members: [alice, zoe]}
assignments:
  - users: [zoe]
    groups: [ops, none]
    permission_sets: [Nothing]
    accounts: ["*", 999999999999]
  - {users: [alice], permission_sets: [Admin], accounts: [011122223333, 999999999998]}
`, false, `people.yaml:3: groups[0].members[1]: user "zoe"` + none + `
people.yaml:5: assignments[0].users[0]: user "zoe"` + none + `
people.yaml:6: assignments[0].groups[1]: group "none"` + none + `
people.yaml:7: assignments[0].permission_sets[0]: permission set "Nothing"` + none + `
people.yaml:8: assignments[0].accounts[1]: account "999999999999"` + none + `
people.yaml:9: assignments[1].accounts[1]: account "999999999998"` + none},
		{
			"pruned", "users: [{name: zoe}]\nassignments:\n  - {users: [zoe, bob], permission_sets: [Admin], accounts: ['*']}",
			true, `people.yaml:3: assignments[0].users[1]: user "bob" is not in the file, and would be pruned`,
		},
		{
			"an address that is taken", "users:\n  - name: zoe\n    email: BOB@x\n    external_ids: [{issuer: i, id: \"1\"}]",
			false,
			`people.yaml:3: users[0].email: "BOB@x" belongs to user bob in the directory
people.yaml:4: users[0].external_ids: "1" belongs to user bob in the directory`,
		},
		{
			"an external id that is taken", "groups:\n  - name: zoo\n    external_ids: [{issuer: i, id: g}]", false,
			`people.yaml:3: groups[0].external_ids: "g" belongs to group ops in the directory`,
		},
		{
			"too many",
			"users: &u " + numbers("u%04d", 1001, "{name: ", "}") + "\naccounts: " +
				numbers("%012d", 1001, "{name: a, id: ", "}") +
				"\nassignments: [{users: " + numbers("u%04d", 1001, "", "") + ", permission_sets: Admin, accounts: '*'}]", false,
			"people.yaml:3: assignments[0]: makes more than 1000000 assignments",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := memory(t)
			load(t, s, small, seed.Options{})
			before := export(t, s)
			_, err := seed.Load(t.Context(), s, "people.yaml", []byte(c.text), seed.Options{Prune: c.prune, Cost: cheap},
				"operator", now())
			if err == nil || err.Error() != c.want {
				t.Errorf("got\n%v\nnot\n%s", err, c.want)
			}
			if after := export(t, s); after != before {
				t.Errorf("it changed something:\n%s", after)
			}
		})
	}
}

func TestNoInstance(t *testing.T) {
	file, err := seed.Parse("p", nil)
	if err != nil {
		t.Fatal(err)
	}
	view(t, memory(t), func(r store.Reader) error {
		_, plan := file.Plan(r, seed.Options{})
		_, export := seed.Export(r)
		if !errors.Is(plan, store.ErrNotFound) || !errors.Is(export, store.ErrNotFound) {
			t.Error(plan, export)
		}
		return nil
	})
}

// sessions begins a session for each user, and counts those left after applying a file.
func sessions(t *testing.T, text string, o seed.Options) map[string]int {
	s := memory(t)
	load(t, s, small, seed.Options{})
	names := []string{"alice", "bob"}
	ids := map[string]string{}
	err := s.Update(t.Context(), func(tx store.Tx) error {
		var failures []error
		for _, name := range names {
			u, err := directory.Users().Find(tx, directory.NameKey(name))
			ids[name] = u.ID
			failures = append(failures, err,
				tx.Put(store.Entry{
					Kind: directory.KindSession, ID: name, Owners: []string{directory.OwnerUser(u.ID)}, Value: []byte("{}"),
				}))
		}
		return errors.Join(failures...)
	})
	if err != nil {
		t.Fatal(err)
	}
	load(t, s, text, o)
	left := map[string]int{}
	view(t, s, func(r store.Reader) error {
		for _, name := range names {
			list, err := r.List(directory.KindSession, directory.OwnerUser(ids[name]), "", 0)
			if err != nil {
				return err
			}
			left[name] = len(list)
		}
		return nil
	})
	return left
}

func TestSessions(t *testing.T) {
	for name, c := range map[string]struct {
		text       string
		prune      bool
		alice, bob int
	}{
		"a new password ends none": {"users: [{name: alice, password: new}, {name: bob, password: new}]", false, 1, 1},
		"disabled":                 {"users: [{name: alice, disabled: true}]", false, 0, 1},
		"removed":                  {"users: [{name: alice}]", true, 1, 0},
	} {
		if left := sessions(t, c.text, seed.Options{Prune: c.prune}); left["alice"] != c.alice || left["bob"] != c.bob {
			t.Errorf("%s: %v", name, left)
		}
	}
}

func TestPasswords(t *testing.T) {
	s := memory(t)
	load(t, s, "users: [{name: a, password: one}, {name: b, password_hash: "+hash+"}]", seed.Options{})
	matches := func(name, password string) bool {
		var u directory.User
		view(t, s, func(r store.Reader) (err error) {
			u, err = directory.Users().Find(r, directory.NameKey(name))
			return err
		})
		return u.Password.Matches(password)
	}
	if !matches("a", "one") || matches("a", "two") {
		t.Error("a's password is another one")
	}
	plan := load(t, s, "users: [{name: a, password: two, title: two}, {name: b}]", seed.Options{})
	const want = "~ user a: title none → two, password changed\n0 to add, 1 to change, 0 to remove\n"
	if plan.String() != want {
		t.Errorf("%s", plan)
	}
	if !matches("a", "two") {
		t.Error("a's password is not the new one")
	}
	load(t, s, "users: [{name: a}]", seed.Options{})
	if !matches("a", "two") {
		t.Error("a file without a password changed it")
	}
}

// TestTheAudit: one event for each change, in the order they were made.
func TestTheAudit(t *testing.T) {
	s := memory(t)
	load(t, s, small, seed.Options{})
	load(t, s, "users: [{name: bob, email: b@x, password: secret}]\npermission_sets: [{name: ReadOnly}]",
		seed.Options{Prune: true})
	var got []string
	view(t, s, func(r store.Reader) error {
		events, err := r.Events(0, 0)
		for _, e := range events {
			if e.Actor != "operator" || !e.Time.Equal(now()) {
				t.Errorf("%+v", e)
			}
			got = append(got, e.Action+" "+e.Target+" "+e.Details)
		}
		return err
	})
	want := []string{
		"ApplyUser alice add",
		"ApplyUser bob add",
		"ApplyGroup ops add",
		"ApplyAccount 011122223333 add",
		"ApplyAccount 222233334444 add",
		"ApplyPermissionSet Admin add",
		"ApplyPermissionSet ReadOnly add",
		"ApplyAssignment user alice: Admin in 011122223333 add",
		"ApplyAssignment user alice: Admin in 222233334444 add",
		"ApplyAssignment group ops: ReadOnly in 011122223333 add",
		"ApplyRole arn:aws:iam::011122223333:role/x add",
		"RemoveAssignment user alice: Admin in 222233334444 remove",
		"RemoveAssignment user alice: Admin in 011122223333 remove",
		"RemovePermissionSet Admin remove",
		"RemoveUser alice remove",
		`ApplyUser bob email bob@x → b@x, title Boss → none, external_ids [{issuer: i, id: "1"}] → none, ` +
			`password changed`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nnot\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestJSON: scripts read plans, too.
func TestJSON(t *testing.T) {
	s := memory(t)
	load(t, s, small, seed.Options{})
	for text, want := range map[string]string{
		"": `{"changes":[],"kept":[]}`,
		"permission_sets: [{name: Admin, session_duration: 2h, tags: {k: v}}]": `{"changes":[{"op":"change",` +
			`"kind":"permission set","name":"Admin","fields":["session_duration 1h → 2h"]}],` +
			`"kept":[{"kind":"permission set","name":"ReadOnly"}]}`,
	} {
		got, err := json.Marshal(load(t, s, text, seed.Options{}))
		if err != nil || string(got) != want {
			t.Errorf("%s, not %s (%v)", got, want, err)
		}
	}
}

// TestManyNames: a plan stays short.
func TestManyNames(t *testing.T) {
	s := memory(t)
	load(t, s, "users: "+numbers("u%02d", 12, "{name: ", "}")+"\ngroups: [{name: ops, members: []}]", seed.Options{})
	plan := load(t, s, "users: []\ngroups: [{name: ops, members: "+numbers("u%02d", 12, "", "")+"}]", seed.Options{})
	want := `~ group ops: members +u00, +u01, +u02, +u03, +u04, +u05, +u06, +u07, +u08, +u09 and 2 more
0 to add, 1 to change, 0 to remove
not in the file, but kept: 12 users: u00, u01, u02, u03, u04, u05, u06, u07, u08, u09 and 2 more
to remove them: --prune
`
	if got := plan.String(); got != want {
		t.Errorf("got\n%snot\n%s", got, want)
	}
}
