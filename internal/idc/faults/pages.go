package faults

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// pages are listings that never end, or end badly.
func pages() []Fault {
	end := "notice it, and give up the listing; never show it as complete"
	bound := "bound the number of pages, and give up the listing"
	return []Fault{
		{Name: "same-page", Routes: listRoutes, able: listRoutes, start: nextToken(func(int) string {
			return "again"
		}), Does: "returns the same nextToken forever", Client: end},
		{Name: "two-pages", Routes: listRoutes, able: listRoutes, start: nextToken(func(n int) string {
			return "page" + strconv.Itoa(n%2)
		}), Does: "alternates between two nextTokens", Client: end},
		{
			Name: "endless-pages", Routes: listRoutes, able: listRoutes, start: nextToken(strconv.Itoa),
			Does: "returns ever new nextTokens, with empty pages", Client: bound,
		},
		{
			Name: "many-accounts", Value: "accounts (10000000)", Routes: "accounts", able: "accounts", start: manyAccounts,
			Does: "lists 10,000,000 accounts, a hundred a page", Client: bound,
		},
		{
			Name: "duplicate-accounts", Routes: "accounts", able: "accounts", start: edits(duplicateAccounts),
			Does: "lists each account twice", Client: "accept it, or drop the duplicates",
		},
		{Name: "long-page-token", Routes: listRoutes, able: listRoutes, start: nextToken(func(int) string {
			return filled(megabyte)
		}), Does: "returns a nextToken of 1 MB", Client: bound},
		{Name: "page-token-line-break", Routes: listRoutes, able: listRoutes, start: nextToken(func(int) string {
			return "a\r\nX-Played: 1"
		}), Does: "returns a nextToken that contains a line break", Client: "refuse it, or escape it in the URL"},
		{
			Name: "page-fails", Value: "page (2)", Routes: listRoutes, able: listRoutes, start: pageFails,
			Does:   "returns pages of one element, and fails with 500 on the second, or the given one",
			Client: "retry that page, then fail as a whole; never show half a listing",
		},
		{
			Name: "accounts-change", Routes: "accounts", able: "accounts", start: accountsChange,
			Does:   "returns pages of one account; from the second page on the accounts differ",
			Client: "use what each page says",
		},
		{
			Name: "no-list", Value: "null or absent (null)", Routes: listRoutes, able: listRoutes, start: noList,
			Does: "answers with null in place of the list, or without it", Client: "treat it as an empty list, or refuse it",
		},
		{Name: "no-roles", Routes: "roles", able: listRoutes, start: edits(func(_ *call, m map[string]any) any {
			return emptied(m)
		}), Does: "lists no roles in any account", Client: "not delete what was configured because of it"},
	}
}

// nextToken answers with an empty page and another token each time. Our tokens contain the number of their page.
func nextToken(token func(n int) string) starter {
	return edits(func(c *call, m map[string]any) any {
		n, _ := strconv.Atoi(strings.TrimPrefix(c.r.URL.Query().Get("next_token"), "page"))
		emptied(m)
		m["nextToken"] = token(n + 1)
		return m
	}).before(forgetPage)
}

// before changes the request first.
func (s starter) before(change func(c *call)) starter {
	return func(value string) (behaviour, error) {
		b, err := s(value)
		answer := b.answer
		b.answer = func(c *call) { change(c); answer(c) }
		return b, err
	}
}

// forgetPage asks the server for the first page whatever the client asked for, as the tokens are not the server's. The
// fault still sees the client's request.
func forgetPage(c *call) {
	next := c.next
	c.next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(w, paged(r, "", 0)) })
}

// paged is a request for the page of a token, with the given number of elements; 0 leaves the number as it is.
func paged(r *http.Request, token string, size int) *http.Request {
	other := r.Clone(r.Context())
	q := other.URL.Query()
	q.Del("next_token")
	if token != "" {
		q.Set("next_token", token)
	}
	if size > 0 {
		q.Set("max_result", strconv.Itoa(size))
	}
	other.URL.RawQuery = q.Encode()
	return other
}

func emptied(m map[string]any) any {
	for key, value := range m {
		if _, list := value.([]any); list {
			m[key] = []any{}
		}
	}
	return m
}

func manyAccounts(value string) (behaviour, error) {
	all, err := number(value, 10_000_000, 1_000_000_000)
	start := edits(func(c *call, m map[string]any) any {
		first, _ := strconv.Atoi(c.r.URL.Query().Get("next_token"))
		list := []any{}
		for i := first; i < min(first+100, all); i++ {
			list = append(list, map[string]any{
				"accountId": fmt.Sprintf("%012d", i), "accountName": fmt.Sprintf("played-%d", i),
				"emailAddress": "played@example.com",
			})
		}
		m["accountList"], m["nextToken"] = list, nil
		if first+100 < all {
			m["nextToken"] = strconv.Itoa(first + 100)
		}
		return m
	})
	b, _ := start.before(forgetPage)("")
	return b, err
}

func duplicateAccounts(_ *call, m map[string]any) any {
	if list, ok := m["accountList"].([]any); ok {
		m["accountList"] = append(list, list...)
	}
	return m
}

// onPages serves numbered pages of one element. It first calls before with the number of the requested page; before
// returns whether it has answered.
func onPages(before func(c *call, page int) bool, change func(page int, m map[string]any)) func(c *call) {
	return func(c *call) {
		number, token, _ := strings.Cut(c.r.URL.Query().Get("next_token"), ".")
		page, _ := strconv.Atoi(number)
		page = max(page, 1)
		if before(c, page) {
			return
		}
		c.r = paged(c.r, token, 1)
		editing(func(_ *call, m map[string]any) any {
			if next, more := m["nextToken"].(string); more {
				m["nextToken"] = strconv.Itoa(page+1) + "." + next
			}
			change(page, m)
			return m
		})(c)
	}
}

func pageFails(value string) (behaviour, error) {
	bad, err := number(value, 2, 1_000_000)
	return behaviour{answer: onPages(func(c *call, page int) bool {
		if page == bad {
			c.refuse(ofStatus(c.route, http.StatusInternalServerError))
		}
		return page == bad
	}, func(int, map[string]any) {})}, err
}

func accountsChange(string) (behaviour, error) {
	return behaviour{answer: onPages(func(*call, int) bool { return false }, func(page int, m map[string]any) {
		if page > 1 {
			set(m, "accountId", fmt.Sprintf("9999%08d", page))
			set(m, "accountName", fmt.Sprintf("changed-%d", page))
		}
	})}, nil
}

func noList(value string) (behaviour, error) {
	_, err := choose(value, []choice{{"null", 0}, {"absent", 0}})
	return behaviour{answer: editing(func(_ *call, m map[string]any) any {
		for _, key := range []string{"accountList", "roleList"} {
			if _, there := m[key]; there {
				m[key] = nil
			}
			if value == "absent" {
				delete(m, key)
			}
		}
		return m
	})}, err
}
