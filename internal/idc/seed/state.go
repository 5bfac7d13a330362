package seed

import (
	"errors"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
)

// state is the content of a whole directory.
type state struct {
	instance          directory.Instance
	users             map[string]directory.User // by directory.NameKey, like groups
	groups            map[string]directory.Group
	members           map[string][]directory.Membership // by group's id
	accounts          map[string]directory.Account
	sets              map[string]directory.PermissionSet // by name
	roles             map[string]directory.Role
	assignments       []store.Assignment
	userNames         map[string]string // by id
	emails            map[string]string // names of users by directory.EmailKey
	userIDs, groupIDs map[string]string // names by directory.ExternalKey
}

func read(r store.Reader) (state, error) {
	s := state{
		users: map[string]directory.User{}, groups: map[string]directory.Group{},
		members:  map[string][]directory.Membership{},
		accounts: map[string]directory.Account{}, sets: map[string]directory.PermissionSet{},
		roles:     map[string]directory.Role{},
		userNames: map[string]string{}, emails: map[string]string{}, userIDs: map[string]string{},
		groupIDs: map[string]string{},
	}
	var missing, failed error
	s.instance, missing = directory.TheInstance(r)
	s.assignments, failed = r.Assignments(store.Assignment{})
	return s, errors.Join(missing, failed,
		each(r, directory.Users(), s.addUser),
		each(r, directory.Groups(), s.addGroup),
		each(r, directory.Memberships(), func(m directory.Membership) {
			s.members[m.GroupID] = append(s.members[m.GroupID], m)
		}),
		each(r, directory.Accounts(), func(a directory.Account) { s.accounts[a.ID] = a }),
		each(r, directory.PermissionSets(), func(p directory.PermissionSet) { s.sets[p.Name] = p }),
		each(r, directory.Roles(), func(r directory.Role) { s.roles[r.ARN] = r }),
	)
}

func each[T any](r store.Reader, table store.Table[T], add func(T)) error {
	list, err := table.List(r, "", "", 0)
	for _, v := range list {
		add(v)
	}
	return err
}

func (s state) addUser(u directory.User) {
	s.users[directory.NameKey(u.UserName)] = u
	s.userNames[u.ID] = u.UserName
	if u.Email() != "" {
		s.emails[directory.EmailKey(u.Email())] = u.UserName
	}
	for _, id := range u.ExternalIDs {
		s.userIDs[directory.ExternalKey(id)] = u.UserName
	}
}

func (s state) addGroup(g directory.Group) {
	s.groups[directory.NameKey(g.Name)] = g
	for _, id := range g.ExternalIDs {
		s.groupIDs[directory.ExternalKey(id)] = g.Name
	}
}

// has reports whether something exists, by its name in a file.
func (s state) has(kind, name string) bool {
	var known bool
	switch kind {
	case kindUser:
		_, known = s.users[directory.NameKey(name)]
	case kindGroup:
		_, known = s.groups[directory.NameKey(name)]
	case kindAccount:
		_, known = s.accounts[name]
	case kindPermissionSet:
		_, known = s.sets[name]
	}
	return known
}

// names are the names for an assignment's ids: "user alice", "group ops", "Admin".
func (s state) names() map[string]string {
	names := make(map[string]string, len(s.users)+len(s.groups)+len(s.sets))
	for _, u := range s.users {
		names[u.ID] = kindUser + " " + u.UserName
	}
	for _, g := range s.groups {
		names[g.ID] = kindGroup + " " + g.Name
	}
	for name, set := range s.sets {
		names[set.ID] = name
	}
	return names
}
