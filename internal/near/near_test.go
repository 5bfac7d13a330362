package near

import (
	"slices"
	"testing"
)

func TestBest(t *testing.T) {
	candidates := []string{"login", "logout", "list", "ls", "device-code", "ReadOnly"}
	for name, want := range map[string]string{
		"login": "login", "logn": "login", "lgoin": "login", "LOGOUT": "logout", "readonly": "ReadOnly",
		"devicecode": "device-code", "": "", "x": "", "zzzz": "", "loginloginlogin": "",
	} {
		if got := Best(name, candidates); got != want {
			t.Errorf("Best(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestAll(t *testing.T) {
	candidates := []string{"token", "portal-roles", "portal-accounts", "register"}
	for name, want := range map[string][]string{
		"tokn": {"token"}, "Portal": {"portal-roles", "portal-accounts"}, "tokens": {"token"},
		"reigster": {"register"}, "": nil, "zz": nil,
	} {
		if got := All(name, candidates); !slices.Equal(got, want) {
			t.Errorf("All(%q) = %q, want %q", name, got, want)
		}
	}
}
