package credentials

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"rolecall/internal/awsconfig"
	"rolecall/internal/identitycenter"
	"rolecall/internal/near"
)

// An IdentityError says that STS did not confirm keys as those of the account and role that they were asked for.
type IdentityError struct {
	Account, Role string // as asked for
	Got           Identity
}

// Error says what was expected, and what came.
func (e *IdentityError) Error() string {
	text := fmt.Sprintf("expected the role %s in account %s, but ", e.Role, e.Account)
	switch {
	case e.Got.ARN == "" && e.Got.Account == "":
		return text + "the answer to GetCallerIdentity names neither an account nor an ARN"
	case e.Got.ARN == "":
		return text + "the answer to GetCallerIdentity has no ARN, only account " + e.Got.Account
	case e.Got.Account == "":
		return text + "the answer to GetCallerIdentity has no account, only " + e.Got.ARN
	case e.Got.Account != AccountOf(e.Got.ARN):
		return text + "GetCallerIdentity returned account " + e.Got.Account + " with " + e.Got.ARN
	}
	return text + "these keys are those of " + e.Got.ARN
}

// Unwrap returns identitycenter.ErrBadAnswer.
func (*IdentityError) Unwrap() error { return identitycenter.ErrBadAnswer }

// Identify asks STS whose keys c are. Any but the account and role of profile are an *IdentityError.
func (s STS) Identify(
	ctx context.Context, c identitycenter.RoleCredentials, profile awsconfig.Profile,
) (Identity, error) {
	identity, err := s.CallerIdentity(ctx, c, Region(profile))
	if err != nil {
		return identity, err
	}
	if !profile.SignsIn() && profile.Chain == nil {
		return identity, nil // nothing says whose keys they should be
	}
	account, role := profile.AccountID, profile.RoleName
	if profile.Chain != nil {
		arn := profile.Chain.RoleARN
		account, role = AccountOf(arn), arn[strings.LastIndexByte(arn, '/')+1:]
	}
	got := roleOfSession(identity.ARN)
	if profile.Chain == nil {
		got, _ = identitycenter.PermissionSet(got)
	}
	if identity.Account != account || AccountOf(identity.ARN) != account || !strings.EqualFold(got, role) {
		return identity, &IdentityError{Account: account, Role: role, Got: identity}
	}
	return identity, nil
}

// roleOfSession cuts ROLE out of arn:PARTITION:sts::ACCOUNT:assumed-role/ROLE/SESSION; empty for any other ARN.
func roleOfSession(arn string) string {
	parts := strings.Split(arn, ":")
	if len(parts) != 6 || parts[2] != "sts" {
		return ""
	}
	path := strings.Split(parts[5], "/")
	if len(path) != 3 || path[0] != "assumed-role" {
		return ""
	}
	return path[1]
}

// Role returns the permission set of keys, or the role that was assumed; empty for keys of another kind.
func (i Identity) Role() string {
	role := roleOfSession(i.ARN)
	if name, _ := identitycenter.PermissionSet(role); name != "" {
		return name
	}
	return role
}

// User returns the name of the role session, or what else the ARN ends with.
func (i Identity) User() string { return i.ARN[strings.LastIndexByte(i.ARN, '/')+1:] }

// permissionSetMeant returns a fact about a role name that was taken from IAM, as the console shows it, perhaps without
// its hash; none for any other name. roles are the person's.
func permissionSetMeant(role string, roles []string) []string {
	const reserved = identitycenter.ReservedRole
	if len(role) <= len(reserved) || !strings.EqualFold(role[:len(reserved)], reserved) {
		return nil
	}
	whole := role[len(reserved):]
	name, _ := identitycenter.PermissionSet(reserved + whole)
	name = cmp.Or(name, whole)
	meant := cmp.Or(near.Best(name, roles), name)
	for _, candidate := range roles {
		if strings.EqualFold(candidate, whole) {
			meant = candidate
		}
	}
	return []string{
		"that is an IAM role name; use the name of the permission set: did you mean " + meant + "?",
	}
}
