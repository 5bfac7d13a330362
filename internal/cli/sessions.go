package cli

import (
	"context"
	"slices"

	"rolecall/internal/awsconfig"
	"rolecall/internal/inventory"
)

// Lists over several sessions: ls and exec --match work on all of them together, unless one is named.

// sessionProfiles returns a nameless profile for each session that a list is about: the one that is named, else
// the default one if config.toml has a default_session, else all of the config files. all overrides default_session.
func (a *App) sessionProfiles(name string, all bool) ([]awsconfig.Profile, error) {
	config, err := a.config()
	if err != nil {
		return nil, err
	}
	own, err := a.settings()
	if err != nil {
		return nil, err
	}
	if name == "" && (all || own.DefaultSession == "") {
		sessions, err := a.allSessions()
		if err != nil {
			return nil, err
		}
		// A legacy profile of the same start URL has the same accounts.
		named := map[string]bool{}
		for _, p := range sessions {
			named[p.Session.StartURL] = named[p.Session.StartURL] || p.Session.Name != ""
		}
		sessions = slices.DeleteFunc(sessions, func(p awsconfig.Profile) bool {
			return p.Session.Name == "" && named[p.Session.StartURL]
		})
		if len(sessions) > 1 {
			return sessions, nil
		}
	}
	one, err := a.sessionProfile(config, name)
	return []awsconfig.Profile{one}, err
}

// A listed is a session with its accounts, and those that were selected.
type listed struct {
	*session
	profile awsconfig.Profile
	all     *inventory.Inventory
	rows    []inventory.Row
	regions map[string]string // of the work, by account
}

// label tells the accounts of l from those of other sessions.
func (l listed) label() string { return l.login.Session.Label() }

// eachListed calls read for each session that a list is about, and returns those where that worked, and the errors of
// the others.
func (a *App) eachListed(
	ctx context.Context, name string, all bool, o options, read func(*listed) error,
) (found []listed, several bool, failed []error) {
	profiles, err := a.sessionProfiles(name, all)
	if err != nil {
		return nil, false, []error{err}
	}
	several = len(profiles) > 1
	for _, profile := range profiles {
		l := listed{profile: profile}
		l.session, err = a.session(ctx, &l.profile, o)
		if err == nil {
			err = read(&l)
		}
		switch {
		case err == nil:
			found = append(found, l)
		case !several || ctx.Err() != nil:
			return nil, several, []error{err}
		default:
			failed = append(failed, err)
		}
	}
	return found, several, failed
}

// firstOf returns the first error, after a warning for each of the others.
func (a *App) firstOf(failed []error) error {
	if len(failed) == 0 {
		return nil
	}
	for _, err := range failed[1:] {
		a.recordRefusal(a.command(), err)
		a.warn(err)
	}
	return failed[0]
}
