// The operator's socket promises the owner of a data directory that
//   - nobody else can open it, and a client talks to nobody else's socket;
//   - a seed file is applied whole or not at all, and a dry run changes nothing;
//   - a new password or a reset signs people out at once;
//   - everything done is in the audit, whose chain can be verified, and the store can be backed up at any time;
//   - anything missing is an error that says so, never an empty success.
package operator_test

import (
	"bytes"
	"context"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rolecall/internal/idc"
	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/idctest"
	"rolecall/internal/idc/operator"
	"rolecall/internal/idc/store"
)

// A desk is an operator with a client, over the socket of a data directory.
type desk struct {
	*testing.T
	*operator.Client
	api  *operator.API
	data *idc.Data
	path string
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	dir := t.TempDir()
	data, err := idc.OpenData(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = data.Close() })
	listener, err := operator.Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{T: t, data: data, api: &operator.API{Store: data.Store, Now: time.Now, Cost: idctest.Cost()}}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- d.api.Serve(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	if d.path, err = operator.SocketPath(dir); err != nil {
		t.Fatal(err)
	}
	if d.Client, err = operator.Dial(d.path); err != nil {
		t.Fatal(err)
	}
	return d
}

const company = `
users:
  - {name: alice, password: first}
accounts:
  - {id: "111122223333", name: dev}
permission_sets:
  - {name: Admin}
assignments:
  - {users: [alice], permission_sets: [Admin], accounts: ["111122223333"]}
`

// do calls a route. A query is written as name=value&….
func (d *desk) do(method, path, query, body string) (operator.Answer, error) {
	d.Helper()
	q, err := url.ParseQuery(query)
	if err != nil {
		d.Fatal(err)
	}
	return d.Do(d.Context(), method, path, q, []byte(body), nil)
}

// get returns what a route lists.
func (d *desk) get(path, query string) string {
	d.Helper()
	q, err := url.ParseQuery(query)
	if err != nil {
		d.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := d.Do(d.Context(), "GET", path, q, nil, &b); err != nil {
		d.Fatal(err)
	}
	return b.String()
}

// must applies the company's file.
func (d *desk) must() {
	d.Helper()
	if a, err := d.do("POST", "/apply", "name=people.yaml", company); err != nil || !strings.Contains(a.Plan, "alice") {
		d.Fatalf("%+v, %v", a, err)
	}
}

func TestAFileIsAppliedWhole(t *testing.T) {
	d := newDesk(t)
	d.must()
	export := d.get("/export", "")
	if !strings.Contains(export, "alice") || strings.Contains(export, "first") {
		t.Errorf("exported:\n%s", export)
	}
	dry, err := d.do("POST", "/apply", "name=x.yaml&dry_run=true&prune=true", "users: [{name: bob}]")
	if err != nil || !strings.Contains(dry.Plan, "bob") || !strings.Contains(dry.Plan, "alice") {
		t.Errorf("dry run: %+v, %v", dry, err)
	}
	for query, body := range map[string]string{
		"name=x.yaml":              "users: [{name: bob}, {name: a b}]",
		"name=x.yaml&dry_run=true": "usres: []",
	} {
		if _, err := d.do("POST", "/apply", query, body); err == nil || !strings.HasPrefix(err.Error(), "x.yaml:1:") {
			t.Errorf("%s: %v", body, err)
		}
	}
	if again := d.get("/export", ""); again != export {
		t.Errorf("something was changed:\n%s", again)
	}
	if roles := d.get("/roles",
		"user=alice"); strings.TrimSpace(roles) != `[{"accountId":"111122223333","accountName":"dev","name":"Admin"}]` {
		t.Errorf("alice has %s", roles)
	}
	if _, err := d.do("GET", "/roles", "user=nobody", ""); err == nil || !strings.Contains(err.Error(), "not found") {
		t.Errorf("the roles of nobody: %v", err)
	}
}

func TestPeopleAreSignedOut(t *testing.T) {
	d := newDesk(t)
	var forgotten []string // whose wrong passwords
	d.api.Forget = func(user string) { forgotten = append(forgotten, user) }
	defer func() {
		if !slices.Equal(forgotten, []string{"Alice", ""}) {
			t.Errorf("the wrong passwords of %q were forgotten", forgotten)
		}
	}()
	for _, act := range [][3]string{
		{"POST", "/password", `{"User":"Alice","Password":"second"}`},
		{"POST", "/reset", ""},
	} {
		d.must()
		var user directory.User
		err := d.data.Store.Update(t.Context(), func(tx store.Tx) (err error) {
			if user, err = directory.Users().Find(tx, directory.NameKey("alice")); err != nil {
				return err
			}
			return tx.Put(store.Entry{
				Kind: directory.KindSession, ID: "s", Owners: []string{directory.OwnerUser(user.ID)}, Value: []byte("{}"),
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.do(act[0], act[1], "", act[2]); err != nil {
			t.Errorf("%s: %v", act[1], err)
		}
		err = d.data.Store.View(t.Context(), func(r store.Reader) error {
			sessions, err := r.Count(directory.KindSession)
			user, _ = directory.Users().Get(r, user.ID) // after a reset there is none
			if sessions != 0 || user.Password.Matches("first") || user.Password.Matches("second") != (act[1] == "/password") {
				t.Errorf("%s: %d sessions, user %q", act[1], sessions, user.UserName)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	for body, want := range map[string]string{
		`{"User":"nobody","Password":"x"}`: "not found", `{"User":"alice"}`: "empty", "x": "invalid",
	} {
		if _, err := d.do("POST", "/password", "", body); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestTheAudit(t *testing.T) {
	d := newDesk(t)
	d.must()
	lines := strings.Split(strings.TrimSpace(d.get("/audit", "")), "\n")
	if len(lines) < 4 || !strings.Contains(lines[0], `"actor":"operator"`) {
		t.Errorf("%q", lines)
	}
	if one := d.get("/audit", "after=1&limit=1"); strings.TrimSpace(one) != lines[1] {
		t.Errorf("the second event is %s", one)
	}
	verified, err := d.do("GET", "/audit/verification", "", "")
	if err != nil || verified.Events != int64(len(lines)) || len(verified.Head) == 0 {
		t.Errorf("%+v, %v", verified, err)
	}
	copied := filepath.Join(t.TempDir(), "copy.db")
	query := url.Values{"path": {copied}}.Encode()
	if _, err := d.do("POST", "/backup", query, ""); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(copied); err != nil || info.Size() == 0 {
		t.Errorf("the copy: %v", err)
	}
	if _, err := d.do("POST", "/backup", query, ""); err == nil {
		t.Error("a copy was written over another file")
	}
}
