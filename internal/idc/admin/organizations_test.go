package admin_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
)

func newOrganization(t *testing.T) (*world, *organizations.Client) {
	w := newWorld(t)
	return w, organizations.NewFromConfig(w.config("AKIDADMIN"))
}

func TestOrganization(t *testing.T) {
	w, org := newOrganization(t)
	o := must(org.DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{}))(w).Organization
	if *o.Id != w.instance.OrganizationID || o.FeatureSet != types.OrganizationFeatureSetAll ||
		*o.MasterAccountId != w.instance.OwnerAccount || *o.MasterAccountEmail != "root@example.com" {
		t.Errorf("organization %+v", o)
	}
	a := must(org.DescribeAccount(ctx, &organizations.DescribeAccountInput{AccountId: aws.String(dev)}))(w).Account
	if *a.Name != "Development" || a.State != types.AccountStateActive || a.JoinedTimestamp.Year() != 2026 ||
		*a.Arn != "arn:aws:organizations::"+w.instance.OwnerAccount+":account/"+w.instance.OrganizationID+"/"+dev {
		t.Errorf("account %+v", a)
	}
	w.refused(fails(org.DescribeAccount(ctx, &organizations.DescribeAccountInput{AccountId: aws.String("000000000000")})),
		"AccountNotFoundException", "")
	enabled := must(org.ListAWSServiceAccessForOrganization(ctx,
		&organizations.ListAWSServiceAccessForOrganizationInput{}))(w).EnabledServicePrincipals
	if len(enabled) != 1 || *enabled[0].ServicePrincipal != "sso.amazonaws.com" {
		t.Errorf("services %+v", enabled)
	}
	w.update(func(tx store.Tx) error { return directory.DeleteAccount(tx, w.instance.OwnerAccount) })
	if o := must(org.DescribeOrganization(ctx,
		&organizations.DescribeOrganizationInput{}))(w).Organization; o.MasterAccountEmail != nil {
		t.Errorf("an address from nowhere: %s", *o.MasterAccountEmail)
	}
}

func TestAccountPages(t *testing.T) {
	w, org := newOrganization(t)
	w.update(func(tx store.Tx) (err error) {
		for i := range 30 {
			err = errors.Join(err,
				directory.Accounts().Put(tx, directory.Account{
					ID: fmt.Sprintf("3000000000%02d", i), Name: "n", Email: "n@example.com",
				}))
		}
		return err
	})
	sizes := []int{}
	for pages := organizations.NewListAccountsPaginator(org, &organizations.ListAccountsInput{}); pages.HasMorePages(); {
		sizes = append(sizes, len(must(pages.NextPage(ctx))(w).Accounts))
	}
	if !slices.Equal(sizes, []int{20, 13}) {
		t.Errorf("pages of %v", sizes)
	}
	w.refused(fails(org.ListAccounts(ctx, &organizations.ListAccountsInput{MaxResults: aws.Int32(21)})),
		"InvalidInputException", "larger value than allowed")
}

// TestUnits walks down the tree from the root, and back up.
func TestUnits(t *testing.T) {
	w, org := newOrganization(t)
	roots := must(org.ListRoots(ctx, &organizations.ListRootsInput{}))(w).Roots
	if len(roots) != 1 || *roots[0].Id != w.instance.RootID {
		t.Fatalf("roots %+v", roots)
	}
	got := []string{}
	var walk func(parent *string, depth int)
	walk = func(parent *string, depth int) {
		for _, a := range must(org.ListAccountsForParent(ctx,
			&organizations.ListAccountsForParentInput{ParentId: parent}))(w).Accounts {
			got = append(got, strings.Repeat("/", depth)+*a.Name)
			w.hasParent(org, a.Id, parent)
		}
		for _, u := range must(org.ListOrganizationalUnitsForParent(ctx,
			&organizations.ListOrganizationalUnitsForParentInput{ParentId: parent}))(w).OrganizationalUnits {
			got = append(got, strings.Repeat("/", depth)+"["+*u.Name+"]")
			w.hasParent(org, u.Id, parent)
			again := must(org.DescribeOrganizationalUnit(ctx,
				&organizations.DescribeOrganizationalUnitInput{OrganizationalUnitId: u.Id}))(w).OrganizationalUnit
			if *again.Name != *u.Name || *again.Arn != *u.Arn {
				t.Errorf("unit %+v, want %+v", again, u)
			}
			walk(u.Id, depth+1)
		}
	}
	walk(roots[0].Id, 0)
	if want := []string{
		"Management", "[Workloads]", "/[Dev]", "//Development", "/[Prod]",
		"//Production",
	}; !slices.Equal(got, want) {
		t.Errorf("tree %q, want %q", got, want)
	}
	children := must(org.ListChildren(ctx,
		&organizations.ListChildrenInput{ParentId: roots[0].Id, ChildType: types.ChildTypeOrganizationalUnit}))(w).Children
	if len(children) != 1 || children[0].Type != types.ChildTypeOrganizationalUnit {
		t.Errorf("children %+v", children)
	}
}

func (w *world) hasParent(org *organizations.Client, child, parent *string) {
	w.Helper()
	parents := must(org.ListParents(ctx, &organizations.ListParentsInput{ChildId: child}))(w).Parents
	kind := types.ParentTypeOrganizationalUnit
	if *parent == w.instance.RootID {
		kind = types.ParentTypeRoot
	}
	if len(parents) != 1 || *parents[0].Id != *parent || parents[0].Type != kind {
		w.Errorf("%s has parents %+v, want %s", *child, parents, *parent)
	}
}

func TestNoSuchUnit(t *testing.T) {
	w, org := newOrganization(t)
	none := aws.String("ou-0000-00000000")
	w.refused(fails(org.DescribeOrganizationalUnit(ctx,
		&organizations.DescribeOrganizationalUnitInput{OrganizationalUnitId: none})), "OrganizationalUnitNotFoundException",
		"")
	w.refused(fails(org.ListParents(ctx, &organizations.ListParentsInput{ChildId: none})), "ChildNotFoundException", "")
	w.refused(fails(org.ListParents(ctx, &organizations.ListParentsInput{ChildId: aws.String("000000000000")})),
		"ChildNotFoundException", "")
	w.refused(fails(org.ListChildren(ctx,
		&organizations.ListChildrenInput{ParentId: none, ChildType: types.ChildTypeAccount})), "ParentNotFoundException", "")
	w.refused(fails(org.ListAccountsForParent(ctx, &organizations.ListAccountsForParentInput{ParentId: none})),
		"ParentNotFoundException", "")
	w.refused(fails(org.ListOrganizationalUnitsForParent(ctx,
		&organizations.ListOrganizationalUnitsForParentInput{ParentId: none})), "ParentNotFoundException", "")
	w.refused(fails(org.ListTagsForResource(ctx, &organizations.ListTagsForResourceInput{ResourceId: none})),
		"TargetNotFoundException", "")
}
