package cli

import (
	"cmp"
	"slices"
	"strings"

	"rolecall/internal/awsconfig"
	"rolecall/internal/export"
	"rolecall/internal/identitycenter"
	"rolecall/internal/identitycenter/client"
	"rolecall/internal/inventory"
)

// accountOf returns the account of c, the keys of profile, with what the stored listing and the person's settings say
// about it: nobody is asked.
func (a *App) accountOf(profile awsconfig.Profile, c identitycenter.RoleCredentials) (inventory.Account, error) {
	own, err := a.settings()
	if err != nil {
		return inventory.Account{}, err
	}
	root := *profile.Root()
	account := inventory.Account{ID: cmp.Or(c.AccountID, root.AccountID)}
	if !root.SignsIn() {
		return account, nil
	}
	if listed := a.listingOf(root); listed != nil {
		is := func(listed inventory.Account) bool { return listed.ID == account.ID }
		if n := slices.IndexFunc(listed.Accounts, is); n >= 0 {
			account.Name = listed.Accounts[n].Name
		}
	}
	known := []identitycenter.Account{{ID: account.ID, Name: account.Name}}
	return inventory.Named(root.Session, known).With(own.Accounts).Accounts[0], nil
}

// listingOf returns the stored listing of the session of root; nil without one. It builds no session, which would take
// as long as all the rest when the keys are cached.
func (a *App) listingOf(root awsconfig.Profile) *inventory.Inventory {
	store, err := a.cache()
	if err != nil {
		return nil
	}
	portal := a.endpoints(root).portal
	if portal == "" {
		own, err := client.Standard(root.Session.Region, a.fips(root), a.dualStack(root))
		if err != nil {
			return nil
		}
		portal = own.Portal
	}
	listed, err := a.listingStore().Load(inventory.Place{
		Session: root.Session, Portal: portal, Login: store.SignedIn(root.Session),
	})
	if err != nil {
		return nil
	}
	return listed
}

// identityOf says whose the keys of profile in account are. Its target leads to the same keys again, whatever the
// default session.
func identityOf(profile awsconfig.Profile, account inventory.Account) export.Identity {
	session := profile.Root().Session
	id := export.Identity{
		Session: session.Label(), AccountID: account.ID, AccountName: account.Name, Role: profile.RoleName,
		Profile: profile.Name, Guarded: account.Guards(roleIn(profile)),
	}
	if profile.Chain != nil {
		id.Role = profile.Chain.RoleARN[strings.LastIndexByte(profile.Chain.RoleARN, '/')+1:]
	}
	switch {
	case profile.Name != "":
		id.Target = profile.Name
	case profile.Chain != nil: // --assume, which no target can name
	case session.Name != "" && !strings.Contains(session.Name, ":"):
		id.Target = session.Name + ":" + account.ID + "/" + id.Role
	default:
		id.Target = account.ID + "/" + id.Role
	}
	return id
}
