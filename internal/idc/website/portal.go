package website

import (
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
)

// pageSize is the number of accounts, users or groups on a page.
const pageSize = 50

// A roleView is a permission set that the person has in an account.
type roleView struct {
	Account directory.Account
	directory.PermissionSet
	Starred bool
}

// Of is the value of a role's buttons.
func (v roleView) Of() string { return v.Account.ID + "/" + v.Name }

// Query names the role in a URL. It is encoded already; templates must not encode it again.
func (v roleView) Query() template.URL {
	return template.URL(url.Values{"account_id": {v.Account.ID}, "role_name": {v.Name}}.Encode())
}

// An actView is the buttons of a role in one place on the page.
type actView struct {
	Home, ID string
	Role     roleView
}

// An accountView is one of the person's accounts, with its roles.
type accountView struct {
	directory.Account
	Roles []roleView
	Open  bool
}

// Text is what a search looks at.
func (v accountView) Text() string {
	text := v.Name + " " + v.ID + " " + v.Email
	for _, role := range v.Roles {
		text += " " + role.Name
	}
	return strings.ToLower(text)
}

type portalView struct {
	Region    string
	Favorites []roleView
	Accounts  []accountView
	Total     int // accounts, whatever is searched
	pages
}

func (s *Site) portal(w http.ResponseWriter, r *http.Request, who person) {
	v := portalView{Region: s.o.Region}
	err := s.o.Store.View(r.Context(), func(reader store.Reader) error {
		access, err := directory.AccessOf(reader, who.ID)
		if err != nil {
			return err
		}
		starred, err := favorites().List(reader, directory.OwnerUser(who.ID), "", 0)
		v.fill(access, starred)
		return err
	})
	if err != nil {
		s.broken(w, r)
		return
	}
	v.search(r.URL.Query())
	s.render(w, r, http.StatusOK, "portal.html", "Your accounts", v)
}

// fill adds everything the person has; favorites they no longer have are left out.
func (v *portalView) fill(all []directory.Access, starred []favorite) {
	marked := map[favorite]bool{}
	for _, f := range starred {
		marked[favorite{Account: f.Account, Role: f.Role}] = true
	}
	v.Total = len(all)
	for _, access := range all {
		account := accountView{Account: access.Account}
		for _, set := range access.PermissionSets {
			role := roleView{access.Account, set, marked[favorite{Account: access.ID, Role: set.Name}]}
			account.Roles = append(account.Roles, role)
			if role.Starred {
				v.Favorites = append(v.Favorites, role)
			}
		}
		v.Accounts = append(v.Accounts, account)
	}
}

// search keeps what matches the query, and one page of that. Accounts are shown open if there are few, or if the URL
// names one.
func (v *portalView) search(q url.Values) {
	found := v.Accounts[:0]
	for _, account := range v.Accounts {
		if matches(account.Text(), q.Get("q")) {
			found = append(found, account)
		}
	}
	v.pages = pagesOf(q, len(found))
	v.Accounts = found[v.first:v.last]
	const few = 2
	for i := range v.Accounts {
		v.Accounts[i].Open = len(found) <= few || v.Accounts[i].ID == q.Get("open")
	}
}

// matches reports whether a lower-case text contains each word of the query.
func matches(text, query string) bool {
	for _, word := range strings.Fields(strings.ToLower(query)) {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

// A pages describes the part of a list that is shown.
type pages struct {
	Search      string
	Found       int // in all
	number      int
	first, last int // from 0, last excluded
}

// pagesOf reads the page number from a URL, starting at 1.
func pagesOf(q url.Values, found int) pages {
	number, err := strconv.Atoi(q.Get("page"))
	most := max(1, (found+pageSize-1)/pageSize)
	if err != nil || number < 1 {
		number = 1
	}
	number = min(number, most)
	return pages{
		Search: q.Get("q"), Found: found, number: number, first: (number - 1) * pageSize, last: min(number*pageSize, found),
	}
}

// From is the number of the first item shown, starting at 1.
func (p pages) From() int { return min(p.first+1, p.Found) }

// To is the number of the last item shown.
func (p pages) To() int { return p.last }

// Complete reports whether the page shows everything that was found.
func (p pages) Complete() bool { return p.Found == p.last-p.first }

// Previous is the query of the previous page, or empty.
func (p pages) Previous() template.URL { return template.URL(p.query(p.number - 1)) }

// Next is the query of the next page, or empty.
func (p pages) Next() template.URL { return template.URL(p.query(p.number + 1)) }

func (p pages) query(number int) string {
	if number < 1 || (number-1)*pageSize >= p.Found {
		return ""
	}
	q := url.Values{"page": {strconv.Itoa(number)}}
	if p.Search != "" {
		q.Set("q", p.Search)
	}
	return q.Encode()
}

// Here is the query of this page.
func (p pages) Here() string { return p.query(p.number) }
