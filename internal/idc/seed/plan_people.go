package seed

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
)

func (p *planner) users() {
	passwords := p.passwords()
	in := map[string]bool{}
	for _, u := range p.file.users.entries {
		in[directory.NameKey(u.UserName)] = true
	}
	for i, u := range p.file.users.entries {
		key := directory.NameKey(u.UserName)
		p.checkUserKeys(in, u, i)
		have, known := p.have.users[key]
		u.User.Password = passwords[i]
		if known {
			u.ID = have.ID
			p.alterUser(have, u.User)
		} else {
			u.ID = p.have.instance.NewPrincipalID()
			p.addUser(u.User)
		}
		p.will.users[key] = u.ID
	}
	for _, key := range sortedKeys(p.have.users) {
		u := p.have.users[key]
		if !in[key] && p.extra(p.file.users.given, kindUser, u.UserName, func(tx store.Tx, _ time.Time) error {
			return directory.DeleteUser(tx, u.ID)
		}) {
			p.will.users[key] = u.ID
		}
	}
}

// hashers is the number of passwords hashed concurrently: each needs memory.
const hashers = 2

// passwords returns the future hash of each user in the file: the present one, unless the file sets another password.
func (p *planner) passwords() []directory.PasswordHash {
	users := p.file.users.entries
	hashes := make([]directory.PasswordHash, len(users))
	next := make(chan int)
	var wait sync.WaitGroup
	for range hashers {
		wait.Go(func() {
			for i := range next {
				hashes[i] = p.password(users[i])
			}
		})
	}
	for i := range users {
		next <- i
	}
	close(next)
	wait.Wait()
	return hashes
}

func (p *planner) password(u user) directory.PasswordHash {
	have := p.have.users[directory.NameKey(u.UserName)].Password
	switch {
	case u.password != "" && (have.IsZero() || !have.Matches(u.password)):
		return directory.HashPassword(u.password, p.cost)
	case !u.User.Password.IsZero():
		return u.User.Password
	}
	return have
}

// checkUserKeys reports addresses and external ids that belong to a user who is not in the file, but stays.
func (p *planner) checkUserKeys(in map[string]bool, u user, i int) {
	if p.prune {
		return // they do not stay
	}
	path := "users[" + strconv.Itoa(i) + "]."
	if other, taken := p.have.emails[directory.EmailKey(u.Email())]; taken && !in[directory.NameKey(other)] {
		p.problem(u.emailLine, path+"email", "%s belongs to user %s in the directory", quote(u.Email()), bare(other))
	}
	for _, id := range u.ExternalIDs {
		if other, taken := p.have.userIDs[directory.ExternalKey(id)]; taken && !in[directory.NameKey(other)] {
			p.problem(u.externalLine, path+"external_ids", "%s belongs to user %s in the directory", quote(id.Id), bare(other))
		}
	}
}

func (p *planner) addUser(u directory.User) {
	p.add(kindUser, u.UserName, func(tx store.Tx, now time.Time) error {
		u.Created, u.Updated = now, now
		return directory.PutUser(tx, u)
	})
}

func (p *planner) alterUser(have, want directory.User) {
	fields := differences(describeUser(have), describeUser(want))
	if passwordText(have) != passwordText(want) {
		fields = append(fields, "password changed")
	}
	want.Created = have.Created
	p.alter(kindUser, want.UserName, fields, func(tx store.Tx, _ time.Time) error {
		have.Emails, have.ExternalIDs = nil, nil
		return directory.PutUser(tx, have)
	}, func(tx store.Tx, now time.Time) error {
		want.Updated = now
		return directory.ReplaceUser(tx, have, want)
	})
}

func passwordText(u directory.User) string {
	text, _ := u.Password.MarshalText() // never fails
	return string(text)
}

func (p *planner) groups() {
	in := map[string]bool{}
	for _, g := range p.file.groups.entries {
		in[directory.NameKey(g.Name)] = true
	}
	for i, g := range p.file.groups.entries {
		key := directory.NameKey(g.Name)
		p.checkGroupKeys(in, g, i)
		have, known := p.have.groups[key]
		g.ID = have.ID
		if !known {
			g.ID = p.have.instance.NewPrincipalID()
		}
		p.will.groups[key] = g.ID
		p.group(have, g, i)
	}
	for _, key := range sortedKeys(p.have.groups) {
		g := p.have.groups[key]
		if !in[key] && p.extra(p.file.groups.given, kindGroup, g.Name, func(tx store.Tx, _ time.Time) error {
			return directory.DeleteGroup(tx, g.ID)
		}) {
			p.will.groups[key] = g.ID
		}
	}
}

func (p *planner) checkGroupKeys(in map[string]bool, g group, i int) {
	if p.prune {
		return
	}
	for _, id := range g.ExternalIDs {
		if other, taken := p.have.groupIDs[directory.ExternalKey(id)]; taken && !in[directory.NameKey(other)] {
			p.problem(g.externalLine, fmt.Sprintf("groups[%d].external_ids", i), "%s belongs to group %s in the directory",
				quote(id.Id), bare(other))
		}
	}
}

// group plans a group with its members; have is empty for a new one.
func (p *planner) group(have directory.Group, g group, i int) {
	want := g.Group
	joins, leaves := p.members(g, i)
	members := func(tx store.Tx, now time.Time) error {
		var failures []error
		for _, m := range leaves {
			// it may have gone with its user
			if err := directory.Memberships().Delete(tx, m.ID); !errors.Is(err, store.ErrNotFound) {
				failures = append(failures, err)
			}
		}
		for _, userID := range joins {
			m := directory.Membership{ID: p.have.instance.NewPrincipalID(), GroupID: want.ID, UserID: userID.id, Created: now}
			failures = append(failures, directory.PutMembership(tx, m))
		}
		return errors.Join(failures...)
	}
	if have.ID == "" {
		p.add(kindGroup, want.Name, func(tx store.Tx, now time.Time) error {
			want.Created, want.Updated = now, now
			return errors.Join(directory.PutGroup(tx, want), members(tx, now))
		})
		return
	}
	fields := differences(describeGroup(have), describeGroup(want))
	if text := p.membersText(joins, leaves); text != "" {
		fields = append(fields, text)
	}
	want.Created = have.Created
	p.alter(kindGroup, want.Name, fields, func(tx store.Tx, _ time.Time) error {
		have.ExternalIDs = nil
		return directory.PutGroup(tx, have)
	}, func(tx store.Tx, now time.Time) error {
		want.Updated = now
		return errors.Join(directory.PutGroup(tx, want), members(tx, now))
	})
}

// A member is a user's name and id.
type member struct{ name, id string }

// members returns who joins and who leaves a group.
func (p *planner) members(g group, i int) (joins []member, leaves []directory.Membership) {
	if !g.membersGiven {
		return nil, nil
	}
	have := p.have.members[g.ID]
	in := map[string]bool{}
	for j, r := range g.members {
		id, known := p.user(r, func() string { return fmt.Sprintf("groups[%d].members[%d]", i, j) })
		if !known || in[id] {
			continue
		}
		in[id] = true
		if !slices.ContainsFunc(have, func(m directory.Membership) bool { return m.UserID == id }) {
			joins = append(joins, member{r.text, id})
		}
	}
	for _, m := range have {
		if !in[m.UserID] {
			leaves = append(leaves, m)
		}
	}
	return joins, leaves
}

func (p *planner) membersText(joins []member, leaves []directory.Membership) string {
	var names []string
	for _, m := range leaves {
		names = append(names, "-"+bare(p.have.userNames[m.UserID]))
	}
	slices.Sort(names)
	for _, m := range joins {
		names = append(names, "+"+bare(m.name))
	}
	return joinNames("members ", names)
}
