//go:build linux

package e2e

import (
	"path/filepath"
	"testing"
)

// rolecall itself, with a proxy in the role of AWS.
func TestRolecallThroughTheProxy(t *testing.T) {
	s := serve(t, filepath.Join(t.TempDir(), "home"))
	s.must(t, nil, "rolecall", "idc", "configure", "--proxy", "--url", s.url, "--user", "alice")
	s.signIn(t, s.in("proxy", "rolecall", "login", matrixProfile)...)
	if out := s.must(t, nil, s.in("proxy", "rolecall", "whoami", matrixProfile)...); !isAlice.MatchString(out) {
		t.Errorf("it is %s", out)
	}
	s.endToken(t)
	s.must(t, nil, s.in("proxy", "rolecall", "sso", "list-accounts", "--profile", matrixProfile)...)
	if n := s.refreshes(t); n != "1" {
		t.Errorf("there were %s refreshes", n)
	}
}
