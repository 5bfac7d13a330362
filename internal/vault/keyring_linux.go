package vault

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/godbus/dbus/v5"
)

// The names of the Secret Service on the session bus
// (https://specifications.freedesktop.org/secret-service/latest).
const (
	secretsName     = "org.freedesktop.secrets"
	secretsPath     = dbus.ObjectPath("/org/freedesktop/secrets")
	loginCollection = dbus.ObjectPath("/org/freedesktop/secrets/collection/login")
)

// reach returns an error if the keyring cannot answer without a person, and there is none, or not at all. A library
// that is asked without a bus may start one, and leave it running.
func (v *Vault) reach(ctx context.Context) error {
	address := v.Getenv("DBUS_SESSION_BUS_ADDRESS")
	if address == "" || strings.HasPrefix(address, "autolaunch:") {
		path := fmt.Sprintf("/run/user/%d/bus", os.Getuid())
		info, err := os.Stat(path)
		if err != nil || info.Mode()&os.ModeSocket == 0 {
			return &UnavailableError{Backend: Keyring, Kind: Missing, Why: "there is no session bus"}
		}
		address = "unix:path=" + path
	}
	bus, err := dbus.Connect(address, dbus.WithContext(ctx))
	if err != nil {
		return &UnavailableError{
			Backend: Keyring, Kind: Missing, Why: fmt.Sprintf("the session bus %s does not answer: %v", address, err),
		}
	}
	defer func() { _ = bus.Close() }()
	return v.service(ctx, bus)
}

// service returns an error if nobody on the bus keeps secrets, or if the login keyring is locked and no person is
// there.
func (v *Vault) service(ctx context.Context, bus *dbus.Conn) error {
	var running bool
	err := bus.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, secretsName).Store(&running)
	if err != nil {
		return err
	}
	if !running {
		var startable []string
		err := bus.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.ListActivatableNames", 0).Store(&startable)
		for _, name := range startable {
			if name == secretsName {
				return err
			}
		}
		return &UnavailableError{
			Backend: Keyring, Kind: Missing, Why: "no program on the session bus provides the Secret Service",
		}
	}
	if v.Person != nil {
		return nil
	}
	var locked dbus.Variant
	err = bus.Object(secretsName, v.collection(ctx, bus)).CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0,
		"org.freedesktop.Secret.Collection", "Locked").Store(&locked)
	if err != nil && kindOf(err) == Missing {
		return &UnavailableError{Backend: Keyring, Kind: Missing, Why: "there is no login keyring yet"}
	}
	if err != nil {
		return err
	}
	if isLocked, ok := locked.Value().(bool); ok && isLocked {
		return &UnavailableError{Backend: Keyring, Kind: Locked, Why: "it is locked"}
	}
	return nil
}

// collection returns the path of the keyring that go-keyring takes: "login", else the default one.
func (v *Vault) collection(ctx context.Context, bus *dbus.Conn) dbus.ObjectPath {
	var all dbus.Variant
	secrets := bus.Object(secretsName, secretsPath)
	err := secrets.CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, "org.freedesktop.Secret.Service",
		"Collections").Store(&all)
	if paths, ok := all.Value().([]dbus.ObjectPath); err == nil && ok {
		for _, path := range paths {
			if path == loginCollection {
				return path
			}
		}
	}
	return "/org/freedesktop/secrets/aliases/default"
}

// kindOf tells errors of the Secret Service apart.
func kindOf(err error) Kind {
	var answer dbus.Error
	var network *net.OpError
	switch {
	case errors.As(err, &answer) && answer.Name == "org.freedesktop.DBus.Error.ServiceUnknown", errors.As(err, &network):
		return Missing
	case errors.As(err, &answer) && strings.HasPrefix(answer.Name, "org.freedesktop.DBus.Error.Unknown"):
		return Missing // no keyring has been made yet
	case errors.As(err, &answer), errors.Is(err, context.DeadlineExceeded):
		return Silent
	}
	return Locked // the library's own words, about a collection that did not open
}
