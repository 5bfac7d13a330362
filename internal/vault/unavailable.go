package vault

import (
	"os"
)

// A Kind tells the reasons apart for which a key cannot be had now.
type Kind int

// The reasons.
const (
	Missing  Kind = iota // there is no keyring here
	Locked               // it waits for its password
	Silent               // it does not answer
	NoPerson             // a passphrase is needed, and nobody is asked
	Wrong                // the passphrase does not fit
)

// An UnavailableError says why a key cannot be had now. Nothing is lost by it.
type UnavailableError struct {
	Backend string
	Kind    Kind
	Why     string
}

// Error says why.
func (e *UnavailableError) Error() string {
	if e.Backend == Keyring {
		return "the keyring cannot be used: " + e.Why
	}
	return e.Why
}

// Advice returns what helps where this process runs.
func (e *UnavailableError) Advice(getenv func(string) string) string {
	switch {
	case e.Backend == Passphrase && e.Kind == NoPerson:
		return "set " + PassphraseFile + " to a file with it, or run the command at a terminal"
	case e.Backend == Passphrase:
		return ""
	case getenv("WSL_DISTRO_NAME") != "":
		return "WSL: install and unlock gnome-keyring inside it, or use a passphrase instead"
	case e.Kind != Missing && isRemote(getenv):
		return "over SSH: unlock it with \"gnome-keyring-daemon -r --unlock --components=secrets\", " +
			"or use a passphrase instead"
	case e.Kind == Missing && inContainer():
		return "containers have no keyring: use a passphrase instead"
	case e.Kind == Missing && isRemote(getenv):
		return "over SSH: sign in with a session bus and gnome-keyring, or use a passphrase instead"
	case e.Kind == Missing:
		return "on a desktop: install gnome-keyring or KWallet and sign in again; elsewhere use a passphrase instead"
	case e.Kind == Locked:
		return "on a desktop: unlock the login keyring, for instance with Seahorse, or sign in with your password"
	}
	return "on a desktop: sign out and in again, which restarts it; or use a passphrase instead"
}

func isRemote(getenv func(string) string) bool {
	return getenv("SSH_CONNECTION") != "" || getenv("SSH_TTY") != ""
}

func inContainer() bool {
	for _, path := range []string{"/.dockerenv", "/run/.containerenv"} {
		if _, err := os.Stat(path); err == nil {
			return true
		}
	}
	return false
}
