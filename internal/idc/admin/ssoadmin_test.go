package admin_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
)

var ctx = context.Background()

// An ssoWorld is a world with the SDK's sso-admin client.
type ssoWorld struct {
	*world
	sso *ssoadmin.Client
	arn *string // of the instance
}

func newSSOWorld(t *testing.T) *ssoWorld {
	w := newWorld(t)
	return &ssoWorld{w, ssoadmin.NewFromConfig(w.config("AKIDADMIN")), aws.String(w.instance.ARN())}
}

func (w *ssoWorld) permissionSet(name string) *string {
	w.Helper()
	out := must(w.sso.CreatePermissionSet(ctx,
		&ssoadmin.CreatePermissionSetInput{InstanceArn: w.arn, Name: &name}))(w.world)
	return out.PermissionSet.PermissionSetArn
}

// principals makes a user, and a group with that user.
func (w *ssoWorld) principals() (user, group string) {
	w.Helper()
	u := directory.User{ID: w.instance.NewPrincipalID(), Attributes: directory.Attributes{UserName: "alice"}}
	g := directory.Group{ID: w.instance.NewPrincipalID(), Name: "Developers"}
	w.update(func(tx store.Tx) error {
		return errors.Join(directory.Users().Put(tx, u), directory.Groups().Put(tx, g),
			directory.Memberships().Put(tx, directory.Membership{ID: w.instance.NewPrincipalID(), GroupID: g.ID, UserID: u.ID}))
	})
	return u.ID, g.ID
}

func TestWhoMayCall(t *testing.T) {
	w := newWorld(t)
	err := fails(ssoadmin.NewFromConfig(w.config("AKIDOTHER")).ListInstances(ctx, &ssoadmin.ListInstancesInput{}))
	w.refused(err, "UnrecognizedClientException", "The security token included in the request is invalid.")
}

func TestInstance(t *testing.T) {
	w := newSSOWorld(t)
	must(w.sso.UpdateInstance(ctx, &ssoadmin.UpdateInstanceInput{InstanceArn: w.arn, Name: aws.String("corp")}))(w.world)
	all := must(w.sso.ListInstances(ctx, &ssoadmin.ListInstancesInput{}))(w.world).Instances
	if len(all) != 1 || *all[0].InstanceArn != *w.arn || *all[0].IdentityStoreId != w.instance.IdentityStoreID ||
		*all[0].OwnerAccountId != w.instance.OwnerAccount || *all[0].Name != "corp" ||
		all[0].Status != types.InstanceStatusActive {
		t.Errorf("instances %+v", all)
	}
	if d := w.instance.Created.Sub(*all[0].CreatedDate).Abs(); d > time.Millisecond {
		t.Errorf("created %v, want %v", all[0].CreatedDate, w.instance.Created)
	}
	one := must(w.sso.DescribeInstance(ctx, &ssoadmin.DescribeInstanceInput{InstanceArn: w.arn}))(w.world)
	if *one.Name != "corp" || one.EncryptionConfigurationDetails.KeyType != types.KmsKeyTypeAwsOwnedKmsKey {
		t.Errorf("instance %+v", one)
	}
	w.refused(fails(w.sso.UpdateInstance(ctx, &ssoadmin.UpdateInstanceInput{
		InstanceArn: w.arn, EncryptionConfiguration: &types.EncryptionConfiguration{
			KeyType: types.KmsKeyTypeCustomerManagedKey,
		},
	})), "ValidationException", "not supported")
}

func TestPermissionSetLife(t *testing.T) {
	w := newSSOWorld(t)
	made := must(w.sso.CreatePermissionSet(ctx, &ssoadmin.CreatePermissionSetInput{
		InstanceArn: w.arn, Name: aws.String("Admin"), Description: aws.String("all"), SessionDuration: aws.String("PT90M"),
		RelayState: aws.String("https://example.com/"),
	}))(w.world).PermissionSet
	if *made.Name != "Admin" || *made.SessionDuration != "PT90M" || *made.RelayState != "https://example.com/" {
		t.Errorf("made %+v", made)
	}
	w.refused(fails(w.sso.CreatePermissionSet(ctx, &ssoadmin.CreatePermissionSetInput{
		InstanceArn: w.arn, Name: aws.String("Admin"),
	})),
		"ConflictException", "PermissionSet with name Admin already exists.")

	update := &ssoadmin.UpdatePermissionSetInput{
		InstanceArn: w.arn, PermissionSetArn: made.PermissionSetArn, SessionDuration: aws.String("PT12H"),
	}
	must(w.sso.UpdatePermissionSet(ctx, update))(w.world)
	describe := &ssoadmin.DescribePermissionSetInput{InstanceArn: w.arn, PermissionSetArn: made.PermissionSetArn}
	now := must(w.sso.DescribePermissionSet(ctx, describe))(w.world).PermissionSet
	if *now.Description != "all" || *now.SessionDuration != "PT12H" || now.RelayState != nil {
		t.Errorf("a member left out is kept, but for the relay state: %+v", now)
	}
	for _, bad := range []string{"PT59M", "PT12H1S", "1h", "PT", "P1D", "PT999999999H"} {
		update.SessionDuration = &bad
		w.refused(fails(w.sso.UpdatePermissionSet(ctx, update)), "ValidationException", "")
	}
	must(w.sso.DeletePermissionSet(ctx,
		&ssoadmin.DeletePermissionSetInput{InstanceArn: w.arn, PermissionSetArn: made.PermissionSetArn}))(w.world)
	w.refused(fails(w.sso.DescribePermissionSet(ctx, describe)), "ResourceNotFoundException",
		"Could not find PermissionSet with id ps-")
	describe.PermissionSetArn = aws.String("arn:aws:sso:::permissionSet/ssoins-0000000000000000/ps-0000000000000000")
	w.refused(fails(w.sso.DescribePermissionSet(ctx, describe)), "ResourceNotFoundException", "")
}

func TestPermissionSetPages(t *testing.T) {
	w := newSSOWorld(t)
	want := map[string]bool{}
	for i := range 7 {
		want[*w.permissionSet(fmt.Sprint("Set", i))] = true
	}
	pages := ssoadmin.NewListPermissionSetsPaginator(w.sso, &ssoadmin.ListPermissionSetsInput{
		InstanceArn: w.arn, MaxResults: aws.Int32(3),
	})
	sizes := []int{}
	for pages.HasMorePages() {
		out := must(pages.NextPage(ctx))(w.world)
		sizes = append(sizes, len(out.PermissionSets))
		for _, arn := range out.PermissionSets {
			delete(want, arn)
		}
	}
	if !slices.Equal(sizes, []int{3, 3, 1}) || len(want) != 0 {
		t.Errorf("pages of %v, without %v", sizes, want)
	}
}

func TestTags(t *testing.T) {
	w := newSSOWorld(t)
	set := w.permissionSet("Tagged")
	tag := func(tags ...types.Tag) error {
		return fails(w.sso.TagResource(ctx, &ssoadmin.TagResourceInput{ResourceArn: set, Tags: tags}))
	}
	one := func(key, value string) types.Tag { return types.Tag{Key: &key, Value: &value} }
	if err := tag(one("a", "1"), one("b", "")); err != nil {
		t.Fatal(err)
	}
	if err := tag(one("a", "2")); err != nil {
		t.Fatal(err)
	}
	w.refused(tag(one("aws:x", "")), "ValidationException", "")
	many := make([]types.Tag, 49)
	for i := range many {
		many[i] = one(fmt.Sprint("key", i), "v")
	}
	w.refused(tag(many...), "ServiceQuotaExceededException", "50")
	must(w.sso.UntagResource(ctx,
		&ssoadmin.UntagResourceInput{InstanceArn: w.arn, ResourceArn: set, TagKeys: []string{"b", "none"}}))(w.world)
	tags := must(w.sso.ListTagsForResource(ctx,
		&ssoadmin.ListTagsForResourceInput{InstanceArn: w.arn, ResourceArn: set}))(w.world).Tags
	if len(tags) != 1 || *tags[0].Key != "a" || *tags[0].Value != "2" {
		t.Errorf("tags %+v", tags)
	}
	w.refused(fails(w.sso.ListTagsForResource(ctx, &ssoadmin.ListTagsForResourceInput{
		InstanceArn: aws.String("arn:aws:sso:::instance/ssoins-0000000000000000"), ResourceArn: set,
	})), "AccessDeniedException", "")
}

func TestPolicies(t *testing.T) {
	w := newSSOWorld(t)
	set := w.permissionSet("Policies")
	attach := func(arn string) error {
		return fails(w.sso.AttachManagedPolicyToPermissionSet(ctx, &ssoadmin.AttachManagedPolicyToPermissionSetInput{
			InstanceArn: w.arn, PermissionSetArn: set, ManagedPolicyArn: &arn,
		}))
	}
	for i := range 19 {
		if err := attach(fmt.Sprintf("arn:aws:iam::aws:policy/Policy%02d", i)); err != nil {
			t.Fatal(err)
		}
	}
	w.refused(attach("arn:aws:iam::aws:policy/Policy00"), "ConflictException", "")
	attachOurs := func(name string) error {
		return fails(w.sso.AttachCustomerManagedPolicyReferenceToPermissionSet(ctx,
			&ssoadmin.AttachCustomerManagedPolicyReferenceToPermissionSetInput{
				InstanceArn: w.arn, PermissionSetArn: set,
				CustomerManagedPolicyReference: &types.CustomerManagedPolicyReference{Name: &name},
			}))
	}
	if err := attachOurs("Ours"); err != nil {
		t.Fatal(err)
	}
	w.refused(attachOurs("Ours"), "ConflictException", "already attached")
	w.refused(attachOurs("More"), "ServiceQuotaExceededException", "20")
	w.refused(attach("arn:aws:iam::aws:policy/More"), "ServiceQuotaExceededException", "20")
	ours := must(w.sso.ListCustomerManagedPolicyReferencesInPermissionSet(ctx,
		&ssoadmin.ListCustomerManagedPolicyReferencesInPermissionSetInput{
			InstanceArn: w.arn, PermissionSetArn: set,
		}))(w.world)
	if p := ours.CustomerManagedPolicyReferences; len(p) != 1 || *p[0].Name != "Ours" || *p[0].Path != "/" {
		t.Errorf("customer policies %+v", p)
	}
	pages := ssoadmin.NewListManagedPoliciesInPermissionSetPaginator(w.sso,
		&ssoadmin.ListManagedPoliciesInPermissionSetInput{
			InstanceArn: w.arn, PermissionSetArn: set, MaxResults: aws.Int32(10),
		})
	names := []string{}
	for pages.HasMorePages() {
		for _, p := range must(pages.NextPage(ctx))(w.world).AttachedManagedPolicies {
			names = append(names, *p.Name)
		}
	}
	if len(names) != 19 || names[0] != "Policy00" || names[18] != "Policy18" {
		t.Errorf("managed policies %v", names)
	}
	w.refused(fails(w.sso.DetachManagedPolicyFromPermissionSet(ctx, &ssoadmin.DetachManagedPolicyFromPermissionSetInput{
		InstanceArn: w.arn, PermissionSetArn: set, ManagedPolicyArn: aws.String("arn:aws:iam::aws:policy/Never"),
	})), "ResourceNotFoundException", "")
	w.refused(fails(w.sso.DetachCustomerManagedPolicyReferenceFromPermissionSet(ctx,
		&ssoadmin.DetachCustomerManagedPolicyReferenceFromPermissionSetInput{
			InstanceArn: w.arn, PermissionSetArn: set, CustomerManagedPolicyReference: &types.CustomerManagedPolicyReference{
				Name: aws.String("Ours"), Path: aws.String("/other/"),
			},
		})), "ResourceNotFoundException", "")
}

func TestInlinePolicyAndBoundary(t *testing.T) {
	w := newSSOWorld(t)
	set := w.permissionSet("Inline")
	get := &ssoadmin.GetInlinePolicyForPermissionSetInput{InstanceArn: w.arn, PermissionSetArn: set}
	put := &ssoadmin.PutInlinePolicyToPermissionSetInput{
		InstanceArn: w.arn, PermissionSetArn: set, InlinePolicy: aws.String(`{"Statement": []}`),
	}
	if out := must(w.sso.GetInlinePolicyForPermissionSet(ctx, get))(w.world); out.InlinePolicy == nil ||
		*out.InlinePolicy != "" {
		t.Errorf("no policy is %v", out.InlinePolicy)
	}
	must(w.sso.PutInlinePolicyToPermissionSet(ctx, put))(w.world)
	for _, bad := range []string{`{`, `[]`, `"x"`} {
		put.InlinePolicy = &bad
		w.refused(fails(w.sso.PutInlinePolicyToPermissionSet(ctx, put)), "ValidationException", "")
	}
	if out := must(w.sso.GetInlinePolicyForPermissionSet(ctx, get))(w.world); *out.InlinePolicy != `{"Statement": []}` {
		t.Errorf("policy %v", *out.InlinePolicy)
	}
	getBoundary := &ssoadmin.GetPermissionsBoundaryForPermissionSetInput{InstanceArn: w.arn, PermissionSetArn: set}
	w.refused(fails(w.sso.GetPermissionsBoundaryForPermissionSet(ctx, getBoundary)), "ResourceNotFoundException", "")
	both := &types.PermissionsBoundary{
		ManagedPolicyArn:               aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess"),
		CustomerManagedPolicyReference: &types.CustomerManagedPolicyReference{Name: aws.String("Ours")},
	}
	for _, bad := range []*types.PermissionsBoundary{{}, both} {
		w.refused(fails(w.sso.PutPermissionsBoundaryToPermissionSet(ctx, &ssoadmin.PutPermissionsBoundaryToPermissionSetInput{
			InstanceArn: w.arn, PermissionSetArn: set, PermissionsBoundary: bad,
		})), "ValidationException", "")
	}
	both.ManagedPolicyArn = nil
	must(w.sso.PutPermissionsBoundaryToPermissionSet(ctx,
		&ssoadmin.PutPermissionsBoundaryToPermissionSetInput{
			InstanceArn: w.arn, PermissionSetArn: set, PermissionsBoundary: both,
		}))(w.world)
	if b := must(w.sso.GetPermissionsBoundaryForPermissionSet(ctx,
		getBoundary))(w.world).PermissionsBoundary; *b.CustomerManagedPolicyReference.Name != "Ours" ||
		b.ManagedPolicyArn != nil {
		t.Errorf("boundary %+v", b)
	}
}
