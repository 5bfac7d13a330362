package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"rolecall/internal/access"
	"rolecall/internal/awsconfig"
	"rolecall/internal/identitycenter"
)

// namingLimit bounds how long it may take to learn who signed in: the sign-in itself is done.
const namingLimit = 5 * time.Second

// signedInAs returns who made the sign-in of s that has just ended, as STS names the caller with keys of a role: that
// of the profile with that name, else the one that was used last, which somebody else may not have. Tokens do not tell.
// It returns "" if nobody tells; that is no error.
func (a *App) signedInAs(ctx context.Context, s *session, name string) string {
	ctx, cancel := context.WithTimeout(ctx, namingLimit)
	defer cancel()
	session := s.login.Session
	var profile awsconfig.Profile
	if config, err := a.config(); err == nil {
		profile, _ = config.Profile(name) // name may be a session's
	}
	if profile.Chain != nil || profile.RequireRole() != nil {
		account, role, ok := a.listingStore().Last(session)
		if !ok {
			return ""
		}
		profile.Chain, profile.AccountID, profile.RoleName = nil, account, role
	}
	profile.Session = session
	c, err := s.source.Retrieve(ctx, profile)
	if errors.Is(err, identitycenter.ErrNoAccess) && s.login.Store.SessionNote(session).Person != "" {
		if profile.AccountID, profile.RoleName, err = firstRole(ctx, s.portal); err == nil {
			c, err = s.source.Retrieve(ctx, profile)
		}
	}
	if err != nil {
		a.Logger(a.Stderr).Debug("who signed in", "error", err)
		return ""
	}
	return a.checkPerson(ctx, s, profile, c)
}

// firstRole returns any role of whoever signed in.
func firstRole(ctx context.Context, portal *access.Portal) (account, role string, err error) {
	accounts, _, err := portal.AccountsPage(ctx, "")
	if err != nil || len(accounts) == 0 {
		return "", "", cmp.Or(err, errors.New("no account"))
	}
	roles, _, err := portal.RolesPage(ctx, accounts[0].ID, "")
	if err != nil || len(roles) == 0 {
		return "", "", cmp.Or(err, errors.New("no role"))
	}
	return accounts[0].ID, roles[0].Name, nil
}

// checkPerson asks, once after each sign-in here, whose the keys c of a role are, and warns if the sign-in before was
// another person's: somebody may have signed in for this one. It returns the name, or "".
func (a *App) checkPerson(
	ctx context.Context, s *session, profile awsconfig.Profile, c identitycenter.RoleCredentials,
) string {
	store, session := s.login.Store, s.login.Session
	note := store.SessionNote(session)
	if profile.Chain != nil || !note.Unnamed(a.Now()) {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, namingLimit)
	defer cancel()
	identity, err := s.source.STS.Identify(ctx, c, profile)
	name := ""
	if err == nil {
		name = personOf(identity.ARN)
	}
	if name != "" {
		if a.people == nil {
			a.people = map[string]string{}
		}
		a.people[session.Label()] = name
	}
	another, noteError := store.NotePerson(context.WithoutCancel(ctx), session, note.Login, name)
	if err := errors.Join(err, noteError); err != nil {
		a.Logger(a.Stderr).Debug("who signed in", "error", err)
	}
	if another {
		a.warn(fmt.Errorf("ANOTHER PERSON SIGNED IN: %s is now signed in to %s; if that is not you, run: "+
			"rolecall logout %s", a.Show(name), quotedLabel(session), Quoted(session.Label())))
	}
	return name
}

// personOf returns the user in the ARN of a caller with a role of Identity Center, whose session has the user's name,
// or "".
func personOf(arn string) string {
	parts := strings.SplitN(arn, "/", 3)
	if len(parts) != 3 || !strings.HasSuffix(parts[0], ":assumed-role") ||
		!strings.HasPrefix(parts[1], "AWSReservedSSO_") {
		return ""
	}
	return parts[2]
}
