package website

import (
	"errors"
	"net/http"
	"net/url"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
)

// A favorite is a role shown above the others. It is stored by name, so that it survives re-creation of a permission
// set.
type favorite struct {
	User    string `json:",omitempty"`
	Account string
	Role    string
}

func (f favorite) id() string { return f.User + "/" + f.Account + "/" + f.Role }

func favorites() store.Table[favorite] {
	return store.Table[favorite]{Kind: directory.KindFavorite, Index: func(f favorite) store.Entry {
		return store.Entry{ID: f.id(), Owners: []string{directory.OwnerUser(f.User)}}
	}}
}

// favorite adds or removes a star. Users can star only roles they have, which bounds the number of stars.
func (s *Site) favorite(w http.ResponseWriter, r *http.Request, who person) {
	account, role := roleOf(r.PostFormValue("star"))
	off := r.PostFormValue("unstar") != ""
	if off {
		account, role = roleOf(r.PostFormValue("unstar"))
	}
	f := favorite{User: who.ID, Account: account, Role: role}
	err := s.o.Store.Update(r.Context(), func(tx store.Tx) error {
		if off {
			return favorites().Delete(tx, f.id())
		}
		if _, err := directory.Assigned(tx, who.ID, account, role); err != nil {
			return err
		}
		return favorites().Put(tx, f)
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		s.broken(w, r)
		return
	}
	back, _ := url.ParseQuery(r.PostFormValue("back"))
	back.Set("open", account)
	http.Redirect(w, r, s.homeOf(who.Session.ID)+"?"+back.Encode(), http.StatusSeeOther)
}
