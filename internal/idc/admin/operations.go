package admin

import (
	"context"
	"sync"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
)

// An operation decodes an input and runs.
type operation func(ctx context.Context, c *call, input any) (output any, err error)

// A service is one of AWS's APIs.
type service struct {
	prefix     string // of X-Amz-Target
	name       string // as the AWS CLI calls it
	pageSize   int
	operations map[string]operation
}

const (
	ssoAdminPrefix      = "SWBExternalService"
	identityStorePrefix = "AWSIdentityStore"
	organizationsPrefix = "AWSOrganizationsV20161128"
)

// services are made when the first request comes: at each start they would cost those who serve nothing.
var services = sync.OnceValue(func() map[string]service {
	return map[string]service{
		ssoAdminPrefix:      {ssoAdminPrefix, "sso-admin", 100, ssoAdmin()},
		identityStorePrefix: {identityStorePrefix, "identitystore", 100, identityStore()},
		organizationsPrefix: {organizationsPrefix, "organizations", 20, organizations()},
	}
})

// none is an empty input or output.
type none struct{}

// read is an operation that changes nothing.
func read[In, Out any](run func(*call, store.Reader, *In) (*Out, error)) operation {
	return func(ctx context.Context, c *call, input any) (any, error) {
		in, err := decodeFor[In](c, input)
		if err != nil {
			return nil, err
		}
		var out *Out
		err = c.Store.View(ctx, func(r store.Reader) error {
			if err := c.enter(r, in); err != nil {
				return err
			}
			out, err = run(c, r, in)
			return err
		})
		return out, err
	}
}

// write is an operation that changes something; each change is in the audit.
func write[In, Out any](run func(*call, store.Tx, *In) (*Out, error)) operation {
	return func(ctx context.Context, c *call, input any) (any, error) {
		in, err := decodeFor[In](c, input)
		if err != nil {
			return nil, err
		}
		var out *Out
		err = c.Store.Update(ctx, func(tx store.Tx) error {
			if err := c.enter(tx, in); err != nil {
				return err
			}
			if out, err = run(c, tx, in); err != nil {
				return err
			}
			return tx.Record(store.Event{Time: c.now, Actor: c.actor, Action: c.operation, Target: c.target, Details: c.details})
		})
		return out, err
	}
}

func decodeFor[In any](c *call, input any) (*In, error) {
	in := new(In)
	found, err := decode(input, in)
	if err == nil {
		err = c.service.refuse(found)
	}
	return in, err
}

// scoped inputs name the instance or identity store they are about.
type scoped interface{ within(*call) error }

// enter loads the instance and checks that the input is about it.
func (c *call) enter(r store.Reader, in any) (err error) {
	if c.instance, err = directory.TheInstance(r); err != nil {
		return err
	}
	if in, ok := in.(scoped); ok {
		return in.within(c)
	}
	return nil
}

// onInstance is an input of sso-admin.
type onInstance struct {
	InstanceArn string `aws:"InstanceArn,required"`
}

// within refuses an instance other than the caller's.
func (i onInstance) within(c *call) error {
	if i.InstanceArn == c.instance.ARN() {
		return nil
	}
	return errAccessDenied.say("User: %s is not authorized to perform: sso:%s on resource: %s", c.actor, c.operation,
		i.InstanceArn)
}

// inStore is an input of identitystore.
type inStore struct {
	IdentityStoreId string `aws:"IdentityStoreId,required"`
}

func (i inStore) within(c *call) error {
	if i.IdentityStoreId == c.instance.IdentityStoreID {
		return nil
	}
	return errNotFound.say("IDENTITY_STORE not found.").with("ResourceType", "IDENTITY_STORE")
}

func ssoAdmin() map[string]operation {
	return map[string]operation{
		"ListInstances":    read(listInstances),
		"DescribeInstance": read(describeInstance),
		"UpdateInstance":   write(updateInstance),

		"CreatePermissionSet":   write(createPermissionSet),
		"DescribePermissionSet": read(describePermissionSet),
		"UpdatePermissionSet":   write(updatePermissionSet),
		"DeletePermissionSet":   write(deletePermissionSet),
		"ListPermissionSets":    read(listPermissionSets),
		"ListTagsForResource":   read(listTags),
		"TagResource":           write(tagResource),
		"UntagResource":         write(untagResource),

		"CreateAccountAssignment":                 write(createAssignment),
		"DeleteAccountAssignment":                 write(deleteAssignment),
		"DescribeAccountAssignmentCreationStatus": read(describeCreation),
		"DescribeAccountAssignmentDeletionStatus": read(describeDeletion),
		"ListAccountAssignmentCreationStatus":     read(listCreations),
		"ListAccountAssignmentDeletionStatus":     read(listDeletions),
		"ListAccountAssignments":                  read(listAssignments),
		"ListAccountAssignmentsForPrincipal":      read(listAssignmentsForPrincipal),
		"ListAccountsForProvisionedPermissionSet": read(listAccountsForPermissionSet),
		"ListPermissionSetsProvisionedToAccount":  read(listPermissionSetsForAccount),
		"ProvisionPermissionSet":                  write(provision),
		"DescribePermissionSetProvisioningStatus": read(describeProvisioning),
		"ListPermissionSetProvisioningStatus":     read(listProvisionings),

		"PutInlinePolicyToPermissionSet":                        write(putInlinePolicy),
		"GetInlinePolicyForPermissionSet":                       read(getInlinePolicy),
		"DeleteInlinePolicyFromPermissionSet":                   write(deleteInlinePolicy),
		"AttachManagedPolicyToPermissionSet":                    write(attachManagedPolicy),
		"DetachManagedPolicyFromPermissionSet":                  write(detachManagedPolicy),
		"ListManagedPoliciesInPermissionSet":                    read(listManagedPolicies),
		"AttachCustomerManagedPolicyReferenceToPermissionSet":   write(attachCustomerPolicy),
		"DetachCustomerManagedPolicyReferenceFromPermissionSet": write(detachCustomerPolicy),
		"ListCustomerManagedPolicyReferencesInPermissionSet":    read(listCustomerPolicies),
		"PutPermissionsBoundaryToPermissionSet":                 write(putBoundary),
		"GetPermissionsBoundaryForPermissionSet":                read(getBoundary),
		"DeletePermissionsBoundaryFromPermissionSet":            write(deleteBoundary),
	}
}

func identityStore() map[string]operation {
	return map[string]operation{
		"CreateUser":   write(createUser),
		"DescribeUser": read(describeUser),
		"UpdateUser":   write(updateUser),
		"DeleteUser":   write(deleteUser),
		"ListUsers":    read(listUsers),
		"GetUserId":    read(getUserID),

		"CreateGroup":   write(createGroup),
		"DescribeGroup": read(describeGroup),
		"UpdateGroup":   write(updateGroup),
		"DeleteGroup":   write(deleteGroup),
		"ListGroups":    read(listGroups),
		"GetGroupId":    read(getGroupID),

		"CreateGroupMembership":         write(createMembership),
		"DescribeGroupMembership":       read(describeMembership),
		"DeleteGroupMembership":         write(deleteMembership),
		"GetGroupMembershipId":          read(getMembershipID),
		"ListGroupMemberships":          read(listMemberships),
		"ListGroupMembershipsForMember": read(listMembershipsForMember),
		"IsMemberInGroups":              read(isMemberInGroups),
	}
}

func organizations() map[string]operation {
	return map[string]operation{
		"DescribeOrganization":                read(describeOrganization),
		"ListAccounts":                        read(listAccounts),
		"DescribeAccount":                     read(describeAccount),
		"ListRoots":                           read(listRoots),
		"ListParents":                         read(listParents),
		"ListChildren":                        read(listChildren),
		"ListOrganizationalUnitsForParent":    read(listUnitsForParent),
		"DescribeOrganizationalUnit":          read(describeUnit),
		"ListAccountsForParent":               read(listAccountsForParent),
		"ListTagsForResource":                 read(listOrganizationTags),
		"ListAWSServiceAccessForOrganization": read(listServiceAccess),
		"ListDelegatedAdministrators":         read(listDelegatedAdministrators),
	}
}
