package admin

import (
	"errors"
	"fmt"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
)

type assignmentInput struct {
	onPermissionSet
	TargetId      string `aws:"AccountId,required"`
	TargetType    string `aws:"TargetType,required"`
	PrincipalType string `aws:"PrincipalType,required"`
	PrincipalId   string `aws:"PrincipalId,required"`
}

type assignmentStatus struct {
	Status           string
	RequestId        string
	FailureReason    string `json:",omitempty"`
	TargetId         string
	TargetType       string
	PermissionSetArn string
	PrincipalType    string
	PrincipalId      string
	CreatedDate      stamp
}

func (c *call) assignmentStatus(q request) assignmentStatus {
	status, failure := c.status(q)
	return assignmentStatus{
		status, q.ID, failure, q.AccountID, "AWS_ACCOUNT", q.PermissionSet, q.PrincipalType, q.PrincipalID, stamp(q.Created),
	}
}

type creationOutput struct{ AccountAssignmentCreationStatus assignmentStatus }

// createAssignment succeeds if the assignment exists already. It refuses an unknown permission set; a missing account
// or principal makes the request fail later.
func createAssignment(c *call, tx store.Tx, in *assignmentInput) (*creationOutput, error) {
	q, err := c.assign(tx, kindCreation, in, func(a store.Assignment) (string, error) {
		_, err := tx.Assign(a)
		return "", err
	})
	return &creationOutput{c.assignmentStatus(q)}, err
}

type deletionOutput struct{ AccountAssignmentDeletionStatus assignmentStatus }

// deleteAssignment files a request that fails if the assignment does not exist.
func deleteAssignment(c *call, tx store.Tx, in *assignmentInput) (*deletionOutput, error) {
	q, err := c.assign(tx, kindDeletion, in, func(a store.Assignment) (string, error) {
		existed, err := tx.Unassign(a)
		if !existed {
			return "Received a 404 status error: Assignment not found.", err
		}
		return "", err
	})
	return &deletionOutput{c.assignmentStatus(q)}, err
}

// assign files a request, and makes its change if its account and principal exist.
func (c *call) assign(tx store.Tx, kind store.Kind, in *assignmentInput,
	change func(store.Assignment) (string, error),
) (request, error) {
	set, err := c.permissionSet(tx, in.PermissionSetArn)
	if err != nil {
		return request{}, err
	}
	failure, err := c.missing(tx, in)
	if err == nil && failure == "" {
		failure, err = change(store.Assignment{Principal: in.PrincipalId, AccountID: in.TargetId, PermissionSet: set.ID})
	}
	if err != nil {
		return request{}, err
	}
	c.note(in.TargetId+"/"+set.Name+"/"+in.PrincipalId, failure)
	return c.file(tx, kind, request{
		Failure: failure, AccountID: in.TargetId, PermissionSet: in.PermissionSetArn, PrincipalType: in.PrincipalType,
		PrincipalID: in.PrincipalId,
	})
}

// missing names what an assignment refers to that does not exist. The message about the principal is AWS's
// (hashicorp/terraform-provider-aws#19341); the one about the account is modelled on it.
func (c *call) missing(r store.Reader, in *assignmentInput) (string, error) {
	there, err := c.hasPrincipal(r, in.PrincipalType, in.PrincipalId)
	if err != nil || !there {
		return fmt.Sprintf("Received a 404 status error: the %s assignee %s was not found in directory %s",
			in.PrincipalType, in.PrincipalId, c.instance.IdentityStoreID), err
	}
	_, err = directory.Accounts().Get(r, in.TargetId)
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Sprintf("Received a 404 status error: the account %s was not found in organization %s", in.TargetId,
			c.instance.OrganizationID), nil
	}
	return "", err
}

func (c *call) hasPrincipal(r store.Reader, kind, id string) (bool, error) {
	var err error
	if kind == "USER" {
		_, err = directory.Users().Get(r, id)
	} else {
		_, err = directory.Groups().Get(r, id)
	}
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

type describeCreationInput struct {
	onInstance
	ID string `json:"AccountAssignmentCreationRequestId" aws:"UUId,required"`
}

func describeCreation(c *call, r store.Reader, in *describeCreationInput) (*creationOutput, error) {
	q, err := c.request(r, kindCreation, in.ID)
	return &creationOutput{c.assignmentStatus(q)}, err
}

type describeDeletionInput struct {
	onInstance
	ID string `json:"AccountAssignmentDeletionRequestId" aws:"UUId,required"`
}

func describeDeletion(c *call, r store.Reader, in *describeDeletionInput) (*deletionOutput, error) {
	q, err := c.request(r, kindDeletion, in.ID)
	return &deletionOutput{c.assignmentStatus(q)}, err
}

type creationsOutput struct {
	AccountAssignmentsCreationStatus []requestSummary
	next
}

func listCreations(c *call, r store.Reader, in *listRequestsInput) (*creationsOutput, error) {
	found, next, err := c.requests(r, kindCreation, in)
	return &creationsOutput{found, next}, err
}

type deletionsOutput struct {
	AccountAssignmentsDeletionStatus []requestSummary
	next
}

func listDeletions(c *call, r store.Reader, in *listRequestsInput) (*deletionsOutput, error) {
	found, next, err := c.requests(r, kindDeletion, in)
	return &deletionsOutput{found, next}, err
}

type assignment struct{ AccountId, PermissionSetArn, PrincipalType, PrincipalId string }

type assignmentsOutput struct {
	AccountAssignments []assignment
	next
}

type listAssignmentsInput struct {
	onPermissionSet
	ssoPage
	AccountId string `aws:"AccountId,required"`
}

func listAssignments(c *call, r store.Reader, in *listAssignmentsInput) (*assignmentsOutput, error) {
	set, err := c.permissionSet(r, in.PermissionSetArn)
	if err != nil {
		return nil, err
	}
	given, err := r.Assignments(store.Assignment{AccountID: in.AccountId, PermissionSet: set.ID})
	if err != nil {
		return nil, err
	}
	return c.assignments(r, page(in.ssoPage), given)
}

type listForPrincipalInput struct {
	onInstance
	ssoPage
	PrincipalType string `aws:"PrincipalType,required"`
	PrincipalId   string `aws:"PrincipalId,required"`
	Filter        struct {
		AccountId string `aws:"AccountId"`
	}
}

// listAssignmentsForPrincipal includes those of a user's groups.
func listAssignmentsForPrincipal(c *call, r store.Reader, in *listForPrincipalInput) (*assignmentsOutput, error) {
	there, err := c.hasPrincipal(r, in.PrincipalType, in.PrincipalId)
	if err != nil {
		return nil, err
	}
	if !there {
		return nil, errNotFound.say("The %s %s was not found in directory %s", in.PrincipalType, in.PrincipalId,
			c.instance.IdentityStoreID)
	}
	principals, err := directory.Principals(r, in.PrincipalId)
	if err != nil {
		return nil, err
	}
	var given []store.Assignment
	for _, principal := range principals {
		some, err := r.Assignments(store.Assignment{Principal: principal, AccountID: in.Filter.AccountId})
		if err != nil {
			return nil, err
		}
		given = append(given, some...)
	}
	return c.assignments(r, page(in.ssoPage), given)
}

// assignments returns one page.
func (c *call) assignments(r store.Reader, p page, given []store.Assignment) (*assignmentsOutput, error) {
	place := func(a store.Assignment) string { return a.AccountID + "/" + a.PermissionSet + "/" + a.Principal }
	given, next, err := paged(c, p, place, among(given, place))
	if err != nil {
		return nil, err
	}
	out := &assignmentsOutput{make([]assignment, len(given)), next}
	for i, a := range given {
		kind := "USER"
		if there, err := c.hasPrincipal(r, kind, a.Principal); err != nil {
			return nil, err
		} else if !there {
			kind = "GROUP"
		}
		out.AccountAssignments[i] = assignment{a.AccountID, c.instance.PermissionSetARN(a.PermissionSet), kind, a.Principal}
	}
	return out, nil
}
