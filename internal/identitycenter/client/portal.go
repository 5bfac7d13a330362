package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sso"

	"rolecall/internal/identitycenter"
)

const (
	pageSize = 100
	maxPages = 1000
)

// RoleCredentials is GetRoleCredentials: the keys of roleName in accountID, for
// the owner of token. ErrUnauthorized is a token that is not accepted,
// ErrNoAccess a role that is not the person's.
func (c *Client) RoleCredentials(ctx context.Context, token identitycenter.Secret, accountID, roleName string) (identitycenter.RoleCredentials, error) {
	return c.roleCredentials(ctx, token, accountID, roleName)
}

// RoleCredentialsOnce is RoleCredentials, asked for once, as AccountsPage.
func (c *Client) RoleCredentialsOnce(ctx context.Context, token identitycenter.Secret, accountID, roleName string) (identitycenter.RoleCredentials, error) {
	return c.roleCredentials(ctx, token, accountID, roleName, once)
}

func (c *Client) roleCredentials(ctx context.Context, token identitycenter.Secret, accountID, roleName string, options ...func(*sso.Options)) (identitycenter.RoleCredentials, error) {
	out, err := c.portal.GetRoleCredentials(ctx, &sso.GetRoleCredentialsInput{
		AccessToken: aws.String(token.Reveal()), AccountId: &accountID, RoleName: &roleName,
	}, options...)
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
	if err := c.checkRoleCredentials(r); err != nil {
		return identitycenter.RoleCredentials{}, c.badPortalAnswer("GetRoleCredentials", err)
	}
	return r, nil
}

// Accounts is ListAccounts with all its pages: the accounts in which the owner
// of token has a role. It gives all of them or an error.
func (c *Client) Accounts(ctx context.Context, token identitycenter.Secret) ([]identitycenter.Account, error) {
	accounts := []identitycenter.Account{}
	err := c.pages("ListAccounts", func(next string) (string, error) {
		page, next, err := c.accounts(ctx, token, next)
		accounts = append(accounts, page...)
		return next, err
	})
	return accounts, err
}

// AccountsPage is one page of ListAccounts, asked for once: who lists much sees to
// the pace himself. next is empty for the first page, and after the last.
func (c *Client) AccountsPage(ctx context.Context, token identitycenter.Secret, next string) (page []identitycenter.Account, after string, err error) {
	return c.accounts(ctx, token, next, once)
}

func (c *Client) accounts(ctx context.Context, token identitycenter.Secret, next string, options ...func(*sso.Options)) (page []identitycenter.Account, after string, err error) {
	out, err := c.portal.ListAccounts(ctx, &sso.ListAccountsInput{
		AccessToken: aws.String(token.Reveal()), MaxResults: aws.Int32(pageSize), NextToken: optional(next),
	}, options...)
	if err != nil {
		return nil, "", Translate(ctx, "ListAccounts", c.endpoints.Portal, err)
	}
	if out.AccountList == nil {
		return nil, "", c.badPortalAnswer("ListAccounts", errors.New("no list of accounts"))
	}
	for _, a := range out.AccountList {
		account := identitycenter.Account{ID: aws.ToString(a.AccountId), Name: aws.ToString(a.AccountName), Email: aws.ToString(a.EmailAddress)}
		if !isAccountID(account.ID) {
			return nil, "", c.badPortalAnswer("ListAccounts", errors.New("an account id that is not twelve digits"))
		}
		page = append(page, account)
	}
	after, err = c.nextPage("ListAccounts", out.NextToken)
	return page, after, err
}

// Roles is ListAccountRoles with all its pages: the roles that the owner of
// token has in accountID.
func (c *Client) Roles(ctx context.Context, token identitycenter.Secret, accountID string) ([]identitycenter.Role, error) {
	roles := []identitycenter.Role{}
	err := c.pages("ListAccountRoles", func(next string) (string, error) {
		page, next, err := c.roles(ctx, token, accountID, next)
		roles = append(roles, page...)
		return next, err
	})
	return roles, err
}

// RolesPage is one page of ListAccountRoles, asked for once, as AccountsPage.
func (c *Client) RolesPage(ctx context.Context, token identitycenter.Secret, accountID, next string) (page []identitycenter.Role, after string, err error) {
	return c.roles(ctx, token, accountID, next, once)
}

func (c *Client) roles(ctx context.Context, token identitycenter.Secret, accountID, next string, options ...func(*sso.Options)) (page []identitycenter.Role, after string, err error) {
	out, err := c.portal.ListAccountRoles(ctx, &sso.ListAccountRolesInput{
		AccessToken: aws.String(token.Reveal()), AccountId: &accountID, MaxResults: aws.Int32(pageSize), NextToken: optional(next),
	}, options...)
	if err != nil {
		return nil, "", Translate(ctx, "ListAccountRoles", c.endpoints.Portal, err)
	}
	if out.RoleList == nil {
		return nil, "", c.badPortalAnswer("ListAccountRoles", errors.New("no list of roles"))
	}
	for _, r := range out.RoleList {
		role := identitycenter.Role{AccountID: aws.ToString(r.AccountId), Name: aws.ToString(r.RoleName)}
		if role.AccountID != accountID || role.Name == "" {
			return nil, "", c.badPortalAnswer("ListAccountRoles", errors.New("a role of another account than asked for"))
		}
		page = append(page, role)
	}
	after, err = c.nextPage("ListAccountRoles", out.NextToken)
	return page, after, err
}

func once(o *sso.Options) { o.Retryer = aws.NopRetryer{} }

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

// pages calls page with each next token, until there is none. A token that comes
// twice, and more pages than any user has, are errors.
func (c *Client) pages(operation string, page func(next string) (string, error)) error {
	seen := map[string]bool{}
	next := ""
	for range maxPages {
		var err error
		if next, err = page(next); err != nil || next == "" {
			return err
		}
		if seen[next] {
			return c.badPortalAnswer(operation, errors.New("the same page again"))
		}
		seen[next] = true
	}
	return c.badPortalAnswer(operation, fmt.Errorf("more than %d pages", maxPages))
}

// nextPage is the token of the next page; it becomes part of a request.
func (c *Client) nextPage(operation string, next *string) (string, error) {
	if text := aws.ToString(next); text != "" && !visible(text) {
		return "", c.badPortalAnswer(operation, errors.New("no usable token of the next page"))
	}
	return aws.ToString(next), nil
}

func (c *Client) badPortalAnswer(operation string, err error) error {
	return &identitycenter.APIError{
		Operation: operation, Endpoint: c.endpoints.Portal,
		Kind: identitycenter.ErrBadAnswer, Description: err.Error(),
	}
}
