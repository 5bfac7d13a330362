package seed_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"rolecall/internal/idc/seed"
)

// mistakes are files, and Parse's messages.
var mistakes = []struct{ name, text, want string }{
	// the form
	{"no YAML", "users: [\n", "people.yaml:1: did not find expected node content"},
	{
		"a star without quotes", "assignments:\n  - {users: [a], permission_sets: [A], accounts: [*]}\n",
		`people.yaml:2: did not find expected alphabetic or numeric character; "*" needs its quotes`,
	},
	{"two documents", "users: []\n---\nusers: []\n", "people.yaml:2: only one document is allowed"},
	{"a second document that is broken", "users: []\n---\n[", "people.yaml:3: did not find expected node content"},
	{"a text", "hello", "people.yaml:1: is not a mapping"},
	{"an unknown section", "\nuser: []", `people.yaml:2: unknown field "user": did you mean users?`},
	{"a section that is no list", "users: {name: alice}", "people.yaml:1: users: is not a list"},
	{"an entry that is no mapping", "users: [alice]", "people.yaml:1: users[0]: is not a mapping"},
	{"a field that is no text", "users: [{name: [alice]}]", "people.yaml:1: users[0].name: is not a string"},
	{
		"a field twice", "users:\n  - name: alice\n    title: a\n    title: b\n",
		"people.yaml:4: users[0].title: is already on line 3",
	},
	{
		"a field with a name that is no text", "users: [{[a]: b, name: alice}]",
		"people.yaml:1: users[0]: a field name is not a string",
	},
	{"no UTF-8", "users: [{name: \"\xff\"}]", "people.yaml:1: invalid leading UTF-8 octet"},
	{
		"a hint", "permission_sets:\n  - name: Admin\n    session_duraton: 1h\n",
		`people.yaml:3: permission_sets[0]: unknown field "session_duraton": did you mean session_duration?`,
	},
	{
		"no hint", "permission_sets: [{name: Admin, colour: red}]",
		`people.yaml:1: permission_sets[0]: unknown field "colour"`,
	},
	{"a merge", "users: [{name: alice, <<: {title: Boss}}]", `people.yaml:1: users[0]: unknown field "<<"`},
	{
		"hostile text is shown harmlessly", "users: [{\"\\e]0;x\\a\": 1, name: alice}]",
		`people.yaml:1: users[0]: unknown field "\u001b]0;x\u0007"`,
	},

	// instance
	{"region", "instance: {region: Ireland}", `people.yaml:1: instance.region: "Ireland" is not a region like us-east-1`},
	{
		"owner", "instance: {owner_account: 12}",
		`people.yaml:1: instance.owner_account: "12" is not an account id of 12 digits`,
	},
	{
		"session too short", "instance: {session_duration: 14m}",
		"people.yaml:1: instance.session_duration: 14m is not between 15m and 2160h",
	},
	{
		"session too long", "instance: {session_duration: 2161h}",
		"people.yaml:1: instance.session_duration: 2161h is not between 15m and 2160h",
	},
	{
		"no duration", "instance: {session_duration: 8}",
		`people.yaml:1: instance.session_duration: "8" is not a duration like 1h or 1h30m`,
	},
	{
		"instance name", "instance: {name: My instance}",
		`people.yaml:1: instance.name: "My instance" is not an instance's name: up to 255 letters, digits and _+=,.@-`,
	},

	// users
	{"no name", "users:\n  - {title: Boss}", "people.yaml:2: users[0]: name is missing"},
	{"null is no name", "users:\n  - {name: null}", "people.yaml:2: users[0]: name is missing"},
	{
		"empty name", `users: [{name: ""}]`,
		`people.yaml:1: users[0].name: "" is not a user name: 1 to 128 characters without spaces`,
	},
	{
		"spaces", `users: [{name: "a b"}]`,
		`people.yaml:1: users[0].name: "a b" is not a user name: 1 to 128 characters without spaces`,
	},
	{
		"long name", "users: [{name: " + strings.Repeat("é", 129) + "}]",
		`people.yaml:1: users[0].name: "` + strings.Repeat("é", 100) +
			`…" is not a user name: 1 to 128 characters without spaces`,
	},
	{
		"the same user", "users:\n  - name: alice\n  - name: Alice\n",
		`people.yaml:3: users[1].name: "Alice" is already on line 2`,
	},
	{
		"e-mail", "users:\n  - name: a\n  - name: b\n  - name: c\n    email: x\n",
		`people.yaml:5: users[2].email: "x" is not an e-mail address`,
	},
	{
		"long e-mail", "users: [{name: a, email: a@" + strings.Repeat("x", 1024) + "}]",
		`people.yaml:1: users[0].email: "a@` + strings.Repeat("x", 98) + `…" is not an e-mail address`,
	},
	{
		"a hash that is no text", "users: [{name: a, password_hash: [x]}]",
		"people.yaml:1: users[0].password_hash: is not a string",
	},
	{"disabled that is no text", "users: [{name: a, disabled: [x]}]", "people.yaml:1: users[0].disabled: is not a string"},
	{
		"the same e-mail", "users:\n  - {name: a, email: a@x}\n  - {name: b, email: A@x}\n",
		`people.yaml:3: users[1].email: "A@x" is already on line 2`,
	},
	{
		"email and emails", "users: [{name: a, email: a@x, emails: [{value: a@x}]}]",
		"people.yaml:1: users[0].emails: the user has both email and emails",
	},
	{
		"an e-mail without its value", "users: [{name: a, emails: [{type: home}]}]",
		"people.yaml:1: users[0].emails[0]: value is missing",
	},
	{
		"a phone number without its value", "users: [{name: a, phone_numbers: [{type: home}]}]",
		"people.yaml:1: users[0].phone_numbers[0]: value is missing",
	},
	{
		"the same external id",
		"users:\n  - {name: a, external_ids: [{issuer: i, id: \"1\"}]}\n  - {name: b, external_ids: [{issuer: i, id: " +
			"\"1\"}]}\n", `people.yaml:3: users[1].external_ids: "1" is already on line 2`,
	},
	{
		"no issuer", "users: [{name: a, external_ids: [{id: \"1\"}]}]",
		"people.yaml:1: users[0].external_ids[0]: issuer is missing",
	},
	{"empty password", `users: [{name: a, password: ""}]`, "people.yaml:1: users[0].password: is empty"},
	{"empty hash", `users: [{name: a, password_hash: ""}]`, "people.yaml:1: users[0].password_hash: is empty"},
	{
		"no hash", `users: [{name: a, password_hash: secret}]`,
		"people.yaml:1: users[0].password_hash: not an argon2id hash like $argon2id$v=19$m=19456,t=2,p=1$SALT$HASH",
	},
	{
		"two passwords", "users: [{name: a, password: x, password_hash: " + hash + "}]",
		"people.yaml:1: users[0]: has both password and password_hash",
	},
	{"disabled", "users: [{name: a, disabled: yes}]", `people.yaml:1: users[0].disabled: "yes" is not true or false`},
	{
		"a text too long", "users: [{name: a, title: " + strings.Repeat("x", 8193) + "}]",
		"people.yaml:1: users[0].title: has 8193 characters, not 0 to 8192",
	},

	// groups
	{"empty group name", `groups: [{name: ""}]`, "people.yaml:1: groups[0].name: is empty"},
	{
		"long group name", "groups: [{name: " + strings.Repeat("x", 1025) + "}]",
		"people.yaml:1: groups[0].name: has 1025 characters, not 1 to 1024",
	},
	{
		"the same group", "groups:\n  - name: ops\n  - name: Ops\n",
		`people.yaml:3: groups[1].name: "Ops" is already on line 2`,
	},
	{
		"a member twice", "groups: [{name: ops, members: [a, b, a]}]",
		`people.yaml:1: groups[0].members[2]: "a" appears twice`,
	},

	// accounts
	{
		"account id", "accounts:\n  - {id: \"1234\", name: x}",
		`people.yaml:2: accounts[0].id: "1234" is not an account id of 12 digits`,
	},
	{"account without a name", "accounts: [{id: 111122223333}]", "people.yaml:1: accounts[0]: name is missing"},
	{
		"the same account", "accounts:\n  - {id: 011122223333, name: a}\n  - {id: \"011122223333\", name: b}",
		`people.yaml:3: accounts[1].id: "011122223333" is already on line 2`,
	},
	{
		"OU", "accounts: [{id: 111122223333, name: a, ou: /x}]",
		`people.yaml:1: accounts[0].ou: "/x" is not a path of organizational units like Workloads/Prod`,
	},

	// permission sets
	{
		"set name", "permission_sets: [{name: A B}]",
		`people.yaml:1: permission_sets[0].name: "A B" is not a permission set's name: 1 to 32 letters, digits and _+=,.@-`,
	},
	{
		"the same set", "permission_sets:\n  - name: A\n  - name: A\n",
		`people.yaml:3: permission_sets[1].name: "A" is already on line 2`,
	},
	{
		"set too short", "permission_sets: [{name: A, session_duration: 59m}]",
		"people.yaml:1: permission_sets[0].session_duration: 59m is not between 1h and 12h",
	},
	{
		"set too long", "permission_sets: [{name: A, session_duration: 12h1s}]",
		"people.yaml:1: permission_sets[0].session_duration: 12h1s is not between 1h and 12h",
	},
	{
		"managed policy", "permission_sets: [{name: A, managed_policies: [ReadOnlyAccess]}]",
		`people.yaml:1: permission_sets[0].managed_policies[0]: "ReadOnlyAccess" is not the ARN of a managed policy`,
	},
	{
		"managed policy twice",
		"permission_sets: [{name: A, managed_policies: [arn:aws:iam::aws:policy/X, arn:aws:iam::aws:policy/X]}]",
		`people.yaml:1: permission_sets[0].managed_policies[1]: "arn:aws:iam::aws:policy/X" appears twice`,
	},
	{
		"customer policy", "permission_sets: [{name: A, customer_policies: [{name: \"a b\", path: x}]}]",
		`people.yaml:1: permission_sets[0].customer_policies[0].name: "a b" is not a policy's name: ` +
			`1 to 128 letters, digits and _+=,.@-
people.yaml:1: permission_sets[0].customer_policies[0].path: "x" is not a path like /team/`,
	},
	{
		"customer policy twice",
		"permission_sets:\n - name: A\n   customer_policies:\n   - {name: p}\n   - {name: p, path: /}\n",
		`people.yaml:5: permission_sets[0].customer_policies[1]: "/p" is already on line 4`,
	},
	{
		"no boundary", "permission_sets: [{name: A, boundary: {}}]",
		"people.yaml:1: permission_sets[0].boundary: needs one of managed_policy and customer_policy",
	},
	{
		"two boundaries",
		"permission_sets: [{name: A, boundary: {managed_policy: arn:aws:iam::aws:policy/X, customer_policy: {name: p}}}]",
		"people.yaml:1: permission_sets[0].boundary: needs one of managed_policy and customer_policy",
	},
	{
		"policy text", "permission_sets: [{name: A, inline_policy: 'allow'}]",
		"people.yaml:1: permission_sets[0].inline_policy: is not a policy document: a JSON object",
	},
	{
		"policy list", "permission_sets: [{name: A, inline_policy: '[]'}]",
		"people.yaml:1: permission_sets[0].inline_policy: is not a policy document: a JSON object",
	},
	{
		"policy too long", "permission_sets: [{name: A, inline_policy: '{\"a\":\"" + strings.Repeat("x", 32768) + "\"}'}]",
		"people.yaml:1: permission_sets[0].inline_policy: is longer than 32768 characters",
	},
	{
		"policy with a name twice", "permission_sets: [{name: A, inline_policy: {a: 1, a: 2}}]",
		"people.yaml:1: permission_sets[0].inline_policy: has a field name that is not a string, or appears twice",
	},
	{
		"policy too deep",
		"permission_sets: [{name: A, inline_policy: {a: " + strings.Repeat("[", 40) + strings.Repeat("]", 40) + "}}]",
		"people.yaml:1: permission_sets[0].inline_policy: is nested too deep",
	},
	{
		"tag key", "permission_sets: [{name: A, tags: {\"a!\": b}}]",
		`people.yaml:1: permission_sets[0].tags: a tag's key: "a!" is not letters, digits, spaces and _.:/=+@-`,
	},
	{
		"tag value", "permission_sets: [{name: A, tags: {a: [b]}}]",
		"people.yaml:1: permission_sets[0].tags.a: is not a string",
	},
	{
		"tag value's characters", "permission_sets: [{name: A, tags: {a: \"b\\n\"}}]",
		`people.yaml:1: permission_sets[0].tags.a: "b\n" is not letters, digits, spaces and _.:/=+@-`,
	},
	{
		"long tag", "permission_sets: [{name: A, tags: {a: " + strings.Repeat("x", 257) + "}}]",
		"people.yaml:1: permission_sets[0].tags.a: has 257 characters, not 0 to 256",
	},
	{
		"a tag twice", "permission_sets: [{name: A, tags: {a: b, a: c}}]",
		"people.yaml:1: permission_sets[0].tags.a: is already on line 1",
	},
	{"tags", "permission_sets: [{name: A, tags: [a]}]", "people.yaml:1: permission_sets[0].tags: is not a mapping"},

	// assignments
	{
		"nobody", "assignments: [{permission_sets: [A], accounts: ['*']}]",
		"people.yaml:1: assignments[0]: users or groups are missing",
	},
	{
		"nothing", "assignments: [{users: [a]}]",
		"people.yaml:1: assignments[0]: permission_sets is missing\npeople.yaml:1: assignments[0]: accounts is missing",
	},
	{
		"account of an assignment", "assignments: [{users: [a], permission_sets: [A], accounts: [prod]}]",
		`people.yaml:1: assignments[0].accounts[0]: "prod" is not an account id of 12 digits`,
	},
	{
		"a star is no user", "assignments: [{users: ['* *'], permission_sets: [A], accounts: ['*']}]",
		`people.yaml:1: assignments[0].users[0]: "* *" is not a user name: 1 to 128 characters without spaces`,
	},

	// roles
	{
		"role ARN", "roles: [{arn: Deploy, trust: [arn:aws:iam::111122223333:root]}]",
		`people.yaml:1: roles[0].arn: "Deploy" is not the ARN of a role`,
	},
	{
		"trust", "roles: [{arn: arn:aws:iam::111122223333:role/x, trust: ['*']}]",
		`people.yaml:1: roles[0].trust[0]: "*" is not the ARN of a role, a user or an account's root`,
	},
	{"no trust", "roles: [{arn: arn:aws:iam::111122223333:role/x}]", "people.yaml:1: roles[0]: trust is missing"},
	{
		"external id", "roles: [{arn: arn:aws:iam::111122223333:role/x, trust: [], external_id: x}]",
		`people.yaml:1: roles[0].external_id: "x" is not an external id: 2 to 1224 letters, digits and _+=,.@:/-`,
	},
	{
		"long external id",
		"roles: [{arn: arn:aws:iam::111122223333:role/x, trust: [], external_id: " + strings.Repeat("x", 1225) + "}]",
		`people.yaml:1: roles[0].external_id: "` + strings.Repeat("x", 100) + `…" is longer than 1224 characters`,
	},
	{
		"the same role",
		"roles:\n  - {arn: arn:aws:iam::111122223333:role/x, trust: []}\n  - {arn: arn:aws:iam::111122223333:role/x, " +
			"trust: []}", `people.yaml:3: roles[1].arn: "arn:aws:iam::111122223333:role/x" is already on line 2`,
	},
	{
		"role too long", "roles: [{arn: arn:aws:iam::111122223333:role/x, trust: [], max_session_duration: 13h}]",
		"people.yaml:1: roles[0].max_session_duration: 13h is not between 1h and 12h",
	},
}

const hash = `"$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"`

func TestMistakes(t *testing.T) {
	for _, m := range mistakes {
		t.Run(m.name, func(t *testing.T) {
			_, err := seed.Parse("people.yaml", []byte(m.text))
			if err == nil {
				t.Fatal("it is accepted")
			}
			if err.Error() != m.want {
				t.Errorf("got\n%s\nnot\n%s", err, m.want)
			}
			var problems seed.Problems
			if !errors.As(err, &problems) || problems[0].Line == 0 {
				t.Errorf("%#v", err)
			}
		})
	}
}

func TestAllMistakesAtOnce(t *testing.T) {
	var b strings.Builder
	b.WriteString("roles: [{arn: x, trust: []}]\nusers:\n")
	for range 30 {
		b.WriteString("  - {title: Boss}\n")
	}
	b.WriteString("accounts: [{id: x, name: y}]\n")
	_, err := seed.Parse("p", []byte(b.String()))
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 21 || lines[0] != `p:1: roles[0].arn: "x" is not the ARN of a role` ||
		lines[1] != "p:3: users[0]: name is missing" || lines[20] != "and 12 more" {
		t.Errorf("%s", err)
	}
}

// TestBombs: files whose aliases expand enormously are refused, before they take time or memory.
func TestBombs(t *testing.T) {
	doubled := "permission_sets:\n  - name: A\n    inline_policy:\n      k: &a0 [x, x]\n"
	for i := range 30 {
		doubled += fmt.Sprintf("      k%d: &a%d [*a%d, *a%d]\n", i, i+1, i, i)
	}
	var names strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&names, "m%d, ", i)
	}
	wide := "groups:\n  - {name: first, members: &m [" + names.String() + "]}\n"
	for i := range 2000 {
		wide += fmt.Sprintf("  - {name: g%d, members: *m}\n", i)
	}
	for name, c := range map[string]struct{ text, want string }{
		"doubled": {doubled, "p:1: permission_sets[0].inline_policy: is longer than 32768 characters"},
		"wide":    {wide, "p:2: expands to too many values through aliases"},
		"itself": {
			"permission_sets: [{name: A, inline_policy: &a {b: *a}}]",
			"p:1: permission_sets[0].inline_policy: is nested too deep",
		},
		"sections": {"users: &u [*u]", "p:1: users[0]: is not a mapping"},
		"deep":     {strings.Repeat("[", 20000), "p:1: exceeded max depth of 10000"},
		"many":     {"users: [" + strings.Repeat("a,", 8<<20) + "]", "p:1: has too many values"},
		"large":    {strings.Repeat("#", 32<<20+1), "p:1: is larger than 32 MiB"},
	} {
		_, err := seed.Parse("p", []byte(c.text))
		if err == nil || strings.ReplaceAll(err.Error(), "p:4:", "p:1:") != c.want {
			t.Errorf("%s: %.200v", name, err)
		}
	}
}

func TestNothing(t *testing.T) {
	for _, text := range []string{"", "# nobody", "---\n", "users:\ngroups: null\n", "null", "\ufeffusers: []\n"} {
		if _, err := seed.Parse("p", []byte(text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestTheDocumentationIsAFile(t *testing.T) {
	text, err := os.ReadFile("../../../docs/seed.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```yaml\n")
	example, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("docs/seed.md has no example")
	}
	s := memory(t)
	load(t, s, example, seed.Options{})
	if again := load(t, s, example, seed.Options{Prune: true}); len(again.Changes)+len(again.Kept) != 0 {
		t.Errorf("a second time there is still something to do:\n%v", again)
	}
}

func FuzzParse(f *testing.F) {
	for _, m := range mistakes {
		f.Add([]byte(m.text))
	}
	sample, _ := seed.Sample("us-east-1")
	f.Add(sample)
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		file, err := seed.Parse("p", data)
		if (file == nil) == (err == nil) {
			t.Fatal(file, err)
		}
		if err != nil && len(err.Error()) > 64<<10 {
			t.Fatalf("%d bytes of error", len(err.Error()))
		}
	})
}
