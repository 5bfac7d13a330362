package admin

import (
	"slices"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
)

// Permission sets change in all accounts at once: no account ever has an older version.
const outdated = "LATEST_PERMISSION_SET_NOT_PROVISIONED"

type listAccountsInput struct {
	onPermissionSet
	ssoPage
	ProvisioningStatus string `aws:"ProvisioningStatus"`
}

type accountsOutput struct {
	AccountIds []string
	next
}

func listAccountsForPermissionSet(c *call, r store.Reader, in *listAccountsInput) (*accountsOutput, error) {
	set, err := c.permissionSet(r, in.PermissionSetArn)
	if err != nil {
		return nil, err
	}
	ids, err := distinct(r, store.Assignment{PermissionSet: set.ID}, in.ProvisioningStatus,
		func(a store.Assignment) string {
			return a.AccountID
		})
	if err != nil {
		return nil, err
	}
	ids, next, err := paged(c, page(in.ssoPage), itself, among(ids, itself))
	return &accountsOutput{ids, next}, err
}

// distinct lists one field of the assignments, without duplicates.
func distinct(r store.Reader, filter store.Assignment, status string,
	of func(store.Assignment) string,
) ([]string, error) {
	if status == outdated {
		return nil, nil
	}
	given, err := r.Assignments(filter)
	ids := each(given, of)
	slices.Sort(ids)
	return slices.Compact(ids), err
}

type listPermissionSetsForAccountInput struct {
	onInstance
	ssoPage
	AccountId          string `aws:"AccountId,required"`
	ProvisioningStatus string `aws:"ProvisioningStatus"`
}

func listPermissionSetsForAccount(c *call, r store.Reader,
	in *listPermissionSetsForAccountInput,
) (*permissionSetsOutput, error) {
	_, err := directory.Accounts().Get(r, in.AccountId)
	if err := orNotFound(err, errNotFound.say("Could not find account with id %s", in.AccountId)); err != nil {
		return nil, err
	}
	ids, err := distinct(r, store.Assignment{AccountID: in.AccountId}, in.ProvisioningStatus,
		func(a store.Assignment) string {
			return a.PermissionSet
		})
	if err != nil {
		return nil, err
	}
	ids, next, err := paged(c, page(in.ssoPage), itself, among(ids, itself))
	return &permissionSetsOutput{each(ids, c.instance.PermissionSetARN), next}, err
}

type provisionInput struct {
	onPermissionSet
	TargetId   string `aws:"AccountId"`
	TargetType string `aws:"ProvisionTargetType,required"`
}

type provisioningStatus struct {
	Status           string
	RequestId        string
	AccountId        string `json:",omitempty"`
	PermissionSetArn string
	FailureReason    string `json:",omitempty"`
	CreatedDate      stamp
}

type provisioningOutput struct{ PermissionSetProvisioningStatus provisioningStatus }

func (c *call) provisioningStatus(q request) *provisioningOutput {
	status, failure := c.status(q)
	return &provisioningOutput{provisioningStatus{status, q.ID, q.AccountID, q.PermissionSet, failure, stamp(q.Created)}}
}

// provision only records that nothing had to be done. It fails for an account without an assignment of the permission
// set, with AWS's message (cloudposse/terraform-aws-sso#66).
func provision(c *call, tx store.Tx, in *provisionInput) (*provisioningOutput, error) {
	set, err := c.permissionSet(tx, in.PermissionSetArn)
	if err != nil {
		return nil, err
	}
	q := request{PermissionSet: in.PermissionSetArn}
	if in.TargetType == "AWS_ACCOUNT" {
		if in.TargetId == "" {
			return nil, errValidation.say("TargetId is required when TargetType is AWS_ACCOUNT")
		}
		q.AccountID = in.TargetId
		given, err := tx.Assignments(store.Assignment{AccountID: in.TargetId, PermissionSet: set.ID})
		if err != nil {
			return nil, err
		}
		if len(given) == 0 {
			q.Failure = "Received a 404 status error: Permission set provision not found in AWS account " + in.TargetId + "."
		}
	}
	c.note(set.Name, in.TargetId)
	q, err = c.file(tx, kindProvisioning, q)
	return c.provisioningStatus(q), err
}

type describeProvisioningInput struct {
	onInstance
	ID string `json:"ProvisionPermissionSetRequestId" aws:"UUId,required"`
}

func describeProvisioning(c *call, r store.Reader, in *describeProvisioningInput) (*provisioningOutput, error) {
	q, err := c.request(r, kindProvisioning, in.ID)
	return c.provisioningStatus(q), err
}

type provisioningsOutput struct {
	PermissionSetsProvisioningStatus []requestSummary
	next
}

func listProvisionings(c *call, r store.Reader, in *listRequestsInput) (*provisioningsOutput, error) {
	found, next, err := c.requests(r, kindProvisioning, in)
	return &provisioningsOutput{found, next}, err
}
