package operator

import (
	"encoding/json"
	"net/http"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
)

// A Role is a permission set in an account that is assigned to somebody.
type Role struct {
	AccountID   string `json:"accountId"`
	AccountName string `json:"accountName"`
	Name        string `json:"name"`
}

// roles lists the roles of user= in the query, or everybody's.
func (a *API) roles(w http.ResponseWriter, r *http.Request) {
	list := []Role{}
	err := a.Store.View(r.Context(), func(reader store.Reader) (err error) {
		list, err = rolesOf(reader, r.URL.Query().Get("user"))
		return err
	})
	if err != nil {
		answer(w, Answer{}, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(list)
}

func rolesOf(r store.Reader, name string) ([]Role, error) {
	given, err := assignmentsOf(r, name)
	if err != nil {
		return nil, err
	}
	list := []Role{}
	seen := map[Role]bool{}
	for _, g := range given { // sorted by account and permission set
		account, err := directory.Accounts().Get(r, g.AccountID)
		if err != nil {
			return nil, err
		}
		set, err := directory.PermissionSets().Get(r, g.PermissionSet)
		if err != nil {
			return nil, err
		}
		role := Role{AccountID: account.ID, AccountName: account.Name, Name: set.Name}
		if !seen[role] {
			seen[role] = true
			list = append(list, role)
		}
	}
	return list, nil
}

func assignmentsOf(r store.Reader, name string) ([]store.Assignment, error) {
	if name == "" {
		return r.Assignments(store.Assignment{})
	}
	user, err := directory.Users().Find(r, directory.NameKey(name))
	if err != nil {
		return nil, err
	}
	principals, err := directory.Principals(r, user.ID)
	if err != nil {
		return nil, err
	}
	var all []store.Assignment
	for _, p := range principals {
		given, err := r.Assignments(store.Assignment{Principal: p})
		if err != nil {
			return nil, err
		}
		all = append(all, given...)
	}
	return all, nil
}
