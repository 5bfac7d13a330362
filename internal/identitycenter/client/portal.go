package client

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sso"

	"rolecall/internal/identitycenter"
)

// pageSize is the most that AWS returns in one page.
const pageSize = 100

// GetRoleCredentials returns the keys of roleName in accountID for the owner of
// token. ErrUnauthorized is a token that is not accepted, ErrNoAccess a role that
// is not the person's. Like every portal call here it is one try.
func (c *Client) GetRoleCredentials(
	ctx context.Context, token identitycenter.Secret, accountID, roleName string,
) (identitycenter.RoleCredentials, error) {
	out, err := c.portal.GetRoleCredentials(ctx, &sso.GetRoleCredentialsInput{
		AccessToken: aws.String(token.Reveal()), AccountId: &accountID, RoleName: &roleName,
	})
	if err != nil {
		return identitycenter.RoleCredentials{}, Translate(ctx, "GetRoleCredentials", c.endpoints.Portal, err)
	}
	if out.RoleCredentials == nil {
		return identitycenter.RoleCredentials{}, c.badPortalAnswer("GetRoleCredentials", errors.New("no keys"))
	}
	r := identitycenter.RoleCredentials{
		AccessKeyID:     aws.ToString(out.RoleCredentials.AccessKeyId),
		SecretAccessKey: identitycenter.NewSecret(aws.ToString(out.RoleCredentials.SecretAccessKey)),
		SessionToken:    identitycenter.NewSecret(aws.ToString(out.RoleCredentials.SessionToken)),
		Expiration:      time.UnixMilli(out.RoleCredentials.Expiration).UTC(),
		AccountID:       accountID,
	}
	if err := r.Check(); err != nil {
		return identitycenter.RoleCredentials{}, c.badPortalAnswer("GetRoleCredentials", err)
	}
	return r, CheckExpiration("GetRoleCredentials", c.endpoints.Portal, r.Expiration, out.ResultMetadata, c.now())
}

// ListAccounts returns one page of the accounts in which the owner of token has a
// role. next is empty for the first page; after is the token of the next page,
// empty after the last.
func (c *Client) ListAccounts(
	ctx context.Context, token identitycenter.Secret, next string,
) (page []identitycenter.Account, after string, err error) {
	out, err := c.portal.ListAccounts(ctx, &sso.ListAccountsInput{
		AccessToken: aws.String(token.Reveal()), MaxResults: aws.Int32(pageSize), NextToken: optional(next),
	})
	if err != nil {
		return nil, "", Translate(ctx, "ListAccounts", c.endpoints.Portal, err)
	}
	if out.AccountList == nil {
		return nil, "", c.badPortalAnswer("ListAccounts", errors.New("no list of accounts"))
	}
	for _, a := range out.AccountList {
		account := identitycenter.Account{
			ID: aws.ToString(a.AccountId), Name: aws.ToString(a.AccountName), Email: aws.ToString(a.EmailAddress),
		}
		if !isAccountID(account.ID) {
			return nil, "", c.badPortalAnswer("ListAccounts", errors.New("an account id that is not twelve digits"))
		}
		page = append(page, account)
	}
	after, err = c.nextPage("ListAccounts", out.NextToken)
	return page, after, err
}

// ListAccountRoles returns one page of the roles that the owner of token has in
// accountID, as ListAccounts does.
func (c *Client) ListAccountRoles(
	ctx context.Context, token identitycenter.Secret, accountID, next string,
) (page []identitycenter.Role, after string, err error) {
	out, err := c.portal.ListAccountRoles(ctx, &sso.ListAccountRolesInput{
		AccessToken: aws.String(
			token.Reveal(),
		), AccountId: &accountID, MaxResults: aws.Int32(pageSize), NextToken: optional(next),
	})
	if err != nil {
		return nil, "", Translate(ctx, "ListAccountRoles", c.endpoints.Portal, err)
	}
	if out.RoleList == nil {
		return nil, "", c.badPortalAnswer("ListAccountRoles", errors.New("no list of roles"))
	}
	for _, r := range out.RoleList {
		role := identitycenter.Role{AccountID: aws.ToString(r.AccountId), Name: aws.ToString(r.RoleName)}
		if role.AccountID != accountID || role.Name == "" {
			return nil, "", c.badPortalAnswer("ListAccountRoles", errors.New("a role in another account than requested"))
		}
		page = append(page, role)
	}
	after, err = c.nextPage("ListAccountRoles", out.NextToken)
	return page, after, err
}

func optional(next string) *string {
	if next == "" {
		return nil
	}
	return &next
}

// Logout ends the session of token on the server: its refresh tokens, too. Role
// credentials that were handed out live on.
func (c *Client) Logout(ctx context.Context, token identitycenter.Secret) error {
	_, err := c.portal.Logout(ctx, &sso.LogoutInput{AccessToken: aws.String(token.Reveal())})
	if err != nil {
		return Translate(ctx, "Logout", c.endpoints.Portal, err)
	}
	return nil
}

// nextPage is the token of the next page; it becomes part of a request.
func (c *Client) nextPage(operation string, next *string) (string, error) {
	if text := aws.ToString(next); text != "" && !visible(text) {
		return "", c.badPortalAnswer(operation, errors.New("no usable token for the next page"))
	}
	return aws.ToString(next), nil
}

func (c *Client) badPortalAnswer(operation string, err error) error {
	return &identitycenter.APIError{
		Operation: operation, Endpoint: c.endpoints.Portal,
		Kind: identitycenter.ErrBadAnswer, Description: err.Error(),
	}
}
