package website

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/oidc"
	"rolecall/internal/idc/store"
)

// An adminUserLine is a user in a list.
type adminUserLine struct {
	directory.User
	Groups   []directory.Group
	Sessions int
}

type adminListView[T any] struct {
	pages
	List []T
}

func (s *Site) adminUsers(w http.ResponseWriter, r *http.Request) {
	var v adminListView[adminUserLine]
	err := s.o.Store.View(r.Context(), func(reader store.Reader) error {
		users, err := directory.Users().List(reader, "", "", 0)
		if err != nil {
			return err
		}
		found := searched(users, r.URL.Query(), &v.pages, func(u directory.User) string {
			return u.UserName + " " + u.DisplayName + " " + u.Email() + " " + u.ID
		})
		for _, user := range found {
			line := adminUserLine{User: user}
			sessions, err := s.o.OIDC.Sessions(reader, user.ID)
			if err != nil {
				return err
			}
			line.Sessions = len(sessions)
			if line.Groups, err = groupsOf(reader, user.ID); err != nil {
				return err
			}
			v.List = append(v.List, line)
		}
		return nil
	})
	s.showAdmin(w, r, err, "admin-users.html", "Users", v)
}

// searched returns one page of matching values, sorted by the text that is searched.
func searched[T any](all []T, q url.Values, p *pages, text func(T) string) []T {
	lower := func(v T) string { return strings.ToLower(text(v)) }
	found := slices.DeleteFunc(all, func(v T) bool { return !matches(lower(v), q.Get("q")) })
	slices.SortStableFunc(found, func(a, b T) int { return strings.Compare(lower(a), lower(b)) })
	*p = pagesOf(q, len(found))
	return found[p.first:p.last]
}

// showAdmin writes a page, or an error page.
func (s *Site) showAdmin(w http.ResponseWriter, r *http.Request, err error, name, title string, page any) {
	switch {
	case errors.Is(err, store.ErrNotFound):
		s.Message(w, r, http.StatusNotFound, "Not there", "The directory no longer has anything with this name.")
	case err != nil:
		s.broken(w, r)
	default:
		s.renderAdmin(w, r, name, title, page)
	}
}

func groupsOf(r store.Reader, userID string) ([]directory.Group, error) {
	memberships, err := directory.GroupsOf(r, userID, "", 0)
	if err != nil {
		return nil, err
	}
	groups := make([]directory.Group, len(memberships))
	for i, m := range memberships {
		if groups[i], err = directory.Groups().Get(r, m.GroupID); err != nil {
			return nil, err
		}
	}
	return groups, nil
}

// adminUserView is everything about a user.
type adminUserView struct {
	directory.User
	Groups      []directory.Group
	Assignments part[assignmentView]
	Sessions    []sessionView
	Done        string // what was just done, in words
}

// A sessionView identifies the session in forms by a reference: its id belongs in cookies only.
type sessionView struct {
	oidc.Session
	Ref string
}

func (s *Site) sessionRef(id string) string { return s.mac("session reference", id)[:16] }

func (s *Site) adminUser(w http.ResponseWriter, r *http.Request) {
	v, err := s.aboutUser(r)
	v.Done = done(r.URL.Query().Get("done"), v.UserName)
	s.showAdmin(w, r, err, "admin-user.html", v.UserName, v)
}

// adminAskDisable asks before a user is put out.
func (s *Site) adminAskDisable(w http.ResponseWriter, r *http.Request) {
	v, err := s.aboutUser(r)
	s.showAdmin(w, r, err, "admin-disable.html", "Disable "+v.UserName+"?", v)
}

// done says what an action has done; the page's address names it.
func done(action, name string) string {
	switch action {
	case "disable":
		return name + " is disabled, and signed out everywhere."
	case "enable":
		return name + " is enabled, and can sign in again."
	case "revoke":
		return "The session has ended."
	case "revoke-all":
		return name + " is signed out everywhere."
	}
	return ""
}

func (s *Site) aboutUser(r *http.Request) (v adminUserView, err error) {
	err = s.o.Store.View(r.Context(), func(reader store.Reader) (err error) {
		if v.User, err = directory.Users().Get(reader, r.URL.Query().Get("id")); err != nil {
			return err
		}
		if v.Groups, err = groupsOf(reader, v.ID); err != nil {
			return err
		}
		if v.Assignments, err = assignmentsOfUser(reader, v.ID, v.Groups); err != nil {
			return err
		}
		sessions, err := s.o.OIDC.Sessions(reader, v.ID)
		for _, live := range sessions {
			v.Sessions = append(v.Sessions, sessionView{live, s.sessionRef(live.ID)})
		}
		return err
	})
	return v, err
}
