package vault

import (
	"strings"
	"testing"
)

// What helps depends on where somebody is.
func TestAdvice(t *testing.T) {
	over := map[string]string{"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}
	for _, x := range []struct {
		e    UnavailableError
		env  map[string]string
		want string
	}{
		{UnavailableError{Backend: Keyring, Kind: Locked}, nil, "on a desktop: unlock the login keyring"},
		{UnavailableError{Backend: Keyring, Kind: Silent}, nil, "on a desktop: sign out and in again"},
		{UnavailableError{Backend: Keyring, Kind: Locked}, over, "over SSH: unlock it with \"gnome-keyring-daemon"},
		{UnavailableError{Backend: Keyring, Kind: Silent}, over, "over SSH: unlock it"},
		{UnavailableError{Backend: Keyring, Kind: Locked}, map[string]string{"WSL_DISTRO_NAME": "Debian"}, "WSL: install"},
		{UnavailableError{Backend: Keyring, Kind: Missing}, map[string]string{"WSL_DISTRO_NAME": "Debian"}, "WSL: install"},
		{UnavailableError{Backend: Passphrase, Kind: NoPerson}, nil, PassphraseFile},
		{UnavailableError{Backend: Passphrase, Kind: Wrong}, over, ""},
	} {
		getenv := func(name string) string { return x.env[name] }
		if got := x.e.Advice(getenv); !strings.HasPrefix(strings.TrimPrefix(got, "set "), x.want) {
			t.Errorf("%+v, %v: %q, want %q", x.e, x.env, got, x.want)
		}
	}
	missing := &UnavailableError{Backend: Keyring, Kind: Missing}
	inside := missing.Advice(func(string) string { return "" })
	if want := "on a desktop: install"; !inContainer() && !strings.HasPrefix(inside, want) ||
		inContainer() && !strings.HasPrefix(inside, "containers have no keyring") {
		t.Errorf("%q, in a container: %v", inside, inContainer())
	}
}
