package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"rolecall/internal/awsconfig"
	"rolecall/internal/identitycenter"
	"rolecall/internal/machine"
	"rolecall/internal/settings"
)

// The defaults of this machine, config.toml beside its policy: what everybody starts with, and may change.

// defaultsFile is where they are.
func (a *App) defaultsFile() string { return filepath.Join(a.Machine, machine.Config) }

// machineDefaults returns the defaults of this machine. A command reads them once.
func (a *App) machineDefaults() (settings.Settings, error) {
	if a.given != nil || a.Machine == "" {
		return valueOf(a.given), nil
	}
	text, err := machine.Read(a.Machine, machine.Config)
	var defaults settings.Settings
	switch {
	case errors.Is(err, fs.ErrNotExist):
		a.given = &defaults
		return defaults, nil
	case err == nil:
		var unknown string
		defaults, unknown, err = settings.Defaults(a.defaultsFile(), text)
		if unknown != "" {
			a.warn(errors.New(unknown + "; the rest applies"))
		}
	}
	if err != nil {
		return defaults, &HintError{
			Err: err, Code: ExitConfiguration, Hint: "ask this machine's administrator to correct it",
		}
	}
	a.given = &defaults
	return defaults, nil
}

func valueOf(s *settings.Settings) settings.Settings {
	if s == nil {
		return settings.Settings{}
	}
	return *s
}

// machineSessions returns the sessions of the defaults, as sections of a config file; nil without any.
func (a *App) machineSessions() (*awsconfig.Document, error) {
	defaults, err := a.machineDefaults()
	if err != nil {
		return nil, err
	}
	d := &awsconfig.Document{}
	for _, s := range defaults.Sessions {
		if s.StartURL == "" {
			continue
		}
		before, err := awsconfig.Parse(a.defaultsFile(), d.Bytes())
		var text []byte
		if err == nil {
			text, err = before.SetKeys("sso-session", s.Name, sessionKeys(s))
		}
		if err == nil {
			d, err = awsconfig.Parse(a.defaultsFile(), text)
		}
		if err != nil {
			return nil, &HintError{
				Err:  fmt.Errorf("%s: [[session]] %q: %w", a.defaultsFile(), s.Name, err),
				Code: ExitConfiguration, Hint: "ask this machine's administrator to correct it",
			}
		}
	}
	return d, nil
}

// sessionKeys are the keys of a session's section.
func sessionKeys(s settings.Session) []awsconfig.Key {
	keys := []awsconfig.Key{{Name: "sso_start_url", Value: s.StartURL}}
	if s.Region != "" {
		keys = append(keys, awsconfig.Key{Name: "sso_region", Value: s.Region})
	}
	scopes := "sso:account:access"
	if len(s.Scopes) > 0 {
		scopes = strings.Join(s.Scopes, ", ")
	}
	return append(keys, awsconfig.Key{Name: "sso_registration_scopes", Value: scopes})
}

// keepSession writes a session of the defaults to the config file once somebody has signed in to it: the AWS CLI and
// SDKs know no other place.
func (a *App) keepSession(ctx context.Context, session identitycenter.SSOSession) error {
	config, err := a.config()
	if err != nil || session.Name == "" || config.HasOwnSession(session.Name) {
		return err
	}
	defaults, err := a.machineDefaults()
	if err != nil {
		return err
	}
	for _, s := range defaults.Sessions {
		if s.Name != session.Name || s.StartURL == "" {
			continue
		}
		s.Region = session.Region
		file := awsconfig.Locate(a.Getenv, a.Home).Config
		if err := a.writeSections(ctx, file, []configSection{{"sso-session", s.Name, sessionKeys(s)}}); err != nil {
			return err
		}
		a.note("wrote [sso-session %s] from %s to %s", s.Name, a.defaultsFile(), a.Tidy(file))
		return nil
	}
	return nil
}
