// The access portal promises its SDK that
//   - the owner of an access token sees the accounts and roles that are assigned to them, page by page, and no others;
//   - role credentials are handed out for just those, and "No access" says nothing about what else there is;
//   - a token that ended, was signed out, or whose user is disabled opens nothing, at once;
//   - it slows down the owner of a token who asks too fast, and nobody else.
package portal_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/smithy-go"

	"rolecall/internal/idc"
	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/idctest"
	"rolecall/internal/idc/limits"
	"rolecall/internal/idc/oidc"
	"rolecall/internal/idc/portal"
	"rolecall/internal/idc/store"
	"rolecall/internal/idc/sts"
)

const origin = "http://portal.example"

// A house is the portal over the sample directory, with a clock that the test moves.
type house struct {
	*testing.T
	data  *idc.Data
	oidc  *oidc.Server
	keys  *sts.Server
	api   *portal.API
	sdk   *sso.Client
	http  *http.Client
	ahead time.Duration
}

func newHouse(t *testing.T) *house {
	t.Helper()
	data, _, err := idctest.Sample()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = data.Close() })
	h := &house{T: t, data: data}
	now := func() time.Time { return time.Now().Add(h.ahead) }
	var errKeys error
	h.oidc, err = oidc.New(oidc.Options{
		URL: origin, Region: "us-east-1", Store: data.Store, Secret: data.Secret,
		Now: now,
	})
	h.keys, errKeys = sts.New(sts.Options{Store: data.Store, Secret: data.Secret, Now: now})
	if err := errors.Join(err, errKeys); err != nil {
		t.Fatal(err)
	}
	h.api = &portal.API{Store: data.Store, Tokens: h.oidc, Roles: h.keys, Limit: limits.New(now, time.Second/20, 20)}
	mux := http.NewServeMux()
	h.oidc.Mount(mux)
	h.api.Mount(mux)
	h.http = &http.Client{Transport: idctest.InProcess{Handler: mux}}
	h.sdk = sso.New(sso.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(origin), HTTPClient: h.http, RetryMaxAttempts: 1,
	})
	return h
}

// refused checks for an exception of AWS, with text in its message.
func (h *house) refused(what string, err error, code, message string) {
	h.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) || e.ErrorCode() != code || !strings.Contains(e.ErrorMessage(), message) {
		h.Errorf("%s: %v, want %s: %s", what, err, code, message)
	}
}

func TestOnesOwnAccountsAndRoles(t *testing.T) {
	h := newHouse(t)
	token := h.token("alice")
	var ids []string
	for pages := sso.NewListAccountsPaginator(h.sdk,
		&sso.ListAccountsInput{AccessToken: token, MaxResults: aws.Int32(2)}); pages.HasMorePages(); {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range page.AccountList {
			ids = append(ids, *a.AccountId)
		}
	}
	if want := []string{
		"111122223333", "222233334444", "333344445555", "444455556666",
		"555566667777",
	}; !slices.Equal(ids, want) {
		t.Errorf("accounts %q", ids)
	}
	var roles []string
	in := &sso.ListAccountRolesInput{AccessToken: token, AccountId: aws.String("111122223333"), MaxResults: aws.Int32(1)}
	for pages := sso.NewListAccountRolesPaginator(h.sdk, in); pages.HasMorePages(); {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.RoleList {
			roles = append(roles, *r.RoleName)
		}
	}
	if !slices.Equal(roles, []string{"Admin", "ReadOnly"}) {
		t.Errorf("roles %q", roles)
	}
	out, err := h.sdk.ListAccounts(t.Context(), &sso.ListAccountsInput{AccessToken: h.token("carol")})
	if err != nil || len(out.AccountList) != 0 {
		t.Errorf("carol has %v, %v", out, err)
	}
	_, err = h.sdk.ListAccountRoles(t.Context(),
		&sso.ListAccountRolesInput{AccessToken: h.token("bob"), AccountId: aws.String("222233334444")})
	h.refused("roles in an account of others", err, "ForbiddenException", "No access")
}

func (h *house) credentials(token *string, account, role string) (*sso.GetRoleCredentialsOutput, error) {
	return h.sdk.GetRoleCredentials(h.Context(), &sso.GetRoleCredentialsInput{
		AccessToken: token, AccountId: &account, RoleName: &role,
	})
}

func TestRoleCredentials(t *testing.T) {
	h := newHouse(t)
	token := h.token("bob")
	out, err := h.credentials(token, "111122223333", "ReadOnly")
	if err != nil {
		t.Fatal(err)
	}
	c := out.RoleCredentials
	caller, ends, refusal := h.keys.Knows(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
	if refusal != nil || !strings.HasSuffix(caller.ARN, "/bob") || ends.UnixMilli() != c.Expiration {
		t.Errorf("STS knows them as %+v until %v (%d), %v", caller, ends, c.Expiration, refusal)
	}
	for _, x := range [][2]string{
		{"111122223333", "Admin"},
		{"222233334444", "ReadOnly"},
		{"111122223333", "NoSuchRole"},
		{"999999999999", "ReadOnly"},
	} {
		_, err := h.credentials(token, x[0], x[1])
		h.refused(x[0]+"/"+x[1], err, "ForbiddenException", "No access")
	}
	if err := h.unassign("bob"); err != nil {
		t.Fatal(err)
	}
	_, err = h.credentials(token, "111122223333", "ReadOnly")
	h.refused("taken away a moment ago", err, "ForbiddenException", "No access")
}

func TestTokensThatOpenNothing(t *testing.T) {
	h := newHouse(t)
	list := func(token *string) error {
		_, err := h.sdk.ListAccounts(t.Context(), &sso.ListAccountsInput{AccessToken: token})
		return err
	}
	token, other := h.token("alice"), h.token("alice")
	if _, err := h.sdk.Logout(t.Context(), &sso.LogoutInput{AccessToken: token}); err != nil {
		t.Fatal(err)
	}
	if err := list(other); err != nil {
		t.Errorf("another session of hers: %v", err)
	}
	for what, token := range map[string]*string{
		"signed out": token, "made up": aws.String("aoaNothing"), "too long": aws.String(strings.Repeat("x", 9000)),
	} {
		h.refused(what, list(token), "UnauthorizedException", "Session token not found or invalid")
		_, err := h.credentials(token, "111122223333", "Admin")
		h.refused(what, err, "UnauthorizedException", "Session token not found or invalid")
		_, err = h.sdk.Logout(t.Context(), &sso.LogoutInput{AccessToken: token})
		h.refused(what, err, "UnauthorizedException", "Session token not found or invalid")
	}
	bob := h.token("bob")
	err := h.data.Store.Update(t.Context(), func(tx store.Tx) error {
		u, err := directory.Users().Find(tx, directory.NameKey("bob"))
		disabled := u
		disabled.Disabled = true
		return errors.Join(err, directory.PutUser(tx, disabled))
	})
	if err != nil {
		t.Fatal(err)
	}
	h.refused("of a user who is disabled", list(bob), "UnauthorizedException", "")
	h.ahead = 61 * time.Minute
	h.refused("after an hour", list(other), "UnauthorizedException", "")
}

func TestWhoAsksTooFast(t *testing.T) {
	h := newHouse(t)
	token, other := h.token("alice"), h.token("alice")
	var err error
	for range 40 {
		if _, e := h.sdk.ListAccounts(t.Context(), &sso.ListAccountsInput{AccessToken: token}); e != nil {
			err = e
		}
	}
	h.refused("40 at once", err, "TooManyRequestsException", "")
	if _, err := h.sdk.ListAccounts(t.Context(), &sso.ListAccountsInput{AccessToken: other}); err != nil {
		t.Errorf("another token: %v", err)
	}
	h.ahead = time.Second
	if _, err := h.sdk.ListAccounts(t.Context(), &sso.ListAccountsInput{AccessToken: token}); err != nil {
		t.Errorf("a second later: %v", err)
	}
}
