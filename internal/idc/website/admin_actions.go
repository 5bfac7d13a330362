package website

import (
	"errors"
	"net/http"
	"net/url"
	"path"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
)

// act changes the user named in a form, and shows the user again.
func (s *Site) act(w http.ResponseWriter, r *http.Request, change func(store.Tx, directory.User) error) {
	id := r.PostFormValue("user")
	err := s.o.Store.Update(r.Context(), func(tx store.Tx) error {
		user, err := directory.Users().Get(tx, id)
		if err != nil {
			return err
		}
		return change(tx, user)
	})
	s.acted(w, r, id, err)
}

func (s *Site) acted(w http.ResponseWriter, r *http.Request, userID string, err error) {
	if err != nil {
		s.showAdmin(w, r, err, "", "", nil)
		return
	}
	query := url.Values{"id": {userID}, "done": {path.Base(r.URL.Path)}}
	http.Redirect(w, r, entrance+r.PathValue("home")+"/admin/user?"+query.Encode(), http.StatusSeeOther)
}

// adminRevoke ends one session, and its tokens with it.
func (s *Site) adminRevoke(w http.ResponseWriter, r *http.Request) {
	id, found := r.PostFormValue("user"), ""
	err := s.o.Store.View(r.Context(), func(reader store.Reader) error {
		sessions, err := s.o.OIDC.Sessions(reader, id)
		for _, live := range sessions {
			if id != "" && s.sessionRef(live.ID) == r.PostFormValue("session") {
				found = live.ID
			}
		}
		return err
	})
	if err == nil && found != "" { // else it ended by itself meanwhile
		err = s.o.OIDC.EndSession(r.Context(), found, adminName)
	}
	s.acted(w, r, id, err)
}

// adminRevokeAll signs a user out everywhere.
func (s *Site) adminRevokeAll(w http.ResponseWriter, r *http.Request) {
	s.act(w, r, func(tx store.Tx, user directory.User) error {
		return errors.Join(directory.EndSessions(tx, user.ID),
			tx.Record(s.event("SignOut", "user:"+user.UserName, "all sessions")))
	})
}

// adminDisable keeps a user from signing in, and signs them out.
func (s *Site) adminDisable(w http.ResponseWriter, r *http.Request) {
	s.act(w, r, func(tx store.Tx, user directory.User) error {
		disabled := user
		disabled.Disabled, disabled.Updated = true, s.o.Now()
		return errors.Join(directory.ReplaceUser(tx, user, disabled),
			tx.Record(s.event("DisableUser", "user:"+user.UserName, "")))
	})
}

func (s *Site) adminEnable(w http.ResponseWriter, r *http.Request) {
	s.act(w, r, func(tx store.Tx, user directory.User) error {
		user.Disabled, user.Updated = false, s.o.Now()
		return errors.Join(directory.PutUser(tx, user), tx.Record(s.event("EnableUser", "user:"+user.UserName, "")))
	})
}
