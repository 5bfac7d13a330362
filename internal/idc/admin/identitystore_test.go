package admin_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/document"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
)

// A storeWorld is a world with the SDK's identitystore client.
type storeWorld struct {
	*world
	ids *identitystore.Client
	id  *string // of the store
}

func newStoreWorld(t *testing.T) *storeWorld {
	w := newWorld(t)
	return &storeWorld{w, identitystore.NewFromConfig(w.config("AKIDADMIN")), aws.String(w.instance.IdentityStoreID)}
}

func (w *storeWorld) newUser(name string) *identitystore.CreateUserInput {
	return &identitystore.CreateUserInput{
		IdentityStoreId: w.id, UserName: &name, DisplayName: aws.String(name + " Liddell"),
		Name:   &types.Name{GivenName: &name, FamilyName: aws.String("Liddell")},
		Emails: []types.Email{{Value: aws.String(name + "@example.com"), Type: aws.String("work"), Primary: true}},
	}
}

func (w *storeWorld) user(name string) *string {
	w.Helper()
	return must(w.ids.CreateUser(ctx, w.newUser(name)))(w.world).UserId
}

func (w *storeWorld) group(name string) *string {
	w.Helper()
	return must(w.ids.CreateGroup(ctx,
		&identitystore.CreateGroupInput{IdentityStoreId: w.id, DisplayName: &name}))(w.world).GroupId
}

func (w *storeWorld) updateUser(user *string, path string, value any) error {
	o := types.AttributeOperation{AttributePath: &path}
	if value != nil {
		o.AttributeValue = document.NewLazyDocument(value)
	}
	return fails(w.ids.UpdateUser(ctx, &identitystore.UpdateUserInput{
		IdentityStoreId: w.id, UserId: user, Operations: []types.AttributeOperation{o},
	}))
}

func (w *storeWorld) describe(user *string) *identitystore.DescribeUserOutput {
	w.Helper()
	return must(w.ids.DescribeUser(ctx, &identitystore.DescribeUserInput{IdentityStoreId: w.id, UserId: user}))(w.world)
}

// conflict checks that err is identitystore's ConflictException.
func (w *storeWorld) conflict(err error, text string) {
	w.Helper()
	w.refused(err, "ConflictException", text)
	var e *types.ConflictException
	if errors.As(err, &e) &&
		(e.Reason != types.ConflictExceptionReasonUniquenessConstraintViolation || e.RequestId == nil) {
		w.Errorf("conflict %+v", e)
	}
}

// absent checks that err reports a missing thing of a kind.
func (w *storeWorld) absent(err error, kind types.ResourceType) {
	w.Helper()
	var e *types.ResourceNotFoundException
	if !errors.As(err, &e) || e.ResourceType != kind || *e.Message != string(kind)+" not found." {
		w.Errorf("got %v, want %s not found", err, kind)
	}
}

func TestUserLife(t *testing.T) {
	w := newStoreWorld(t)
	alice := w.user("alice")
	u := w.describe(alice)
	if *u.UserName != "alice" || *u.Name.FamilyName != "Liddell" || *u.Emails[0].Value != "alice@example.com" ||
		!u.Emails[0].Primary ||
		u.UserStatus != types.UserStatusEnabled || u.CreatedAt == nil || u.NickName != nil {
		t.Errorf("user %+v", u)
	}
	w.conflict(fails(w.ids.CreateUser(ctx, w.newUser("ALICE"))), "Duplicate UserName")
	sameEmail := w.newUser("bob")
	sameEmail.Emails[0].Value = aws.String("Alice@Example.com")
	w.conflict(fails(w.ids.CreateUser(ctx, sameEmail)), "Duplicate Email")
	bob := w.user("bob")
	w.conflict(w.updateUser(bob, "userName", "alice"), "Duplicate UserName")

	if _, err := w.ids.DeleteUser(ctx, &identitystore.DeleteUserInput{IdentityStoreId: w.id, UserId: alice}); err != nil {
		t.Fatal(err)
	}
	w.absent(fails(w.ids.DescribeUser(ctx, &identitystore.DescribeUserInput{IdentityStoreId: w.id, UserId: alice})),
		types.ResourceTypeUser)
	w.absent(fails(w.ids.DeleteUser(ctx, &identitystore.DeleteUserInput{IdentityStoreId: w.id, UserId: alice})),
		types.ResourceTypeUser)
	w.absent(w.updateUser(alice, "title", "Dr"), types.ResourceTypeUser)
	w.user("alice") // the name is free again
}

func TestUserAttributesNeeded(t *testing.T) {
	w := newStoreWorld(t)
	for want, spoil := range map[string]func(*identitystore.CreateUserInput){
		"username":    func(in *identitystore.CreateUserInput) { in.UserName = nil },
		"displayname": func(in *identitystore.CreateUserInput) { in.DisplayName = nil },
		"givenname":   func(in *identitystore.CreateUserInput) { in.Name.GivenName = nil },
		"familyname":  func(in *identitystore.CreateUserInput) { in.Name = nil },
		"website":     func(in *identitystore.CreateUserInput) { in.Website = aws.String("https://example.com") },
	} {
		in := w.newUser("alice")
		spoil(in)
		w.refused(fails(w.ids.CreateUser(ctx, in)), "ValidationException", want)
	}
}

func TestUpdateUser(t *testing.T) {
	w := newStoreWorld(t)
	alice := w.user("alice")
	for _, step := range []struct {
		path  string
		value any
		get   func(*identitystore.DescribeUserOutput) any
		want  any
	}{
		{"userName", "Alicia", func(u *identitystore.DescribeUserOutput) any { return *u.UserName }, "Alicia"},
		{"displayName", "A. L.", func(u *identitystore.DescribeUserOutput) any { return *u.DisplayName }, "A. L."},
		{"name.familyName", "Hargreaves", func(u *identitystore.DescribeUserOutput) any {
			return *u.Name.FamilyName + *u.Name.GivenName
		}, "Hargreavesalice"},
		{"name", map[string]any{"givenName": "Alice", "familyName": "L"}, func(u *identitystore.DescribeUserOutput) any {
			return *u.Name.GivenName + *u.Name.FamilyName
		}, "AliceL"},
		{"title", "Dr", func(u *identitystore.DescribeUserOutput) any { return *u.Title }, "Dr"},
		{"title", nil, func(u *identitystore.DescribeUserOutput) any { return u.Title == nil }, true},
		{"profileUrl", "https://example.com/a", func(u *identitystore.DescribeUserOutput) any {
			return *u.ProfileUrl
		}, "https://example.com/a"},
		{"preferredLanguage", "en", func(u *identitystore.DescribeUserOutput) any { return *u.PreferredLanguage }, "en"},
		{
			"phoneNumbers",
			[]any{map[string]any{"value": "+44", "primary": true}},
			func(u *identitystore.DescribeUserOutput) any {
				return *u.PhoneNumbers[0].Value
			}, "+44",
		},
		{
			"addresses",
			[]any{map[string]any{"StreetAddress": "1", "Country": "UK"}},
			func(u *identitystore.DescribeUserOutput) any {
				return *u.Addresses[0].Country
			}, "UK",
		},
		{"emails", []any{map[string]any{"value": "new@example.com"}}, func(u *identitystore.DescribeUserOutput) any {
			return *u.Emails[0].Value
		}, "new@example.com"},
		{"emails", nil, func(u *identitystore.DescribeUserOutput) any { return len(u.Emails) }, 0},
	} {
		if err := w.updateUser(alice, step.path, step.value); err != nil {
			t.Errorf("%s: %v", step.path, err)
			continue
		}
		if got := step.get(w.describe(alice)); !reflect.DeepEqual(got, step.want) {
			t.Errorf("%s: %v, want %v", step.path, got, step.want)
		}
	}
	for path, value := range map[string]any{
		"displayName": nil, "userName": "a b", "name.familyName": nil, "noSuch": "x", "externalIds": []any{},
		"emails.value": "x", "name.first.x": "x",
		"title": "", "locale": 1, "emails": []any{map[string]any{"value": "a"}, map[string]any{"value": "b"}}, "name": "x",
	} {
		w.refused(w.updateUser(alice, path, value), "ValidationException", "")
	}
	if u := w.describe(alice); *u.DisplayName != "A. L." || *u.UserName != "Alicia" {
		t.Errorf("refused updates changed %+v", u)
	}
}

// TestUpdateOfOlder: users made elsewhere may lack attributes that CreateUser requires, or exceed its bounds. Their
// other attributes can still be changed.
func TestUpdateOfOlder(t *testing.T) {
	w := newStoreWorld(t)
	u := directory.User{
		ID: w.instance.NewPrincipalID(), Attributes: directory.Attributes{
			UserName: "old hand", Emails: []directory.Email{{Value: "a@example.com"}, {Value: "b@example.com"}},
		},
	}
	w.update(func(tx store.Tx) error { return directory.Users().Put(tx, u) })
	if err := errors.Join(w.updateUser(&u.ID, "title", "Dr"), w.updateUser(&u.ID, "name.givenName", "Old")); err != nil {
		t.Error(err)
	}
	if got := w.describe(&u.ID); *got.Title != "Dr" || *got.Name.GivenName != "Old" || len(got.Emails) != 2 {
		t.Errorf("user %+v", got)
	}
	w.refused(w.updateUser(&u.ID, "name.givenName", nil), "ValidationException", "givenname")
	w.refused(w.updateUser(&u.ID, "userName", "old hand"), "ValidationException", "Value at 'userName'")
}

// TestUpdateKeeps: an update keeps everything else: external ids, the password, whether the user is disabled.
func TestUpdateKeeps(t *testing.T) {
	w := newStoreWorld(t)
	id := directory.ExternalID{Issuer: "https://idp.example.com", Id: "42"}
	u := directory.User{
		ID: w.instance.NewPrincipalID(), Disabled: true,
		Password: directory.HashPassword("secret", directory.Cost{Time: 1, MemoryKiB: 8}),
		Attributes: directory.Attributes{
			UserName: "carol", DisplayName: "Carol", Name: &directory.PersonName{GivenName: "Carol", FamilyName: "C"},
			ExternalIDs: []directory.ExternalID{id},
		},
	}
	w.update(func(tx store.Tx) error { return directory.Users().Put(tx, u) })
	if err := w.updateUser(&u.ID, "title", "Dr"); err != nil {
		t.Fatal(err)
	}
	got := w.describe(&u.ID)
	if got.UserStatus != types.UserStatusDisabled || *got.Title != "Dr" || len(got.ExternalIds) != 1 ||
		*got.ExternalIds[0].Id != "42" {
		t.Errorf("user %+v", got)
	}
	w.update(func(tx store.Tx) error {
		kept, err := directory.Users().Get(tx, u.ID)
		if !kept.Password.Matches("secret") {
			t.Error("the password is lost")
		}
		return err
	})
	found := must(w.ids.GetUserId(ctx, &identitystore.GetUserIdInput{
		IdentityStoreId: w.id, AlternateIdentifier: &types.AlternateIdentifierMemberExternalId{
			Value: types.ExternalId{Issuer: &id.Issuer, Id: &id.Id},
		},
	}))(w.world)
	if *found.UserId != u.ID {
		t.Errorf("found %s", *found.UserId)
	}
}

func TestFindUsersAndGroups(t *testing.T) {
	w := newStoreWorld(t)
	alice, group := w.user("alice"), w.group("Developers")
	unique := func(path string, value any) types.AlternateIdentifier {
		return &types.AlternateIdentifierMemberUniqueAttribute{
			Value: types.UniqueAttribute{AttributePath: &path, AttributeValue: document.NewLazyDocument(value)},
		}
	}
	user := func(path string, value any) (*identitystore.GetUserIdOutput, error) {
		return w.ids.GetUserId(ctx, &identitystore.GetUserIdInput{
			IdentityStoreId: w.id, AlternateIdentifier: unique(path, value),
		})
	}
	for path, value := range map[string]string{
		"userName": "alice", "UserName": "Alice", "emails.value": "alice@example.com",
	} {
		if out, err := user(path, value); err != nil || *out.UserId != *alice {
			t.Errorf("%s: %v", path, err)
		}
	}
	w.absent(fails(user("userName", "nobody")), types.ResourceTypeUser)
	w.refused(fails(user("title", "Dr")), "ValidationException", "The attribute title is not a unique attribute")
	w.refused(fails(user("userName", 1)), "ValidationException", "")
	out, err := w.ids.GetGroupId(ctx,
		&identitystore.GetGroupIdInput{IdentityStoreId: w.id, AlternateIdentifier: unique("displayName", "Developers")})
	if err != nil || *out.GroupId != *group {
		t.Errorf("group: %v", err)
	}
	w.absent(fails(w.ids.GetGroupId(ctx,
		&identitystore.GetGroupIdInput{IdentityStoreId: w.id, AlternateIdentifier: unique("displayName", "x")})),
		types.ResourceTypeGroup)

	for _, body := range []string{
		`{}`,
		`{"ExternalId":{"Issuer":"i","Id":"1"},"UniqueAttribute":{"AttributePath":"userName","AttributeValue":"alice"}}`,
	} {
		got := w.post("AWSIdentityStore.GetUserId", []byte(`{"IdentityStoreId":"`+*w.id+`","AlternateIdentifier":`+body+`}`))
		if got.header.Get("x-amzn-ErrorType") != "ValidationException" {
			t.Errorf("%s: %s", body, got.body)
		}
	}
}

// TestFilters: the SDK calls them deprecated, but Terraform still uses them.
func TestFilters(t *testing.T) {
	w := newStoreWorld(t)
	w.user("alice")
	w.group("Developers")
	for _, test := range []struct {
		operation, path, value string
		want                   string
	}{
		{"ListUsers", "UserName", "alice", `"UserName":"alice"`},
		{"ListUsers", "userName", "nobody", `{"Users":[]}`},
		{"ListUsers", "Title", "Dr", "ValidationException"},
		{"ListGroups", "DisplayName", "Developers", `"DisplayName":"Developers"`},
		{"ListGroups", "DisplayName", "Nobody", `{"Groups":[]}`},
		{"ListGroups", "Description", "x", "ValidationException"},
	} {
		got := w.call("AWSIdentityStore."+test.operation, object{
			"IdentityStoreId": w.id, "Filters": []object{{"AttributePath": test.path, "AttributeValue": test.value}},
		})
		if !strings.Contains(string(got.body), test.want) {
			t.Errorf("%+v: %s", test, got.body)
		}
	}
}

func TestIdentityPages(t *testing.T) {
	w := newStoreWorld(t)
	group := w.group("All")
	for i := range 5 {
		user := w.user(fmt.Sprint("user", i))
		must(w.ids.CreateGroupMembership(ctx,
			&identitystore.CreateGroupMembershipInput{
				IdentityStoreId: w.id, GroupId: group, MemberId: &types.MemberIdMemberUserId{Value: *user},
			}))(w.world)
	}
	users := 0
	for pages := identitystore.NewListUsersPaginator(w.ids,
		&identitystore.ListUsersInput{IdentityStoreId: w.id, MaxResults: aws.Int32(2)}); pages.HasMorePages(); {
		users += len(must(pages.NextPage(ctx))(w.world).Users)
	}
	members := map[string]bool{}
	for pages := identitystore.NewListGroupMembershipsPaginator(w.ids,
		&identitystore.ListGroupMembershipsInput{
			IdentityStoreId: w.id, GroupId: group, MaxResults: aws.Int32(2),
		}); pages.HasMorePages(); {
		for _, m := range must(pages.NextPage(ctx))(w.world).GroupMemberships {
			members[m.MemberId.(*types.MemberIdMemberUserId).Value] = true
		}
	}
	if users != 5 || len(members) != 5 {
		t.Errorf("%d users, %d members", users, len(members))
	}
}
