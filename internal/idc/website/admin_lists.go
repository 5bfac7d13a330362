package website

import (
	"cmp"
	"net/http"
	"slices"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
)

// An assignmentView says who has what where.
type assignmentView struct {
	Account directory.Account
	Set     directory.PermissionSet
	User    *directory.User  // either
	Group   *directory.Group // or; of a user's, what it comes through
}

// most is how many assignments or members a page shows.
const most = 500

// A part is the part of a long list that a page shows.
type part[T any] struct {
	Shown []T
	Total int
}

// Cut reports whether there are more.
func (p part[T]) Cut() bool { return len(p.Shown) < p.Total }

// assigned lists assignments with all names.
func assigned(r store.Reader, filter store.Assignment) (views part[assignmentView], err error) {
	list, err := r.Assignments(filter)
	views.Total = len(list)
	for _, a := range list[:min(len(list), most)] {
		var v assignmentView
		if v.Account, err = directory.Accounts().Get(r, a.AccountID); err != nil {
			return views, err
		}
		if v.Set, err = directory.PermissionSets().Get(r, a.PermissionSet); err != nil {
			return views, err
		}
		if user, err := directory.Users().Get(r, a.Principal); err == nil {
			v.User = &user
		} else if group, err := directory.Groups().Get(r, a.Principal); err == nil {
			v.Group = &group
		}
		views.Shown = append(views.Shown, v)
	}
	return views, err
}

// assignmentsOfUser lists a user's own assignments, and those through groups.
func assignmentsOfUser(r store.Reader, id string, groups []directory.Group) (part[assignmentView], error) {
	all, err := assigned(r, store.Assignment{Principal: id})
	for _, g := range groups {
		if err != nil {
			break
		}
		var through part[assignmentView]
		through, err = assigned(r, store.Assignment{Principal: g.ID})
		all.Shown, all.Total = append(all.Shown, through.Shown...), all.Total+through.Total
	}
	slices.SortStableFunc(all.Shown, func(a, b assignmentView) int {
		return cmp.Or(cmp.Compare(a.Account.Name, b.Account.Name), cmp.Compare(a.Set.Name, b.Set.Name))
	})
	return all, err
}

type adminGroupLine struct {
	directory.Group
	Members int
}

func (s *Site) adminGroups(w http.ResponseWriter, r *http.Request) {
	var v adminListView[adminGroupLine]
	err := s.o.Store.View(r.Context(), func(reader store.Reader) error {
		groups, err := directory.Groups().List(reader, "", "", 0)
		for _, g := range searched(groups, r.URL.Query(), &v.pages, func(g directory.Group) string {
			return g.Name + " " + g.Description + " " + g.ID
		}) {
			members, err := directory.MembersOf(reader, g.ID, "", 0)
			if err != nil {
				return err
			}
			v.List = append(v.List, adminGroupLine{g, len(members)})
		}
		return err
	})
	s.showAdmin(w, r, err, "admin-groups.html", "Groups", v)
}

type adminGroupView struct {
	directory.Group
	Members     part[directory.User]
	Assignments part[assignmentView]
}

func (s *Site) adminGroup(w http.ResponseWriter, r *http.Request) {
	var v adminGroupView
	err := s.o.Store.View(r.Context(), func(reader store.Reader) (err error) {
		if v.Group, err = directory.Groups().Get(reader, r.URL.Query().Get("id")); err != nil {
			return err
		}
		members, err := directory.MembersOf(reader, v.ID, "", 0)
		if err != nil {
			return err
		}
		v.Members.Total = len(members)
		for _, m := range members[:min(len(members), most)] {
			user, err := directory.Users().Get(reader, m.UserID)
			if err != nil {
				return err
			}
			v.Members.Shown = append(v.Members.Shown, user)
		}
		slices.SortFunc(v.Members.Shown, func(a, b directory.User) int { return cmp.Compare(a.UserName, b.UserName) })
		v.Assignments, err = assigned(reader, store.Assignment{Principal: v.ID})
		return err
	})
	s.showAdmin(w, r, err, "admin-group.html", v.Name, v)
}

func (s *Site) adminAccounts(w http.ResponseWriter, r *http.Request) {
	var v adminListView[directory.Account]
	err := s.o.Store.View(r.Context(), func(reader store.Reader) error {
		accounts, err := directory.Accounts().List(reader, "", "", 0)
		v.List = searched(accounts, r.URL.Query(), &v.pages, func(a directory.Account) string {
			return a.Name + " " + a.ID + " " + a.Email + " " + a.OU
		})
		return err
	})
	s.showAdmin(w, r, err, "admin-accounts.html", "Accounts", v)
}

type adminAccountView struct {
	directory.Account
	Assignments part[assignmentView]
}

func (s *Site) adminAccount(w http.ResponseWriter, r *http.Request) {
	var v adminAccountView
	err := s.o.Store.View(r.Context(), func(reader store.Reader) (err error) {
		if v.Account, err = directory.Accounts().Get(reader, r.URL.Query().Get("id")); err != nil {
			return err
		}
		v.Assignments, err = assigned(reader, store.Assignment{AccountID: v.ID})
		return err
	})
	s.showAdmin(w, r, err, "admin-account.html", v.Name, v)
}
