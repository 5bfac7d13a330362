package admin

import (
	"encoding/json"
	"slices"
	"strings"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
)

// maxPolicies is AWS's quota of managed policies for a permission set, its own and customers' together.
const maxPolicies = 20

type inlinePolicyInput struct {
	onPermissionSet
	InlinePolicy string `aws:"PermissionSetPolicyDocument,required"`
}

func putInlinePolicy(c *call, tx store.Tx, in *inlinePolicyInput) (*none, error) {
	return c.change(tx, in.PermissionSetArn, "", func(set *directory.PermissionSet) error {
		if !json.Valid([]byte(in.InlinePolicy)) || !strings.HasPrefix(strings.TrimSpace(in.InlinePolicy), "{") {
			return errValidation.say("The inline policy is not a valid JSON policy document")
		}
		set.InlinePolicy = in.InlinePolicy
		return nil
	})
}

type inlinePolicyOutput struct{ InlinePolicy string }

// getInlinePolicy returns an empty text if there is no policy.
func getInlinePolicy(c *call, r store.Reader, in *onPermissionSet) (*inlinePolicyOutput, error) {
	set, err := c.permissionSet(r, in.PermissionSetArn)
	return &inlinePolicyOutput{set.InlinePolicy}, err
}

func deleteInlinePolicy(c *call, tx store.Tx, in *onPermissionSet) (*none, error) {
	return c.change(tx, in.PermissionSetArn, "", func(set *directory.PermissionSet) error {
		set.InlinePolicy = ""
		return nil
	})
}

type managedPolicyInput struct {
	onPermissionSet
	ManagedPolicyArn string `aws:"ManagedPolicyArn,required"`
}

func attachManagedPolicy(c *call, tx store.Tx, in *managedPolicyInput) (*none, error) {
	return c.change(tx, in.PermissionSetArn, in.ManagedPolicyArn, func(set *directory.PermissionSet) error {
		if slices.Contains(set.ManagedPolicies, in.ManagedPolicyArn) {
			return errConflict.say("Permission set with id %s already has a typed link attachment to a manged policy with %s",
				set.ID, in.ManagedPolicyArn)
		}
		set.ManagedPolicies = append(set.ManagedPolicies, in.ManagedPolicyArn)
		return checkPolicies(set)
	})
}

func checkPolicies(set *directory.PermissionSet) error {
	if len(set.ManagedPolicies)+len(set.CustomerPolicies) > maxPolicies {
		return errQuota.say("You have exceeded AWS SSO limits. Cannot attach more than %d policies to PermissionSet.",
			maxPolicies)
	}
	return nil
}

func detachManagedPolicy(c *call, tx store.Tx, in *managedPolicyInput) (*none, error) {
	return c.change(tx, in.PermissionSetArn, in.ManagedPolicyArn, func(set *directory.PermissionSet) error {
		i := slices.Index(set.ManagedPolicies, in.ManagedPolicyArn)
		if i < 0 {
			return errNotFound.say("Could not find ManagedPolicy with arn %s", in.ManagedPolicyArn)
		}
		set.ManagedPolicies = slices.Delete(set.ManagedPolicies, i, i+1)
		return nil
	})
}

type listInPermissionSetInput struct {
	onPermissionSet
	ssoPage
}

type attachedPolicy struct{ Name, Arn string }

type managedPoliciesOutput struct {
	AttachedManagedPolicies []attachedPolicy
	next
}

func listManagedPolicies(c *call, r store.Reader, in *listInPermissionSetInput) (*managedPoliciesOutput, error) {
	set, err := c.permissionSet(r, in.PermissionSetArn)
	if err != nil {
		return nil, err
	}
	arns, next, err := paged(c, page(in.ssoPage), itself, among(set.ManagedPolicies, itself))
	named := func(arn string) attachedPolicy { return attachedPolicy{arn[strings.LastIndex(arn, "/")+1:], arn} }
	return &managedPoliciesOutput{each(arns, named), next}, err
}

type customerPolicy struct {
	Name string `aws:"ManagedPolicyName,required"`
	Path string `aws:"ManagedPolicyPath"`
}

// kept is the directory's form: the path defaults to /.
func (p customerPolicy) kept() directory.CustomerPolicy {
	if p.Path == "" {
		p.Path = "/"
	}
	return directory.CustomerPolicy(p)
}

type customerPolicyInput struct {
	onPermissionSet
	CustomerManagedPolicyReference customerPolicy `aws:",required"`
}

func attachCustomerPolicy(c *call, tx store.Tx, in *customerPolicyInput) (*none, error) {
	policy := in.CustomerManagedPolicyReference.kept()
	return c.change(tx, in.PermissionSetArn, policy.Path+policy.Name, func(set *directory.PermissionSet) error {
		if slices.Contains(set.CustomerPolicies, policy) {
			return errConflict.say("Given customer managed policy with name: %s  and path %s already attached", policy.Name,
				policy.Path)
		}
		set.CustomerPolicies = append(set.CustomerPolicies, policy)
		return checkPolicies(set)
	})
}

func detachCustomerPolicy(c *call, tx store.Tx, in *customerPolicyInput) (*none, error) {
	policy := in.CustomerManagedPolicyReference.kept()
	return c.change(tx, in.PermissionSetArn, policy.Path+policy.Name, func(set *directory.PermissionSet) error {
		i := slices.Index(set.CustomerPolicies, policy)
		if i < 0 {
			return errNotFound.say("Given managed policy with name: %s  and path %s does not exist on PermissionSet",
				policy.Name, policy.Path)
		}
		set.CustomerPolicies = slices.Delete(set.CustomerPolicies, i, i+1)
		return nil
	})
}

type customerPoliciesOutput struct {
	CustomerManagedPolicyReferences []customerPolicy
	next
}

func listCustomerPolicies(c *call, r store.Reader, in *listInPermissionSetInput) (*customerPoliciesOutput, error) {
	set, err := c.permissionSet(r, in.PermissionSetArn)
	if err != nil {
		return nil, err
	}
	place := func(p directory.CustomerPolicy) string { return p.Path + p.Name }
	policies, next, err := paged(c, page(in.ssoPage), place, among(set.CustomerPolicies, place))
	out := each(policies, func(p directory.CustomerPolicy) customerPolicy { return customerPolicy(p) })
	return &customerPoliciesOutput{out, next}, err
}

// A boundary has one of its two members.
type boundary struct {
	CustomerManagedPolicyReference *customerPolicy `json:",omitempty"`
	ManagedPolicyArn               string          `json:",omitempty" aws:"ManagedPolicyArn"`
}

type boundaryInput struct {
	onPermissionSet
	PermissionsBoundary boundary `aws:",required"`
}

func putBoundary(c *call, tx store.Tx, in *boundaryInput) (*none, error) {
	return c.change(tx, in.PermissionSetArn, "", func(set *directory.PermissionSet) error {
		b := in.PermissionsBoundary
		if (b.CustomerManagedPolicyReference == nil) == (b.ManagedPolicyArn == "") {
			return errValidation.say("Only ManagedPolicyArn or CustomerManagedPolicyReference should be given.")
		}
		set.Boundary = &directory.Boundary{ManagedPolicyARN: b.ManagedPolicyArn}
		if b.CustomerManagedPolicyReference != nil {
			policy := b.CustomerManagedPolicyReference.kept()
			set.Boundary.CustomerPolicy = &policy
		}
		return nil
	})
}

type boundaryOutput struct{ PermissionsBoundary boundary }

// getBoundary returns ResourceNotFoundException if there is no boundary.
func getBoundary(c *call, r store.Reader, in *onPermissionSet) (*boundaryOutput, error) {
	set, err := c.permissionSet(r, in.PermissionSetArn)
	if err != nil {
		return nil, err
	}
	if set.Boundary == nil {
		return nil, errNotFound.say("Could not find PermissionsBoundary for PermissionSet with id %s", set.ID)
	}
	b := boundary{ManagedPolicyArn: set.Boundary.ManagedPolicyARN}
	if p := set.Boundary.CustomerPolicy; p != nil {
		b.CustomerManagedPolicyReference = &customerPolicy{p.Name, p.Path}
	}
	return &boundaryOutput{b}, nil
}

func deleteBoundary(c *call, tx store.Tx, in *onPermissionSet) (*none, error) {
	return c.change(tx, in.PermissionSetArn, "", func(set *directory.PermissionSet) error {
		set.Boundary = nil
		return nil
	})
}
