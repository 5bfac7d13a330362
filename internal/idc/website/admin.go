package website

import (
	"crypto/hmac"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"rolecall/internal/idc/oidc"
	"rolecall/internal/idc/store"
)

// The administrator's view has its own cookie, for a path of each session's own. Neither a person's session nor this
// cookie opens the other's pages.
const adminCookie = "rolecall_admin"

// adminName is the administrator's name in the audit.
const adminName = "administrator"

// adminLife bounds a session, however active it is.
const adminLife = 8 * time.Hour

// adminSessions are the administrator's sessions. They are in memory, so that a sign-out or a restart ends them.
type adminSessions struct {
	now  func() time.Time
	mu   sync.Mutex
	seen map[string]time.Time // by id
}

func (a *adminSessions) begin() (id string) {
	a.tidy()
	a.mu.Lock()
	defer a.mu.Unlock()
	id = a.now().UTC().Format(adminTime) + "." + randomText()
	a.seen[id] = a.now()
	return id
}

// tidy forgets sessions that ended.
func (a *adminSessions) tidy() {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	maps.DeleteFunc(a.seen, func(_ string, seen time.Time) bool { return now.Sub(seen) > idle })
}

const adminTime = "20060102150405"

// touch reports whether a session is alive, and keeps it alive.
func (a *adminSessions) touch(id string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	seen, there := a.seen[id]
	text, _, _ := strings.Cut(id, ".")
	began, err := time.Parse(adminTime, text)
	now := a.now()
	if !there || err != nil || now.Sub(seen) > idle || now.Sub(began) > adminLife {
		delete(a.seen, id)
		return false
	}
	a.seen[id] = now
	return true
}

func (a *adminSessions) end(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.seen, id)
}

// adminHome returns the path of an administrator's session, as homeOf does for a person's.
func (s *Site) adminHome(id string) string { return entrance + s.mac("admin home", id)[:22] + "/" }

func (s *Site) setAdminCookie(w http.ResponseWriter, home, id string, age int) {
	http.SetCookie(w, &http.Cookie{
		Name: adminCookie, Value: id, Path: home + "admin/", MaxAge: age, HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: strings.HasPrefix(s.o.URL, "https:"),
	})
}

// admin returns this browser's administrator session.
func (s *Site) admin(r *http.Request) (id string, ok bool) {
	c, err := r.Cookie(adminCookie)
	if err != nil {
		return "", false
	}
	return c.Value, at(r, s.adminHome(c.Value)) && s.admins.touch(c.Value)
}

// administrator admits the administrator, and sends others to the sign-in page.
func (s *Site) administrator(next pageHandler) pageHandler {
	return func(w http.ResponseWriter, r *http.Request) {
		id, ok := s.admin(r)
		if !ok {
			http.Redirect(w, r, entrance+"admin/sign-in?over=1", http.StatusSeeOther)
			return
		}
		s.setAdminCookie(w, s.adminHome(id), id, int(idle.Seconds()))
		next(w, r)
	}
}

func (s *Site) adminFormToken(id string) string { return s.mac("admin form", id) }

// administers admits forms of the administrator's own pages.
func (s *Site) administers(next pageHandler) pageHandler {
	return func(w http.ResponseWriter, r *http.Request) {
		id, ok := s.admin(r)
		if !ours(w, r) || !ok || !hmac.Equal([]byte(r.PostFormValue("form")), []byte(s.adminFormToken(id))) {
			s.foreign(w, r)
			return
		}
		next(w, r)
	}
}

// renderAdmin writes a page of the administrator's view.
func (s *Site) renderAdmin(w http.ResponseWriter, r *http.Request, name, title string, page any) {
	v := view{Title: title, Layout: "wide", Home: entrance, Admin: true, Page: page}
	if id, ok := s.admin(r); ok {
		v.Form, v.Home = s.adminFormToken(id), s.adminHome(id)
	}
	s.write(w, http.StatusOK, name, v)
}

func (s *Site) mountAdmin(m oidc.Mux) {
	m.HandleFunc("GET "+entrance+"admin/{$}", s.adminEnter)
	m.HandleFunc("GET "+entrance+"admin/sign-in", s.adminSignInPage)
	m.HandleFunc("POST "+entrance+"admin/sign-in", s.post(s.adminSignIn))
	at := inside + "admin/"
	for path, page := range map[string]pageHandler{
		"{$}": s.adminUsers, "user": s.adminUser, "disable": s.adminAskDisable,
		"groups": s.adminGroups, "group": s.adminGroup,
		"accounts": s.adminAccounts, "account": s.adminAccount,
		"audit": s.adminAudit,
	} {
		m.HandleFunc("GET "+at+path, s.administrator(page))
	}
	for path, action := range map[string]pageHandler{
		"sign-out": s.adminSignOut, "revoke": s.adminRevoke, "revoke-all": s.adminRevokeAll, "disable": s.adminDisable,
		"enable": s.adminEnable,
	} {
		m.HandleFunc("POST "+at+path, s.administers(action))
	}
}

// event is the audit's record of something the administrator did.
func (s *Site) event(action, target, details string) store.Event {
	return store.Event{Time: s.o.Now(), Actor: adminName, Action: action, Target: target, Details: details}
}
