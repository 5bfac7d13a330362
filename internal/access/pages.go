package access

import (
	"context"
	"fmt"

	"rolecall/internal/identitycenter"
)

const (
	// MaxPages bounds one list: nobody has a hundred thousand accounts.
	MaxPages = 1000
	// maxEmpty bounds how many pages in a row may bring nothing.
	maxEmpty = 10
)

// AccountsPage returns one page of the person's accounts (ListAccounts). next is empty
// for the first page; after is the token of the next one, empty after the last. A page
// that leads to itself is an ErrBadAnswer.
func (p *Portal) AccountsPage(ctx context.Context, next string) ([]identitycenter.Account, string, error) {
	return page(ctx, p, next, "ListAccounts", p.Client.ListAccounts)
}

// RolesPage returns one page of the person's roles in accountID (ListAccountRoles), as
// AccountsPage does.
func (p *Portal) RolesPage(ctx context.Context, accountID, next string) ([]identitycenter.Role, string, error) {
	return page(ctx, p, next, "ListAccountRoles",
		func(ctx context.Context, token identitycenter.Secret, next string) ([]identitycenter.Role, string, error) {
			return p.Client.ListAccountRoles(ctx, token, accountID, next)
		})
}

// Accounts returns all accounts in which the person has a role, or an error.
func (p *Portal) Accounts(ctx context.Context) ([]identitycenter.Account, error) {
	return all(ctx, "ListAccounts", p.AccountsPage)
}

// Roles returns all roles that the person has in accountID, or an error.
func (p *Portal) Roles(ctx context.Context, accountID string) ([]identitycenter.Role, error) {
	return all(ctx, "ListAccountRoles", func(ctx context.Context, next string) ([]identitycenter.Role, string, error) {
		return p.RolesPage(ctx, accountID, next)
	})
}

func page[T any](
	ctx context.Context, p *Portal, next, operation string,
	once func(ctx context.Context, token identitycenter.Secret, next string) ([]T, string, error),
) ([]T, string, error) {
	after := ""
	items, err := withToken(ctx, p, func(token identitycenter.Secret) ([]T, error) {
		return try(ctx, p, operation, func() (items []T, err error) {
			items, after, err = once(ctx, token, next)
			return items, err
		})
	})
	if err == nil && after != "" && after == next {
		err = badAnswer(operation, "the same page again")
	}
	return items, after, err
}

// all reads page after page. A page that comes twice, many that bring nothing, and more
// of them than anybody has, are errors.
func all[T any](
	ctx context.Context, operation string, page func(ctx context.Context, next string) ([]T, string, error),
) ([]T, error) {
	items, seen, next, empty := []T{}, map[string]bool{}, "", 0
	for range MaxPages {
		more, after, err := page(ctx, next)
		if err != nil {
			return nil, err
		}
		items = append(items, more...)
		if after == "" {
			return items, nil
		}
		if empty++; len(more) > 0 {
			empty = 0
		}
		switch {
		case seen[after]:
			return nil, badAnswer(operation, "the same page again")
		case empty == maxEmpty:
			return nil, badAnswer(operation, fmt.Sprintf("%d empty pages in a row", maxEmpty))
		}
		seen[after], next = true, after
	}
	return nil, badAnswer(operation, fmt.Sprintf("more than %d pages", MaxPages))
}

func badAnswer(operation, problem string) error {
	return &identitycenter.APIError{
		Operation: operation, Kind: identitycenter.ErrBadAnswer, Description: problem,
	}
}
