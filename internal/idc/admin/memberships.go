package admin

import (
	"errors"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
)

type memberID struct {
	UserId string `aws:"ResourceId,required"`
}

type membership struct {
	IdentityStoreId string
	MembershipId    string
	GroupId         string
	MemberId        memberID
	CreatedAt       stamp
	UpdatedAt       stamp
}

// membership describes a membership; none is ever updated.
func (c *call) membership(m directory.Membership) membership {
	return membership{c.instance.IdentityStoreID, m.ID, m.GroupID, memberID{m.UserID}, stamp(m.Created), stamp(m.Created)}
}

type memberInput struct {
	inStore
	MemberId memberID `aws:",required"`
}

// find checks that the member exists.
func (i memberInput) find(r store.Reader) (directory.User, error) {
	return userInput{UserId: i.MemberId.UserId}.find(r)
}

type membershipInput struct {
	groupInput
	MemberId memberID `aws:",required"`
}

type membershipIDOutput struct{ MembershipId, IdentityStoreId string }

func createMembership(c *call, tx store.Tx, in *membershipInput) (*membershipIDOutput, error) {
	u, err := memberInput{MemberId: in.MemberId}.find(tx)
	if err != nil {
		return nil, err
	}
	g, err := in.find(tx)
	if err != nil {
		return nil, err
	}
	m := directory.Membership{ID: c.instance.NewPrincipalID(), GroupID: g.ID, UserID: u.ID, Created: c.now.UTC()}
	c.note(g.Name, u.UserName)
	return &membershipIDOutput{m.ID, c.instance.IdentityStoreID}, duplicate(directory.PutMembership(tx, m))
}

type byMembershipInput struct {
	inStore
	MembershipId string `aws:"ResourceId,required"`
}

func (i byMembershipInput) find(r store.Reader) (directory.Membership, error) {
	m, err := directory.Memberships().Get(r, i.MembershipId)
	return m, missing(err, "GROUP_MEMBERSHIP", i.MembershipId)
}

func describeMembership(c *call, r store.Reader, in *byMembershipInput) (*membership, error) {
	m, err := in.find(r)
	out := c.membership(m)
	return &out, err
}

func deleteMembership(c *call, tx store.Tx, in *byMembershipInput) (*none, error) {
	m, err := in.find(tx)
	if err != nil {
		return nil, err
	}
	c.note(m.GroupID, m.UserID)
	return &none{}, directory.Memberships().Delete(tx, m.ID)
}

func getMembershipID(c *call, r store.Reader, in *membershipInput) (*membershipIDOutput, error) {
	m, err := directory.Memberships().Find(r, directory.MembershipKey(in.GroupId, in.MemberId.UserId))
	return &membershipIDOutput{m.ID, c.instance.IdentityStoreID}, missing(err, "GROUP_MEMBERSHIP", "")
}

type listMembershipsInput struct {
	groupInput
	storePage
}

type membershipsOutput struct {
	GroupMemberships []membership
	next
}

func (c *call) memberships(p page, list lister[directory.Membership]) (*membershipsOutput, error) {
	found, next, err := paged(c, p, func(m directory.Membership) string { return m.ID }, list)
	return &membershipsOutput{each(found, c.membership), next}, err
}

func listMemberships(c *call, r store.Reader, in *listMembershipsInput) (*membershipsOutput, error) {
	if _, err := in.find(r); err != nil {
		return nil, err
	}
	return c.memberships(page(in.storePage), func(after string, limit int) ([]directory.Membership, error) {
		return directory.MembersOf(r, in.GroupId, after, limit)
	})
}

type listMembershipsForMemberInput struct {
	memberInput
	storePage
}

func listMembershipsForMember(c *call, r store.Reader, in *listMembershipsForMemberInput) (*membershipsOutput, error) {
	if _, err := in.find(r); err != nil {
		return nil, err
	}
	return c.memberships(page(in.storePage), func(after string, limit int) ([]directory.Membership, error) {
		return directory.GroupsOf(r, in.MemberId.UserId, after, limit)
	})
}

type isMemberInput struct {
	memberInput
	GroupIds []string `aws:"GroupIds,required"`
}

type membershipExistence struct {
	GroupId          string
	MemberId         memberID
	MembershipExists bool
}

type isMemberOutput struct{ Results []membershipExistence }

// isMemberInGroups answers in the order of the question. Nobody is a member of a group that does not exist.
func isMemberInGroups(_ *call, r store.Reader, in *isMemberInput) (*isMemberOutput, error) {
	if _, err := in.find(r); err != nil {
		return nil, err
	}
	out := &isMemberOutput{make([]membershipExistence, len(in.GroupIds))}
	for i, group := range in.GroupIds {
		_, err := directory.Memberships().Find(r, directory.MembershipKey(group, in.MemberId.UserId))
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		out.Results[i] = membershipExistence{group, in.MemberId, err == nil}
	}
	return out, nil
}
