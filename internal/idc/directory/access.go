package directory

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"rolecall/internal/idc/store"
)

// Principals returns a user's id and those of the user's groups.
func Principals(r store.Reader, userID string) ([]string, error) {
	in, err := Memberships().List(r, OwnerUser(userID), "", 0)
	if err != nil {
		return nil, err
	}
	principals := make([]string, 1, len(in)+1)
	principals[0] = userID
	for _, m := range in {
		principals = append(principals, m.GroupID)
	}
	return principals, nil
}

// AccountsOf lists accounts in which a user has a permission set, by id: at most limit (0: all) after the given one.
func AccountsOf(r store.Reader, userID, after string, limit int) ([]Account, error) {
	principals, err := Principals(r, userID)
	if err != nil {
		return nil, err
	}
	ids, err := r.AccountsOf(principals, after, limit)
	if err != nil {
		return nil, err
	}
	accounts := make([]Account, len(ids))
	for i, id := range ids {
		if accounts[i], err = Accounts().Get(r, id); err != nil {
			return nil, err
		}
	}
	return accounts, nil
}

// PermissionSetsOf lists a user's permission sets in an account.
func PermissionSetsOf(r store.Reader, userID, accountID string) ([]PermissionSet, error) {
	principals, err := Principals(r, userID)
	if err != nil {
		return nil, err
	}
	ids, err := r.PermissionSetsOf(principals, accountID)
	if err != nil {
		return nil, err
	}
	sets := make([]PermissionSet, len(ids))
	for i, id := range ids {
		if sets[i], err = PermissionSets().Get(r, id); err != nil {
			return nil, err
		}
	}
	return sets, nil
}

// An Access is an account with a user's permission sets in it.
type Access struct {
	Account
	PermissionSets []PermissionSet // by name
}

// AccessOf lists a user's access, sorted by account name. The number of queries does not grow with the number of
// accounts.
func AccessOf(r store.Reader, userID string) ([]Access, error) {
	principals, err := Principals(r, userID)
	if err != nil {
		return nil, err
	}
	given := map[string]map[string]bool{} // permission sets by account
	sets := map[string]bool{}
	for _, p := range principals {
		assignments, err := r.Assignments(store.Assignment{Principal: p})
		if err != nil {
			return nil, err
		}
		for _, a := range assignments {
			if given[a.AccountID] == nil {
				given[a.AccountID] = map[string]bool{}
			}
			given[a.AccountID][a.PermissionSet], sets[a.PermissionSet] = true, true
		}
	}
	accounts, err := several(r, Accounts(), given, func(a Account) string { return a.ID })
	if err != nil {
		return nil, err
	}
	named, err := several(r, PermissionSets(), sets, func(p PermissionSet) string { return p.ID })
	if err != nil {
		return nil, err
	}
	return joined(accounts, named, given), nil
}

// several returns the values with these ids that exist. It fetches many with a single query.
func several[T, V any](r store.Reader, t store.Table[T], ids map[string]V, id func(T) string) (map[string]T, error) {
	const many = 20
	found := make(map[string]T, len(ids))
	if len(ids) > many {
		all, err := t.List(r, "", "", 0)
		for _, v := range all {
			if _, wanted := ids[id(v)]; wanted {
				found[id(v)] = v
			}
		}
		return found, err
	}
	for wanted := range ids {
		switch v, err := t.Get(r, wanted); {
		case err == nil:
			found[wanted] = v
		case !errors.Is(err, store.ErrNotFound):
			return nil, err
		}
	}
	return found, nil
}

func joined(accounts map[string]Account, sets map[string]PermissionSet, given map[string]map[string]bool) []Access {
	list := make([]Access, 0, len(accounts))
	for id, account := range accounts {
		access := Access{Account: account}
		for set := range given[id] {
			access.PermissionSets = append(access.PermissionSets, sets[set])
		}
		slices.SortFunc(access.PermissionSets, func(a, b PermissionSet) int { return strings.Compare(a.Name, b.Name) })
		list = append(list, access)
	}
	slices.SortFunc(list, func(a, b Access) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(a.ID, b.ID))
	})
	return list
}

// Assigned returns the permission set of that name if the user has it in the account. It returns ErrNotFound whichever
// of the three is missing.
func Assigned(r store.Reader, userID, accountID, permissionSet string) (PermissionSet, error) {
	set, err := PermissionSets().Find(r, "name:"+permissionSet)
	if err != nil {
		return PermissionSet{}, err
	}
	principals, err := Principals(r, userID)
	if err != nil {
		return PermissionSet{}, err
	}
	ids, err := r.PermissionSetsOf(principals, accountID)
	if err != nil {
		return PermissionSet{}, err
	}
	for _, id := range ids {
		if id == set.ID {
			return set, nil
		}
	}
	return PermissionSet{}, store.ErrNotFound
}

// ErrInUse means that a permission set is still assigned.
var ErrInUse = errors.New("it is still assigned")

// DeleteUser deletes a user with their memberships, assignments and sessions.
func DeleteUser(tx store.Tx, id string) error {
	return errors.Join(Users().Delete(tx, id), tx.DeleteOwned(Memberships().Kind, OwnerUser(id)),
		tx.DeleteOwned(KindFavorite, OwnerUser(id)),
		EndSessions(tx, id), unassignAll(tx, store.Assignment{Principal: id}))
}

// EndSessions signs a user out everywhere.
func EndSessions(tx store.Tx, userID string) error {
	return tx.DeleteOwned(KindSession, OwnerUser(userID))
}

// DeleteGroup deletes a group with its memberships and assignments.
func DeleteGroup(tx store.Tx, id string) error {
	return errors.Join(Groups().Delete(tx, id), tx.DeleteOwned(Memberships().Kind, ownerGroup(id)),
		unassignAll(tx, store.Assignment{Principal: id}))
}

// DeleteAccount deletes an account with its assignments.
func DeleteAccount(tx store.Tx, id string) error {
	return errors.Join(Accounts().Delete(tx, id), unassignAll(tx, store.Assignment{AccountID: id}))
}

// DeletePermissionSet deletes a permission set, or returns ErrInUse if it is assigned.
func DeletePermissionSet(tx store.Tx, id string) error {
	used, err := tx.Assignments(store.Assignment{PermissionSet: id})
	if err != nil {
		return err
	}
	if len(used) > 0 {
		return ErrInUse
	}
	return PermissionSets().Delete(tx, id)
}

func unassignAll(tx store.Tx, filter store.Assignment) error {
	given, err := tx.Assignments(filter)
	for _, a := range given {
		_, e := tx.Unassign(a)
		err = errors.Join(err, e)
	}
	return err
}

// MembersOf lists a group's memberships.
func MembersOf(r store.Reader, groupID, after string, limit int) ([]Membership, error) {
	return Memberships().List(r, ownerGroup(groupID), after, limit)
}

// GroupsOf lists a user's memberships.
func GroupsOf(r store.Reader, userID, after string, limit int) ([]Membership, error) {
	return Memberships().List(r, OwnerUser(userID), after, limit)
}

// Reset deletes the whole directory, and all sessions.
func Reset(tx store.Tx) error {
	err := unassignAll(tx, store.Assignment{})
	for _, kind := range []store.Kind{
		Users().Kind, Groups().Kind, Memberships().Kind, Accounts().Kind, PermissionSets().Kind, Roles().Kind, KindSession,
		KindFavorite,
	} {
		err = errors.Join(err, deleteAll(tx, kind))
	}
	return err
}

func deleteAll(tx store.Tx, kind store.Kind) error {
	entries, err := tx.List(kind, "", "", 0)
	for _, e := range entries {
		err = errors.Join(err, tx.Delete(kind, e.ID))
	}
	return err
}
