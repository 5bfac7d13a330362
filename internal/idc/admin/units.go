package admin

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
)

// A tree is the organization: the root (whose path is empty), the organizational units named in accounts' paths, and
// the accounts.
type tree struct {
	root     string
	accounts []directory.Account
	paths    map[string]string // of units and the root, by id
}

// tree reads all accounts: units exist only in their paths.
func (c *call) tree(r store.Reader) (*tree, error) {
	accounts, err := directory.Accounts().List(r, "", "", 0)
	t := &tree{c.instance.RootID, accounts, map[string]string{c.instance.RootID: ""}}
	for i, a := range accounts {
		accounts[i].OU = cleanPath(a.OU)
		for path := accounts[i].OU; path != ""; path = parentPath(path) {
			t.paths[t.id(path)] = path
		}
	}
	return t, err
}

func cleanPath(path string) string {
	return strings.Join(strings.FieldsFunc(path, func(r rune) bool { return r == '/' }), "/")
}

func parentPath(path string) string { return path[:max(strings.LastIndex(path, "/"), 0)] }

// id derives the id of the unit at a path from that path.
func (t *tree) id(path string) string {
	if path == "" {
		return t.root
	}
	sum := sha256.Sum256([]byte(path))
	return "ou-" + strings.TrimPrefix(t.root, "r-") + "-" + hex.EncodeToString(sum[:4])
}

func (t *tree) account(id string) (directory.Account, bool) {
	i := slices.IndexFunc(t.accounts, func(a directory.Account) bool { return a.ID == id })
	if i < 0 {
		return directory.Account{}, false
	}
	return t.accounts[i], true
}

func (t *tree) has(id string) bool {
	_, isAccount := t.account(id)
	_, isUnit := t.paths[id]
	return isAccount || isUnit
}

// path returns the path of a parent.
func (t *tree) path(parent string) (string, error) {
	path, ok := t.paths[parent]
	if !ok {
		return "", badRequest("ParentNotFoundException").say("You specified parent that doesn't exist.")
	}
	return path, nil
}

// accountsIn lists the accounts directly in a parent.
func (t *tree) accountsIn(path string) []directory.Account {
	return slices.DeleteFunc(slices.Clone(t.accounts), func(a directory.Account) bool { return a.OU != path })
}

// unitsIn lists the paths of the units directly in a parent.
func (t *tree) unitsIn(parent string) []string {
	var units []string
	for _, path := range t.paths {
		if path != "" && parentPath(path) == parent {
			units = append(units, path)
		}
	}
	return units
}

type typed struct{ Id, Type string }

type childInput struct {
	orgPage
	ChildId string `aws:"ChildId,required"`
}

type parentsOutput struct {
	Parents []typed
	next
}

// listParents lists a child's only parent.
func listParents(c *call, r store.Reader, in *childInput) (*parentsOutput, error) {
	t, err := c.tree(r)
	if err != nil {
		return nil, err
	}
	path, isUnit := t.paths[in.ChildId]
	a, isAccount := t.account(in.ChildId)
	switch {
	case isAccount:
		path = a.OU
	case isUnit && path != "":
		path = parentPath(path)
	default:
		return nil, badRequest("ChildNotFoundException").say("You specified a child that doesn't exist.")
	}
	parent := typed{t.id(path), "ORGANIZATIONAL_UNIT"}
	if path == "" {
		parent.Type = "ROOT"
	}
	place := func(p typed) string { return p.Id }
	parents, next, err := paged(c, page(in.orgPage), place, among([]typed{parent}, place))
	return &parentsOutput{parents, next}, err
}

type parentInput struct {
	orgPage
	ParentId string `aws:"ParentId,required"`
}

type childrenInput struct {
	parentInput
	ChildType string `aws:"ChildType,required"`
}

type childrenOutput struct {
	Children []typed
	next
}

func listChildren(c *call, r store.Reader, in *childrenInput) (*childrenOutput, error) {
	t, path, err := c.under(r, in.parentInput)
	if err != nil {
		return nil, err
	}
	ids := each(t.unitsIn(path), t.id)
	if in.ChildType == "ACCOUNT" {
		ids = each(t.accountsIn(path), accountID)
	}
	ids, next, err := paged(c, page(in.orgPage), itself, among(ids, itself))
	return &childrenOutput{each(ids, func(id string) typed { return typed{id, in.ChildType} }), next}, err
}

// under returns the tree, and the parent's path in it.
func (c *call) under(r store.Reader, in parentInput) (*tree, string, error) {
	t, err := c.tree(r)
	if err != nil {
		return nil, "", err
	}
	path, err := t.path(in.ParentId)
	return t, path, err
}

type unit struct{ Id, Arn, Name string }

func (c *call) unit(id, path string) unit {
	return unit{id, c.organizationARN("ou", id), path[strings.LastIndex(path, "/")+1:]}
}

type unitsOutput struct {
	OrganizationalUnits []unit
	next
}

func listUnitsForParent(c *call, r store.Reader, in *parentInput) (*unitsOutput, error) {
	t, path, err := c.under(r, *in)
	if err != nil {
		return nil, err
	}
	units, next, err := paged(c, page(in.orgPage), itself, among(t.unitsIn(path), itself))
	return &unitsOutput{each(units, func(path string) unit { return c.unit(t.id(path), path) }), next}, err
}

type describeUnitInput struct {
	OrganizationalUnitId string `aws:"OrganizationalUnitId,required"`
}

type unitOutput struct{ OrganizationalUnit unit }

func describeUnit(c *call, r store.Reader, in *describeUnitInput) (*unitOutput, error) {
	t, err := c.tree(r)
	if err != nil {
		return nil, err
	}
	path, ok := t.paths[in.OrganizationalUnitId]
	if !ok {
		return nil,
			badRequest("OrganizationalUnitNotFoundException").say("You specified an organizational unit that doesn't exist.")
	}
	return &unitOutput{c.unit(in.OrganizationalUnitId, path)}, nil
}

func listAccountsForParent(c *call, r store.Reader, in *parentInput) (*listedAccounts, error) {
	t, path, err := c.under(r, *in)
	if err != nil {
		return nil, err
	}
	found, next, err := paged(c, page(in.orgPage), accountID, among(t.accountsIn(path), accountID))
	return &listedAccounts{each(found, c.account), next}, err
}
