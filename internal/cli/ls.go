package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rolecall/internal/inventory"
)

// listFlags are those of ls.
type listFlags struct {
	filterFlags
	by, output   string
	refresh, all bool
}

// filterFlags select accounts and roles.
type filterFlags struct{ match, roles, tags []string }

func (f *filterFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.match, "match", nil,
		"only accounts with this `ID`, name or alias, or a pattern with * and ?; can be repeated")
	cmd.Flags().StringArrayVar(&f.roles, "role", nil, "only roles with this `NAME` or pattern; can be repeated")
	cmd.Flags().StringArrayVar(&f.tags, "tag", nil,
		"only accounts with this `TAG` in config.toml; if repeated, with all of them")
}

func (f *filterFlags) filter() inventory.Filter {
	return inventory.Filter{Accounts: f.match, Roles: f.roles, Tags: f.tags}
}

func (a *App) lsCommand() *cobra.Command {
	var f listFlags
	cmd := &cobra.Command{
		Use:   "ls [SESSION]",
		Short: "List your accounts and roles",
		Long: `List your accounts and roles.

  rolecall ls
  rolecall ls --match 'payments-*' --role ReadOnly
  rolecall ls --by role
  rolecall ls --by pair --output tsv | cut -f1,3

Without a SESSION, ls lists the accounts of all sessions, and names the session on each line, unless
default_session in config.toml names one.

Accounts and roles come from the last listing. If that is older than a day, or than your sign-in, ls
makes a new one: in the background at a terminal, else before it prints. The first listing of many
accounts takes a while, because the access portal allows 20 requests a second, and each account
takes one.

JSON and TSV escape characters that a terminal would interpret or hide: JSON as \uXXXX; TSV as
\uXXXX, \UXXXXXXXX, or \xXX for a byte that is not UTF-8, with \\ for a backslash. A TSV field that
begins with =, +, -, @ or ' gets another ' in front, so that spreadsheets do not read it as a formula.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.ls(cmd.Context(), firstArg(args), f)
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&f.by, "by", "account", "print a line for each `KIND`: account, role, or pair of both")
	cmd.Flags().StringVar(&f.output, "output", "table", "`FORMAT`: table, json or tsv")
	cmd.Flags().BoolVar(&f.refresh, "refresh", false, "make a new listing first")
	addAllSessions(cmd, &f.all)
	_ = cmd.RegisterFlagCompletionFunc("by", cobra.FixedCompletions([]string{"account", "role", "pair"}, nothingElse))
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"table", "json", "tsv"}, nothingElse))
	return cmd
}

func (a *App) ls(ctx context.Context, name string, f listFlags) error {
	if a.json {
		f.output = "json"
	}
	if !slices.Contains([]string{"account", "role", "pair"}, f.by) {
		return Usagef("unknown --by %q; use account, role or pair", f.by)
	}
	if !slices.Contains([]string{"table", "json", "tsv"}, f.output) {
		return Usagef("unknown --output %q; use table, json or tsv", f.output)
	}
	narrow, err := a.project()
	if err != nil {
		return err
	}
	left := 0
	found, several, failed := a.eachListed(ctx, name, f.all, options{}, func(l *listed) (err error) {
		if l.all, err = a.listingToShow(ctx, l.session, f.refresh); err == nil {
			rows := l.all.Select(f.filter())
			l.rows = allowedRows(narrow, rows)
			left += len(rows) - len(l.rows)
		}
		return err
	})
	if len(found) > 0 {
		if err := a.printListed(found, several, f); err != nil {
			return err
		}
	}
	a.sayLeftOut(left)
	return a.firstOf(failed)
}

// addAllSessions adds --all-sessions to a command whose list is about default_session.
func addAllSessions(cmd *cobra.Command, all *bool) {
	cmd.Flags().BoolVar(all, "all-sessions", false, "all sessions, even if default_session in config.toml names one")
}

// printListed prints what ls has found.
func (a *App) printListed(found []listed, several bool, f listFlags) error {
	if f.output == "json" {
		if !several {
			return a.printJSON(listAnswer(found[0].all, found[0].rows, f.by))
		}
		answers := make([]shownListing, len(found))
		for n, l := range found {
			answers[n] = listAnswer(l.all, l.rows, f.by)
		}
		return a.printJSON(map[string]any{"sessions": answers})
	}
	t := &table{}
	for _, l := range found {
		one := listTable(l.rows, f.by)
		if several {
			one = one.under("SESSION", l.label())
		}
		t.header, t.rows = one.header, append(t.rows, one.rows...)
	}
	if f.output == "tsv" {
		return t.printTSV(a.Stdout)
	}
	if len(t.rows) > 0 {
		if err := t.print(a.Stdout); err != nil {
			return err
		}
	}
	for _, l := range found {
		switch {
		case len(l.rows) == 0:
			a.tell("%s", nothingListed(l.all))
		case a.Terminal:
			a.tell("%s, %s in %s; listed %s", Counted(countAccounts(l.rows), "account"), Counted(len(l.rows), "role"),
				quotedLabel(l.all.Session), ago(a.Now().Sub(l.all.TakenAt)))
		}
	}
	return nil
}

func nothingListed(inv *inventory.Inventory) string {
	if len(inv.Accounts) == 0 {
		return fmt.Sprintf("you have no accounts in %s", quotedLabel(inv.Session))
	}
	return fmt.Sprintf("none of your %s in %s match", Counted(len(inv.Accounts), "account"), quotedLabel(inv.Session))
}

// listingToShow returns the stored listing, or else a new one. For a person, who sees its
// age, an old one will do while a new one is made in the background; a program waits for that.
func (a *App) listingToShow(ctx context.Context, s *session, refresh bool) (*inventory.Inventory, error) {
	if refresh {
		return a.currentListing(ctx, s, -1)
	}
	inv, err := a.storedListing(s)
	if errors.Is(err, inventory.ErrNone) {
		return a.currentListing(ctx, s, freshForLooking)
	}
	if err != nil || !a.listingPlace(s).Old(inv, a.Now(), freshForLooking) {
		return inv, err
	}
	if !a.Terminal {
		return a.currentListing(ctx, s, freshForLooking)
	}
	a.listInBackground(ctx, s)
	return inv, nil
}

func countAccounts(rows []inventory.Row) int {
	ids := map[string]bool{}
	for _, r := range rows {
		ids[r.ID] = true
	}
	return len(ids)
}

func listTable(rows []inventory.Row, by string) *table {
	switch by {
	case "role":
		t := &table{header: []string{"ROLE", "COUNT", "ACCOUNTS"}}
		accounts := map[string][]string{}
		for _, r := range rows {
			accounts[r.Role] = append(accounts[r.Role], r.Label())
		}
		for _, role := range slices.Sorted(maps.Keys(accounts)) {
			t.rows = append(t.rows, []string{role, strconv.Itoa(len(accounts[role])), strings.Join(accounts[role], ", ")})
		}
		return t
	case "pair":
		t := &table{header: []string{"ACCOUNT ID", "NAME", "ROLE", "EMAIL", "TAGS"}}
		for _, r := range rows {
			t.rows = append(t.rows, []string{r.ID, named(r.Account), r.Role, r.Email, strings.Join(r.Tags, ", ")})
		}
		return t
	}
	t := &table{header: []string{"ACCOUNT ID", "NAME", "EMAIL", "TAGS", "ROLES"}}
	for _, account := range grouped(rows) {
		r, roles := account[0], strings.Join(rolesIn(account), ", ")
		t.rows = append(t.rows, []string{r.ID, named(r.Account), r.Email, strings.Join(r.Tags, ", "), roles})
	}
	return t
}

// named returns an account's alias and name.
func named(a *inventory.Account) string {
	switch {
	case a.Alias == "":
		return a.Name
	case a.Name == "":
		return a.Alias
	}
	return a.Alias + " (" + a.Name + ")"
}

// grouped returns rows by account, in order.
func grouped(rows []inventory.Row) [][]inventory.Row {
	var groups [][]inventory.Row
	for _, r := range rows {
		if n := len(groups); n > 0 && groups[n-1][0].ID == r.ID {
			groups[n-1] = append(groups[n-1], r)
			continue
		}
		groups = append(groups, []inventory.Row{r})
	}
	return groups
}

func rolesIn(rows []inventory.Row) []string {
	roles := make([]string, len(rows))
	for i, r := range rows {
		roles[i] = r.Role
	}
	return roles
}

// The JSON of ls.
type (
	shownAccount struct {
		ID      string   `json:"accountId"`
		Name    string   `json:"accountName,omitempty"`
		Email   string   `json:"emailAddress,omitempty"`
		Alias   string   `json:"alias,omitempty"`
		Tags    []string `json:"tags,omitempty"`
		Guarded bool     `json:"guarded,omitempty"`
		Role    string   `json:"roleName,omitempty"` // of a pair
		Roles   []string `json:"roles,omitempty"`    // of an account
	}
	shownRole struct {
		Name     string         `json:"roleName"`
		Accounts []shownAccount `json:"accounts"`
	}
	shownListing struct {
		Session  string         `json:"session,omitempty"`
		StartURL string         `json:"startUrl"`
		TakenAt  time.Time      `json:"listedAt"`
		Accounts []shownAccount `json:"accounts,omitempty"`
		Roles    []shownRole    `json:"roles,omitempty"`
	}
)

func shown(a *inventory.Account) shownAccount {
	return shownAccount{ID: a.ID, Name: a.Name, Email: a.Email, Alias: a.Alias, Tags: a.Tags, Guarded: a.Guarded}
}

func listAnswer(inv *inventory.Inventory, rows []inventory.Row, by string) shownListing {
	l := shownListing{Session: inv.Session.Name, StartURL: inv.Session.StartURL, TakenAt: inv.TakenAt}
	switch by {
	case "role":
		accounts := map[string][]shownAccount{}
		for _, r := range rows {
			accounts[r.Role] = append(accounts[r.Role], shown(r.Account))
		}
		for _, role := range slices.Sorted(maps.Keys(accounts)) {
			l.Roles = append(l.Roles, shownRole{role, accounts[role]})
		}
	case "pair":
		for _, r := range rows {
			pair := shown(r.Account)
			pair.Role = r.Role
			l.Accounts = append(l.Accounts, pair)
		}
	default:
		for _, account := range grouped(rows) {
			one := shown(account[0].Account)
			one.Roles = rolesIn(account)
			l.Accounts = append(l.Accounts, one)
		}
	}
	return l
}
