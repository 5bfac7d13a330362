package admin_test

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
)

func (w *ssoWorld) assign(account string, set *string, kind types.PrincipalType,
	id string,
) *types.AccountAssignmentOperationStatus {
	w.Helper()
	return must(w.sso.CreateAccountAssignment(ctx, &ssoadmin.CreateAccountAssignmentInput{
		InstanceArn: w.arn, TargetId: &account, TargetType: types.TargetTypeAwsAccount, PermissionSetArn: set,
		PrincipalType: kind, PrincipalId: &id,
	}))(w.world).AccountAssignmentCreationStatus
}

func (w *ssoWorld) unassign(account string, set *string, kind types.PrincipalType,
	id string,
) *types.AccountAssignmentOperationStatus {
	w.Helper()
	return must(w.sso.DeleteAccountAssignment(ctx, &ssoadmin.DeleteAccountAssignmentInput{
		InstanceArn: w.arn, TargetId: &account, TargetType: types.TargetTypeAwsAccount, PermissionSetArn: set,
		PrincipalType: kind, PrincipalId: &id,
	}))(w.world).AccountAssignmentDeletionStatus
}

// outcome returns a creation's status after the delay.
func (w *ssoWorld) outcome(q *types.AccountAssignmentOperationStatus) *types.AccountAssignmentOperationStatus {
	w.Helper()
	if q.Status != types.StatusValuesInProgress || q.FailureReason != nil {
		w.Errorf("the first answer is %+v", q)
	}
	w.pass(time.Second)
	return must(w.sso.DescribeAccountAssignmentCreationStatus(ctx, &ssoadmin.DescribeAccountAssignmentCreationStatusInput{
		InstanceArn: w.arn, AccountAssignmentCreationRequestId: q.RequestId,
	}))(w.world).AccountAssignmentCreationStatus
}

func TestAssignmentLife(t *testing.T) {
	w := newSSOWorld(t)
	user, _ := w.principals()
	set := w.permissionSet("Admin")
	asked := w.assign(dev, set, types.PrincipalTypeUser, user)
	w.update(func(tx store.Tx) error { // at once, though the answer waits
		_, err := directory.Assigned(tx, user, dev, "Admin")
		return err
	})
	done := w.outcome(asked)
	if done.Status != types.StatusValuesSucceeded || *done.TargetId != dev || *done.PermissionSetArn != *set ||
		*done.PrincipalId != user {
		t.Errorf("status %+v", done)
	}
	if again := w.outcome(w.assign(dev, set, types.PrincipalTypeUser, user)); again.Status != types.StatusValuesSucceeded {
		t.Errorf("again: %+v", again)
	}
	w.refused(fails(w.sso.DeletePermissionSet(ctx, &ssoadmin.DeletePermissionSetInput{
		InstanceArn: w.arn, PermissionSetArn: set,
	})),
		"ConflictException", "Could not delete because PermissionSet has ApplicationProfile associated with it")

	// the second time it is not there
	for _, want := range []types.StatusValues{types.StatusValuesSucceeded, types.StatusValuesFailed} {
		asked := w.unassign(dev, set, types.PrincipalTypeUser, user)
		w.pass(time.Second)
		done := must(w.sso.DescribeAccountAssignmentDeletionStatus(ctx,
			&ssoadmin.DescribeAccountAssignmentDeletionStatusInput{
				InstanceArn: w.arn, AccountAssignmentDeletionRequestId: asked.RequestId,
			}))(w.world).AccountAssignmentDeletionStatus
		if done.Status != want {
			t.Errorf("got %+v, want %s", done, want)
		}
	}
	must(w.sso.DeletePermissionSet(ctx,
		&ssoadmin.DeletePermissionSetInput{InstanceArn: w.arn, PermissionSetArn: set}))(w.world)
}

func TestAssignmentOfWhatIsNotThere(t *testing.T) {
	w := newSSOWorld(t)
	user, group := w.principals()
	set := w.permissionSet("Admin")
	nobody := "00000000-0000-4000-8000-000000000000"
	for _, test := range []struct {
		account string
		kind    types.PrincipalType
		id      string
		reason  string
	}{
		{
			dev, types.PrincipalTypeUser, nobody,
			"Received a 404 status error: the USER assignee " + nobody + " was not found in directory " +
				w.instance.IdentityStoreID,
		},
		{
			dev, types.PrincipalTypeUser, group,
			"Received a 404 status error: the USER assignee " + group + " was not found in directory " +
				w.instance.IdentityStoreID,
		},
		{
			dev, types.PrincipalTypeGroup, user,
			"Received a 404 status error: the GROUP assignee " + user + " was not found in directory " +
				w.instance.IdentityStoreID,
		},
		{
			"000000000000", types.PrincipalTypeUser, user,
			"Received a 404 status error: the account 000000000000 was not found in organization " + w.instance.OrganizationID,
		},
	} {
		done := w.outcome(w.assign(test.account, set, test.kind, test.id))
		if done.Status != types.StatusValuesFailed || done.FailureReason == nil || *done.FailureReason != test.reason {
			t.Errorf("%+v: %s %v", test, done.Status, aws.ToString(done.FailureReason))
		}
	}
	w.update(func(tx store.Tx) error {
		given, err := tx.Assignments(store.Assignment{})
		if len(given) != 0 {
			t.Errorf("assigned %+v", given)
		}
		return err
	})
	w.refused(fails(w.sso.CreateAccountAssignment(ctx, &ssoadmin.CreateAccountAssignmentInput{
		InstanceArn: w.arn, TargetId: aws.String(dev), TargetType: types.TargetTypeAwsAccount,
		PrincipalType: types.PrincipalTypeUser, PrincipalId: &user,
		PermissionSetArn: aws.String(w.instance.PermissionSetARN("ps-0000000000000000")),
	})), "ResourceNotFoundException", "Could not find PermissionSet with id ps-0000000000000000")
	w.refused(fails(w.sso.DescribeAccountAssignmentCreationStatus(ctx,
		&ssoadmin.DescribeAccountAssignmentCreationStatusInput{
			InstanceArn: w.arn, AccountAssignmentCreationRequestId: &nobody,
		})), "ResourceNotFoundException", nobody)
}

// TestStatusDelay: an answer lags exactly as long as configured.
func TestStatusDelay(t *testing.T) {
	w := newSSOWorld(t)
	user, _ := w.principals()
	set := w.permissionSet("Admin")
	w.api.StatusDelay = time.Hour
	asked := w.assign(dev, set, types.PrincipalTypeUser, user)
	if q := w.outcome(asked); q.Status != types.StatusValuesInProgress {
		t.Errorf("a second later it is %s", q.Status)
	}
	w.pass(time.Hour)
	if q := w.outcome(asked); q.Status != types.StatusValuesSucceeded {
		t.Errorf("an hour later it is %s", q.Status)
	}
	w.pass(7 * 24 * time.Hour)
	if _, err := w.store.Tidy(w.Context(), w.now()); err != nil {
		w.Fatal(err)
	}
	w.refused(fails(w.sso.DescribeAccountAssignmentCreationStatus(ctx,
		&ssoadmin.DescribeAccountAssignmentCreationStatusInput{
			InstanceArn: w.arn, AccountAssignmentCreationRequestId: asked.RequestId,
		})), "ResourceNotFoundException", "")
}

func TestRequestPages(t *testing.T) {
	w := newSSOWorld(t)
	user, _ := w.principals()
	set := w.permissionSet("Admin")
	for range 5 {
		w.assign(dev, set, types.PrincipalTypeUser, user)
		w.assign("000000000000", set, types.PrincipalTypeUser, user)
	}
	w.pass(time.Second)
	w.assign(prod, set, types.PrincipalTypeUser, user)
	for status, want := range map[types.StatusValues]int{
		types.StatusValuesSucceeded: 5, types.StatusValuesFailed: 5, types.StatusValuesInProgress: 1, "": 11,
	} {
		in := &ssoadmin.ListAccountAssignmentCreationStatusInput{InstanceArn: w.arn, MaxResults: aws.Int32(2)}
		if status != "" {
			in.Filter = &types.OperationStatusFilter{Status: status}
		}
		pages, got := ssoadmin.NewListAccountAssignmentCreationStatusPaginator(w.sso, in), map[string]bool{}
		for pages.HasMorePages() {
			out := must(pages.NextPage(ctx))(w.world)
			if len(out.AccountAssignmentsCreationStatus) > 2 {
				t.Errorf("a page of %d", len(out.AccountAssignmentsCreationStatus))
			}
			for _, q := range out.AccountAssignmentsCreationStatus {
				got[*q.RequestId] = status == "" || q.Status == status
			}
		}
		if len(got) != want {
			t.Errorf("%s: %d, want %d", status, len(got), want)
		}
		for id, ok := range got {
			if !ok {
				t.Errorf("%s is not %s", id, status)
			}
		}
	}
}

func TestAssignmentLists(t *testing.T) {
	w := newSSOWorld(t)
	user, group := w.principals()
	admin, reader := w.permissionSet("Admin"), w.permissionSet("Reader")
	w.assign(dev, admin, types.PrincipalTypeUser, user)
	w.assign(dev, admin, types.PrincipalTypeGroup, group)
	w.assign(dev, reader, types.PrincipalTypeGroup, group)
	w.assign(prod, reader, types.PrincipalTypeGroup, group)

	both := must(w.sso.ListAccountAssignments(ctx,
		&ssoadmin.ListAccountAssignmentsInput{
			InstanceArn: w.arn, PermissionSetArn: admin, AccountId: aws.String(dev),
		}))(w.world).AccountAssignments
	kinds := map[string]types.PrincipalType{}
	for _, a := range both {
		kinds[*a.PrincipalId] = a.PrincipalType
	}
	if len(kinds) != 2 || kinds[user] != types.PrincipalTypeUser || kinds[group] != types.PrincipalTypeGroup {
		t.Errorf("assignments %v", kinds)
	}
	count := func(in *ssoadmin.ListAccountAssignmentsForPrincipalInput) (n int) {
		in.InstanceArn, in.MaxResults = w.arn, aws.Int32(1)
		for pages := ssoadmin.NewListAccountAssignmentsForPrincipalPaginator(w.sso, in); pages.HasMorePages(); {
			n += len(must(pages.NextPage(ctx))(w.world).AccountAssignments)
		}
		return n
	}
	filter := &types.ListAccountAssignmentsFilter{AccountId: aws.String(prod)}
	for _, test := range []struct {
		in   ssoadmin.ListAccountAssignmentsForPrincipalInput
		want int
	}{
		{ssoadmin.ListAccountAssignmentsForPrincipalInput{PrincipalType: types.PrincipalTypeUser, PrincipalId: &user}, 4},
		{ssoadmin.ListAccountAssignmentsForPrincipalInput{PrincipalType: types.PrincipalTypeGroup, PrincipalId: &group}, 3},
		{
			ssoadmin.ListAccountAssignmentsForPrincipalInput{
				PrincipalType: types.PrincipalTypeUser, PrincipalId: &user, Filter: filter,
			}, 1,
		},
	} {
		if got := count(&test.in); got != test.want {
			t.Errorf("%s: %d, want %d", test.in.PrincipalType, got, test.want)
		}
	}
	w.refused(fails(w.sso.ListAccountAssignmentsForPrincipal(ctx, &ssoadmin.ListAccountAssignmentsForPrincipalInput{
		InstanceArn: w.arn, PrincipalType: types.PrincipalTypeGroup, PrincipalId: &user,
	})), "ResourceNotFoundException", "")
}

func TestProvisioned(t *testing.T) {
	w := newSSOWorld(t)
	_, group := w.principals()
	admin, reader := w.permissionSet("Admin"), w.permissionSet("Reader")
	w.assign(dev, reader, types.PrincipalTypeGroup, group)
	w.assign(prod, reader, types.PrincipalTypeGroup, group)
	w.assign(dev, admin, types.PrincipalTypeGroup, group)
	accounts := func(status types.ProvisioningStatus) []string {
		return must(w.sso.ListAccountsForProvisionedPermissionSet(ctx, &ssoadmin.ListAccountsForProvisionedPermissionSetInput{
			InstanceArn: w.arn, PermissionSetArn: reader, ProvisioningStatus: status,
		}))(w.world).AccountIds
	}
	if got := accounts(types.ProvisioningStatusLatestPermissionSetProvisioned); !slices.Equal(got, []string{dev, prod}) {
		t.Errorf("accounts %v", got)
	}
	if got := accounts(types.ProvisioningStatusLatestPermissionSetNotProvisioned); len(got) != 0 {
		t.Errorf("outdated in %v", got)
	}
	sets := must(w.sso.ListPermissionSetsProvisionedToAccount(ctx,
		&ssoadmin.ListPermissionSetsProvisionedToAccountInput{
			InstanceArn: w.arn, AccountId: aws.String(dev),
		}))(w.world).PermissionSets
	if len(sets) != 2 || !slices.Contains(sets, *admin) || !slices.Contains(sets, *reader) {
		t.Errorf("permission sets %v", sets)
	}
	w.refused(fails(w.sso.ListPermissionSetsProvisionedToAccount(ctx,
		&ssoadmin.ListPermissionSetsProvisionedToAccountInput{
			InstanceArn: w.arn, AccountId: aws.String("000000000000"),
		})), "ResourceNotFoundException", "")
}

func TestProvision(t *testing.T) {
	w := newSSOWorld(t)
	_, group := w.principals()
	set := w.permissionSet("Admin")
	w.assign(dev, set, types.PrincipalTypeGroup, group)
	provision := func(kind types.ProvisionTargetType, account *string) *types.PermissionSetProvisioningStatus {
		asked := must(w.sso.ProvisionPermissionSet(ctx,
			&ssoadmin.ProvisionPermissionSetInput{
				InstanceArn: w.arn, PermissionSetArn: set, TargetType: kind, TargetId: account,
			}))(w.world)
		w.pass(time.Second)
		return must(w.sso.DescribePermissionSetProvisioningStatus(ctx, &ssoadmin.DescribePermissionSetProvisioningStatusInput{
			InstanceArn: w.arn, ProvisionPermissionSetRequestId: asked.PermissionSetProvisioningStatus.RequestId,
		}))(w.world).PermissionSetProvisioningStatus
	}
	if q := provision(types.ProvisionTargetTypeAllProvisionedAccounts, nil); q.Status != types.StatusValuesSucceeded ||
		q.AccountId != nil {
		t.Errorf("all: %+v", q)
	}
	if q := provision(types.ProvisionTargetTypeAwsAccount, aws.String(dev)); q.Status != types.StatusValuesSucceeded ||
		*q.AccountId != dev {
		t.Errorf("one: %+v", q)
	}
	if q := provision(types.ProvisionTargetTypeAwsAccount, aws.String(prod)); q.Status != types.StatusValuesFailed ||
		*q.FailureReason != "Received a 404 status error: Permission set provision not found in AWS account "+prod+"." {
		t.Errorf("not assigned: %+v", q)
	}
	w.refused(fails(w.sso.ProvisionPermissionSet(ctx, &ssoadmin.ProvisionPermissionSetInput{
		InstanceArn: w.arn, PermissionSetArn: set, TargetType: types.ProvisionTargetTypeAwsAccount,
	})), "ValidationException", "TargetId")
	all := must(w.sso.ListPermissionSetProvisioningStatus(ctx, &ssoadmin.ListPermissionSetProvisioningStatusInput{
		InstanceArn: w.arn, Filter: &types.OperationStatusFilter{Status: types.StatusValuesFailed},
	}))(w.world)
	if len(all.PermissionSetsProvisioningStatus) != 1 {
		t.Errorf("failed: %+v", all.PermissionSetsProvisioningStatus)
	}
}
