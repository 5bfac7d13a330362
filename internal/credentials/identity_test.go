package credentials_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"rolecall/internal/credentials"
	"rolecall/internal/identitycenter"
)

// The name of a role in IAM, as the console shows it, is not that of the permission set; people paste it anyway.
func TestRoleNamesFromIAM(t *testing.T) {
	for _, c := range []struct{ role, roles, want string }{
		{"AWSReservedSSO_Admin_0123456789abcdef", "Admin ReadOnly", "Admin"},
		{"AWSReservedSSO_Admin", "Admin ReadOnly", "Admin"},
		{"awsreservedsso_admin_0123456789ABCDEF", "Admin", "Admin"},
		{"AWSReservedSSO_Power_User_0123456789abcdef", "Power_User Power", "Power_User"},
		{"AWSReservedSSO_Power_User", "Power_User Power", "Power_User"},
		{"AWSReservedSSO_Admn_0123456789abcdef", "Admin", "Admin"},
		{"AWSReservedSSO_Billing_0123456789abcdef", "Admin", "Billing"},
		{"AWSReservedSSO_Billing_0123456789abcdef", "", "Billing"},
		{"AWSReservedSSO_", "Admin", ""},
		{"Admin_0123456789abcdef", "Admin", ""},
	} {
		roles := strings.Fields(c.roles)
		for _, known := range []bool{true, false} {
			e := &credentials.NoAccessError{AccountID: payments, Role: c.role, Roles: roles, Known: known}
			text := strings.Join(e.Facts(), "\n")
			if got := strings.Contains(text, "did you mean "+c.want+"?"); got != (c.want != "") ||
				strings.Count(text, "did you mean") > 1 {
				t.Errorf("%+v: %s", c, text)
			}
		}
	}
}

// callerIdentity answers as STS does.
func callerIdentity(w http.ResponseWriter, account, arn string) bool {
	w.Header().Set("Content-Type", "text/xml")
	fmt.Fprintf(w, `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<GetCallerIdentityResult><Arn>%s</Arn><UserId>AROAEXAMPLE:alice</UserId><Account>%s</Account></GetCallerIdentityResult>
</GetCallerIdentityResponse>`, arn, account)
	return true
}

// Whoever the keys belong to, it is the account and role that were asked for, or it is an error that says both.
func TestWhoseKeysTheyAre(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		admin := role(payments, "Admin")
		deploy := chainedFrom(admin, "arn:aws:iam::444455556666:role/ops/Deploy", "us-east-1")
		keys := s.retrieve(t, admin)
		const own, other = "arn:aws:sts::111122223333:assumed-role/", "arn:aws:sts::444455556666:assumed-role/"
		for _, c := range []struct {
			chained      bool
			account, arn string
			good         bool
		}{
			{false, payments, own + "AWSReservedSSO_Admin_0123456789abcdef/alice", true},
			{false, payments, own + "AWSReservedSSO_admin_0123456789abcdef/alice", true},
			{false, "", "", false},
			{false, "", own + "AWSReservedSSO_Admin_0123456789abcdef/alice", false},
			{false, payments, "", false},
			{false, payments, "nonsense", false},
			{false, payments, "arn:aws:iam::111122223333:user/Admin", false},
			{false, "444455556666", other + "AWSReservedSSO_Admin_0123456789abcdef/alice", false},
			{false, payments, other + "AWSReservedSSO_Admin_0123456789abcdef/alice", false},
			{false, payments, own + "AWSReservedSSO_ReadOnly_0123456789abcdef/alice", false},
			{false, payments, own + "AWSReservedSSO_Admin_Extra_0123456789abcdef/alice", false},
			{false, payments, own + "Admin/alice", false},
			{true, "444455556666", other + "Deploy/release", true},
			{true, "444455556666", other + "ops/Deploy/release", false},
			{true, "444455556666", other + "Delete/release", false},
			{true, payments, own + "Deploy/release", false},
			{true, payments, own + "AWSReservedSSO_Admin_0123456789abcdef/alice", false},
			{true, "", "", false},
		} {
			s.answer(func(w http.ResponseWriter, r *http.Request) bool {
				return r.Header.Get("Authorization") != "" && callerIdentity(w, c.account, c.arn)
			})
			profile, expected := admin, []string{"Admin", payments}
			if c.chained {
				profile, expected = deploy, []string{"Deploy", "444455556666"}
			}
			identity, err := s.source.STS.Identify(t.Context(), keys, profile)
			if c.good {
				if err != nil || identity.ARN != c.arn || identity.Account != c.account {
					t.Errorf("%+v: %+v, %v", c, identity, err)
				}
				continue
			}
			var wrong *credentials.IdentityError
			if !errors.As(err, &wrong) || !errors.Is(err, identitycenter.ErrBadAnswer) {
				t.Errorf("%+v: %+v, %v", c, identity, err)
				continue
			}
			for _, want := range append(expected, c.account, c.arn) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%+v: %v does not mention %s", c, err, want)
				}
			}
		}
	})
}
