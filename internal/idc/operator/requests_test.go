//go:build unix

package operator_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rolecall/internal/idc/operator"
)

// A player records what it is asked to play, and knows one fault.
type player struct{ playing []string }

func (p *player) Playing() []string { return p.playing }

func (p *player) Play(specs []string) error {
	if slices.ContainsFunc(specs, func(s string) bool { return s != "throttle" }) {
		return errors.New("unknown fault")
	}
	p.playing = specs
	return nil
}

func TestFaultsAndReload(t *testing.T) {
	d := newDesk(t)
	for path, method := range map[string]string{"/faults": "GET", "/reload": "POST"} {
		if _, err := d.do(method, path, "", ""); err == nil {
			t.Errorf("%s: answered without any", path)
		}
	}
	d.api.Faults = &player{}
	d.api.Reload = func(context.Context) (string, error) { return "nothing to do", nil }
	if a, err := d.do("PUT", "/faults", "", `["throttle"]`); err != nil || !slices.Equal(a.Faults, []string{"throttle"}) {
		t.Errorf("%+v, %v", a, err)
	}
	for _, body := range []string{`["nothing"]`, "x"} {
		if a, err := d.do("PUT", "/faults", "", body); err == nil || !slices.Equal(a.Faults, []string{"throttle"}) {
			t.Errorf("%s: %+v, %v", body, a, err)
		}
	}
	if a, err := d.do("POST", "/reload", "", ""); err != nil || a.Plan != "nothing to do" {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestRolesOfAll(t *testing.T) {
	d := newDesk(t)
	d.must()
	if roles := d.get("/roles", ""); strings.Count(roles, "accountId") != 1 {
		t.Errorf("all have %s", roles)
	}
	if _, err := d.do("POST", "/apply", "name=x", strings.Repeat("x", 33<<20)); err == nil {
		t.Error("a file of 33 MiB is read")
	}
}

// The socket of a directory with a long path is in a new folder that is closed to others: a name that others can guess
// could be taken. What a crash has left goes with the next start.
func TestALongPath(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 30))
	if path, err := operator.SocketPath(dir); !errors.Is(err, operator.ErrNobody) {
		t.Fatalf("%s, %v", path, err)
	}
	listener, err := operator.Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	path, err := operator.SocketPath(dir)
	folder := filepath.Dir(path)
	if err != nil || len(path) > 100 || folder == dir || path != listener.Addr().String() {
		t.Fatalf("%s, %v", path, err)
	}
	if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info, err)
	}
	if _, err := operator.Dial(path); err != nil {
		t.Error(err)
	}
	again, err := operator.Listen(dir) // as after a crash: the first was not closed
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(folder); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the crash left %s: %v", folder, err)
	}
	_ = listener.Close()
	folder = filepath.Dir(again.Addr().String())
	if err := again.Close(); err != nil {
		t.Error(err)
	}
	for _, left := range []string{folder, filepath.Join(dir, "operator.path")} {
		if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("left: %s, %v", left, err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "operator.path"), []byte("/etc/passwd\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	third, err := operator.Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	_ = third.Close()
	if _, err := os.Stat("/etc/passwd"); err != nil {
		t.Error(err)
	}
}

// What others own, or can change, is not talked to.
func TestOthersFolders(t *testing.T) {
	d := newDesk(t)
	folder := filepath.Dir(d.path)
	if _, err := operator.Dial(d.path); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []os.FileMode{0o777, 0o770, 0o1777} {
		if err := os.Chmod(folder, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := operator.Dial(d.path); err == nil || errors.Is(err, operator.ErrNobody) {
			t.Errorf("a folder of mode %o: %v", mode, err)
		}
	}
	if err := os.Chmod(folder, 0o700); err != nil {
		t.Fatal(err)
	}
}

// A server is found by what it has announced, at that address alone.
func TestAnnouncements(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "idc")
	const here = "http://127.0.0.1:9911"
	if _, err := operator.Find(folder, here); !errors.Is(err, operator.ErrNobody) {
		t.Error(err)
	}
	remove, err := operator.Announce(folder, here, "/run/a.sock")
	if err != nil {
		t.Fatal(err)
	}
	if path, err := operator.Find(folder, here); path != "/run/a.sock" || err != nil {
		t.Errorf("%s, %v", path, err)
	}
	if path, err := operator.Find(folder, "http://127.0.0.1:9912"); !errors.Is(err, operator.ErrNobody) {
		t.Errorf("%s, %v", path, err)
	}
	files, err := filepath.Glob(folder + "/*")
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	for _, text := range []string{"", "{}", `{"url":"http://127.0.0.1:1","socket":"/x"}`, "\x00"} {
		if err := os.WriteFile(files[0], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if path, err := operator.Find(folder, here); !errors.Is(err, operator.ErrNobody) {
			t.Errorf("%q: %s, %v", text, path, err)
		}
	}
	if err := remove(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(files[0]); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// A server takes back its own announcement, and not that of the next one at its address. What killed servers have left
// goes when another one announces itself.
func TestAnnouncementsOfOthers(t *testing.T) {
	d, folder := newDesk(t), filepath.Join(t.TempDir(), "idc")
	announce := func(url, path string) func() error {
		remove, err := operator.Announce(folder, url, path)
		if err != nil {
			t.Fatal(err)
		}
		return remove
	}
	is := func(url, want string) {
		t.Helper()
		if path, _ := operator.Find(folder, url); path != want {
			t.Errorf("%s: %q, want %q", url, path, want)
		}
	}
	const here, there = "http://127.0.0.1:9911", "http://127.0.0.1:9912"
	withdraw := announce(here, "/run/a.sock")
	announce(here, d.path)
	if err := withdraw(); err != nil {
		t.Error(err)
	}
	is(here, d.path)
	gone := filepath.Join(filepath.Dir(d.path), "gone.sock")
	announce(there, gone)
	is(there, gone)
	announce("http://127.0.0.1:9913", "/run/c.sock")
	is(there, "")
	is(here, d.path)
}

func TestAStoreThatFails(t *testing.T) {
	d := newDesk(t)
	d.must()
	if err := d.data.Store.Close(); err != nil {
		t.Fatal(err)
	}
	for path, method := range map[string]string{
		"/export": "GET", "/roles": "GET", "/audit": "GET", "/audit/verification": "GET", "/reset": "POST", "/backup": "POST",
	} {
		if _, err := d.do(method, path, "", ""); err == nil {
			t.Errorf("%s succeeded without a store", path)
		}
	}
}
