package admin

import (
	"encoding/base64"
	"sort"
	"strings"
)

// A page is the paging part of a listing's input. ssoPage, storePage and orgPage differ only in their bounds.
type page struct {
	MaxResults int
	NextToken  string
}

type ssoPage struct {
	MaxResults int    `aws:"MaxResults"`
	NextToken  string `aws:"Token"`
}

type storePage struct {
	MaxResults int    `aws:"MaxResults"`
	NextToken  string `aws:"NextToken"`
}

type orgPage struct {
	MaxResults int    `aws:"OrganizationsMaxResults"`
	NextToken  string `aws:"OrganizationsNextToken"`
}

// A next is the paging part of a listing's output.
type next struct {
	NextToken string `json:",omitempty"`
}

// A lister returns at most limit items (0: all) after a place, in a fixed order.
type lister[T any] func(after string, limit int) ([]T, error)

// paged reads one page. place returns an item's place in the order.
func paged[T any](c *call, p page, place func(T) string, list lister[T]) ([]T, next, error) {
	after, err := c.after(p.NextToken)
	if err != nil {
		return nil, next{}, err
	}
	limit := p.MaxResults
	if limit == 0 {
		limit = c.service.pageSize
	}
	items, err := list(after, limit+1)
	if err != nil || len(items) <= limit {
		return items, next{}, err
	}
	items = items[:limit]
	return items, next{c.token(place(items[limit-1]))}, nil
}

// token encodes a place for the operation's own listings. It is standard base64, as identitystore's pattern has no
// underscore.
func (c *call) token(place string) string {
	return base64.StdEncoding.EncodeToString([]byte(c.operation + "\n" + place))
}

func (c *call) after(token string) (string, error) {
	if token == "" {
		return "", nil
	}
	text, err := base64.StdEncoding.DecodeString(token)
	operation, place, ok := strings.Cut(string(text), "\n")
	if err != nil || !ok || operation != c.operation {
		return "", c.service.badToken()
	}
	return place, nil
}

// among lists items that are in memory.
func among[T any](items []T, place func(T) string) lister[T] {
	return func(after string, limit int) ([]T, error) {
		rest := make([]T, 0, len(items))
		for _, item := range items {
			if place(item) > after {
				rest = append(rest, item)
			}
		}
		sort.SliceStable(rest, func(i, j int) bool { return place(rest[i]) < place(rest[j]) })
		if limit > 0 && len(rest) > limit {
			rest = rest[:limit]
		}
		return rest, nil
	}
}

// only filters a lister.
func only[T any](list lister[T], place func(T) string, keep func(T) bool) lister[T] {
	return func(after string, limit int) ([]T, error) {
		kept := []T{}
		for {
			batch, err := list(after, limit)
			if err != nil {
				return nil, err
			}
			for _, item := range batch {
				if after = place(item); keep(item) {
					kept = append(kept, item)
				}
				if limit > 0 && len(kept) == limit {
					return kept, nil
				}
			}
			if limit == 0 || len(batch) < limit {
				return kept, nil
			}
		}
	}
}

// each converts items for output.
func each[T, U any](items []T, to func(T) U) []U {
	out := make([]U, len(items))
	for i, item := range items {
		out[i] = to(item)
	}
	return out
}

func itself(s string) string { return s }
