package website

import (
	"errors"
	"net/http"
	"strings"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
	"rolecall/internal/idc/sts"
)

// roleOf reads the value of a role's button: ACCOUNT/ROLE.
func roleOf(text string) (account, role string) {
	account, role, _ = strings.Cut(text, "/")
	return account, role
}

// role finds one of the person's roles, or returns ErrNotFound.
func (s *Site) role(r *http.Request, who person, account, name string) (v roleView, err error) {
	err = s.o.Store.View(r.Context(), func(reader store.Reader) (err error) {
		if v.PermissionSet, err = directory.Assigned(reader, who.ID, account, name); err == nil {
			v.Account, err = directory.Accounts().Get(reader, account)
		}
		return err
	})
	return v, err
}

// noRole is the page for a role that does not exist, or is not the person's.
func (s *Site) noRole(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, store.ErrNotFound) {
		s.Message(w, r, http.StatusForbidden, "No access", "This role is not assigned to you, or it does not exist.")
		return
	}
	s.broken(w, r)
}

// keysView is a role, and its new keys.
type keysView struct {
	Role  roleView
	Keys  *sts.Credentials // nil: only asked for
	Texts []text
	URL   string
}

// keys explains what happens when the person asks for keys.
func (s *Site) keys(w http.ResponseWriter, r *http.Request, who person) {
	q := r.URL.Query()
	role, err := s.role(r, who, q.Get("account_id"), q.Get("role_name"))
	if err != nil {
		s.noRole(w, r, err)
		return
	}
	s.render(w, r, http.StatusOK, "keys.html", "Access keys", keysView{Role: role, URL: s.o.URL})
}

// handOutKeys shows new keys.
func (s *Site) handOutKeys(w http.ResponseWriter, r *http.Request, who person) {
	account, name := roleOf(r.PostFormValue("role"))
	role, err := s.role(r, who, account, name)
	var keys sts.Credentials
	if err == nil {
		keys, err = s.o.Keys.HandOut(r.Context(), account, name, who.itself)
	}
	if err != nil {
		s.noRole(w, r, err)
		return
	}
	v := keysView{Role: role, Keys: &keys, URL: s.o.URL, Texts: s.texts(role, keys)}
	s.render(w, r, http.StatusOK, "keys.html", "Access keys", v)
}
