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

// Pages counts the pages received of one list. The zero value is ready to use.
type Pages struct {
	count, empty int
	seen         map[string]bool // tokens of next pages
}

// Add counts a page, with its number of items and the token of the next page, empty for the last one. A repeated page,
// many empty pages in a row, or more pages than anybody has are an ErrBadAnswer.
func (p *Pages) Add(operation string, items int, after string) error {
	p.count++
	if p.empty++; items > 0 {
		p.empty = 0
	}
	switch {
	case after == "":
		return nil
	case p.seen[after]:
		return badAnswer(operation, "the same page again")
	case p.empty == maxEmpty:
		return badAnswer(operation, fmt.Sprintf("%d empty pages in a row", maxEmpty))
	case p.count >= MaxPages:
		return badAnswer(operation, fmt.Sprintf("more than %d pages", MaxPages))
	}
	if p.seen == nil {
		p.seen = map[string]bool{}
	}
	p.seen[after] = true
	return nil
}

// all reads page after page, within the bounds of Pages.
func all[T any](
	ctx context.Context, operation string, page func(ctx context.Context, next string) ([]T, string, error),
) ([]T, error) {
	items, next, pages := []T{}, "", Pages{}
	for {
		more, after, err := page(ctx, next)
		if err == nil {
			err = pages.Add(operation, len(more), after)
		}
		if err != nil {
			return nil, err
		}
		items = append(items, more...)
		if after == "" {
			return items, nil
		}
		next = after
	}
}

func badAnswer(operation, problem string) error {
	return &identitycenter.APIError{
		Operation: operation, Kind: identitycenter.ErrBadAnswer, Description: problem,
	}
}
