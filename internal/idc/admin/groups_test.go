package admin_test

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/document"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"
)

func TestGroupLife(t *testing.T) {
	w := newStoreWorld(t)
	group := w.group("Developers")
	other := w.group("Others")
	w.conflict(fails(w.ids.CreateGroup(ctx,
		&identitystore.CreateGroupInput{IdentityStoreId: w.id, DisplayName: aws.String("developers")})),
		"Duplicate GroupDisplayName")
	w.refused(fails(w.ids.CreateGroup(ctx, &identitystore.CreateGroupInput{IdentityStoreId: w.id})),
		"ValidationException", "displayname")
	update := func(path string, value any) error {
		return fails(w.ids.UpdateGroup(ctx, &identitystore.UpdateGroupInput{
			IdentityStoreId: w.id, GroupId: group, Operations: []types.AttributeOperation{
				{AttributePath: &path, AttributeValue: document.NewLazyDocument(value)},
			},
		}))
	}
	if err := errors.Join(update("displayName", "Coders"), update("description", "who code")); err != nil {
		t.Fatal(err)
	}
	w.conflict(update("displayName", "Others"), "Duplicate GroupDisplayName")
	w.refused(update("members", "x"), "ValidationException", "members")
	g := must(w.ids.DescribeGroup(ctx, &identitystore.DescribeGroupInput{IdentityStoreId: w.id, GroupId: group}))(w.world)
	if *g.DisplayName != "Coders" || *g.Description != "who code" {
		t.Errorf("group %+v", g)
	}
	must(w.ids.DeleteGroup(ctx, &identitystore.DeleteGroupInput{IdentityStoreId: w.id, GroupId: other}))(w.world)
	w.absent(fails(w.ids.DescribeGroup(ctx, &identitystore.DescribeGroupInput{IdentityStoreId: w.id, GroupId: other})),
		types.ResourceTypeGroup)
	w.absent(fails(w.ids.DeleteGroup(ctx, &identitystore.DeleteGroupInput{IdentityStoreId: w.id, GroupId: other})),
		types.ResourceTypeGroup)
}

func TestMembershipLife(t *testing.T) {
	w := newStoreWorld(t)
	alice, group, empty := w.user("alice"), w.group("Developers"), w.group("Empty")
	nobody := "00000000-0000-4000-8000-000000000000"
	member := func(id string) types.MemberId { return &types.MemberIdMemberUserId{Value: id} }
	create := func(group *string, id string) (*identitystore.CreateGroupMembershipOutput, error) {
		return w.ids.CreateGroupMembership(ctx, &identitystore.CreateGroupMembershipInput{
			IdentityStoreId: w.id, GroupId: group, MemberId: member(id),
		})
	}
	made := must(create(group, *alice))(w.world)
	m := must(w.ids.DescribeGroupMembership(ctx,
		&identitystore.DescribeGroupMembershipInput{IdentityStoreId: w.id, MembershipId: made.MembershipId}))(w.world)
	if *m.MembershipId != *made.MembershipId || *m.GroupId != *group ||
		m.MemberId.(*types.MemberIdMemberUserId).Value != *alice {
		t.Errorf("membership %+v", m)
	}
	w.conflict(fails(create(group, *alice)), "Member and Group relationship already exists")
	w.absent(fails(create(group, nobody)), types.ResourceTypeUser)
	w.absent(fails(create(&nobody, *alice)), types.ResourceTypeGroup)

	is := must(w.ids.IsMemberInGroups(ctx,
		&identitystore.IsMemberInGroupsInput{
			IdentityStoreId: w.id, MemberId: member(*alice), GroupIds: []string{*empty, *group, nobody},
		}))(w.world)
	if r := is.Results; len(r) != 3 || r[0].MembershipExists || !r[1].MembershipExists || r[2].MembershipExists ||
		*r[1].GroupId != *group {
		t.Errorf("results %+v", r)
	}
	got := must(w.ids.GetGroupMembershipId(ctx,
		&identitystore.GetGroupMembershipIdInput{IdentityStoreId: w.id, GroupId: group, MemberId: member(*alice)}))(w.world)
	if *got.MembershipId != *made.MembershipId {
		t.Errorf("membership %s, want %s", *got.MembershipId, *made.MembershipId)
	}
	w.absent(fails(w.ids.GetGroupMembershipId(ctx,
		&identitystore.GetGroupMembershipIdInput{IdentityStoreId: w.id, GroupId: empty, MemberId: member(*alice)})),
		types.ResourceTypeGroupMembership)
	w.absent(fails(w.ids.ListGroupMemberships(ctx,
		&identitystore.ListGroupMembershipsInput{IdentityStoreId: w.id, GroupId: &nobody})), types.ResourceTypeGroup)
	w.absent(fails(w.ids.ListGroupMembershipsForMember(ctx,
		&identitystore.ListGroupMembershipsForMemberInput{IdentityStoreId: w.id, MemberId: member(nobody)})),
		types.ResourceTypeUser)

	remove := &identitystore.DeleteGroupMembershipInput{IdentityStoreId: w.id, MembershipId: made.MembershipId}
	must(w.ids.DeleteGroupMembership(ctx, remove))(w.world)
	w.absent(fails(w.ids.DeleteGroupMembership(ctx, remove)), types.ResourceTypeGroupMembership)
	must(create(group, *alice))(w.world)
	must(w.ids.DeleteUser(ctx, &identitystore.DeleteUserInput{IdentityStoreId: w.id, UserId: alice}))(w.world)
	left := must(w.ids.ListGroupMemberships(ctx,
		&identitystore.ListGroupMembershipsInput{IdentityStoreId: w.id, GroupId: group}))(w.world)
	if len(left.GroupMemberships) != 0 {
		t.Errorf("a deleted user is still a member: %+v", left.GroupMemberships)
	}
}
