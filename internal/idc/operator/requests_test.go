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

// The socket of a directory with a long path is in a folder of ours that is closed to others.
func TestALongPath(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 30))
	path, err := operator.SocketPath(dir)
	if err != nil || len(path) > 100 || filepath.Base(filepath.Dir(path)) == filepath.Base(dir) {
		t.Fatalf("%s, %v", path, err)
	}
	listener, err := operator.Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if info, err := os.Stat(filepath.Dir(path)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info, err)
	}
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
