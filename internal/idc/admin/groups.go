package admin

import (
	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
)

type group struct {
	IdentityStoreId string
	GroupId         string
	DisplayName     string                 `json:",omitempty"`
	Description     string                 `json:",omitempty"`
	ExternalIds     []directory.ExternalID `json:",omitempty"`
	CreatedAt       stamp
	UpdatedAt       stamp
}

func (c *call) group(g directory.Group) group {
	return group{
		c.instance.IdentityStoreID, g.ID, g.Name, g.Description, g.ExternalIDs, stamp(g.Created), stamp(g.Updated),
	}
}

type groupAttributes struct {
	DisplayName string `json:",omitempty" aws:"GroupDisplayName"`
	Description string `json:",omitempty"`
}

type groupIDOutput struct{ GroupId, IdentityStoreId string }

type createGroupInput struct {
	inStore
	groupAttributes
}

func createGroup(c *call, tx store.Tx, in *createGroupInput) (*groupIDOutput, error) {
	g := directory.Group{
		ID: c.instance.NewPrincipalID(), Name: in.DisplayName, Description: in.Description, Created: c.now.UTC(),
		Updated: c.now.UTC(),
	}
	c.note(g.Name, g.ID)
	return &groupIDOutput{g.ID, c.instance.IdentityStoreID}, putGroup(tx, g)
}

func putGroup(tx store.Tx, g directory.Group) error {
	if err := required(nil, g.Lacks()); err != nil {
		return err
	}
	return duplicate(directory.PutGroup(tx, g))
}

type groupInput struct {
	inStore
	GroupId string `aws:"ResourceId,required"`
}

func (i groupInput) find(r store.Reader) (directory.Group, error) {
	g, err := directory.Groups().Get(r, i.GroupId)
	return g, missing(err, "GROUP", i.GroupId)
}

func describeGroup(c *call, r store.Reader, in *groupInput) (*group, error) {
	g, err := in.find(r)
	out := c.group(g)
	return &out, err
}

type updateGroupInput struct {
	groupInput
	Operations []attributeOperation `aws:"AttributeOperations,required"`
}

func updateGroup(c *call, tx store.Tx, in *updateGroupInput) (*none, error) {
	g, err := in.find(tx)
	if err != nil {
		return nil, err
	}
	c.note(g.Name, paths(in.Operations))
	attributes, err := updated(c, groupAttributes{g.Name, g.Description}, in.Operations)
	if err != nil {
		return nil, err
	}
	g.Name, g.Description, g.Updated = attributes.DisplayName, attributes.Description, c.now.UTC()
	return &none{}, putGroup(tx, g)
}

func deleteGroup(c *call, tx store.Tx, in *groupInput) (*none, error) {
	g, err := in.find(tx)
	if err != nil {
		return nil, err
	}
	c.note(g.Name, g.ID)
	return &none{}, directory.DeleteGroup(tx, g.ID)
}

type groupsOutput struct {
	Groups []group
	next
}

func listGroups(c *call, r store.Reader, in *listIdentitiesInput) (*groupsOutput, error) {
	list := func(after string, limit int) ([]directory.Group, error) {
		return directory.Groups().List(r, "", after, limit)
	}
	name, err := value(in.Filters, "DisplayName")
	if err != nil {
		return nil, err
	}
	if name != "" {
		list = found(directory.Groups().Find(r, directory.NameKey(name)))
	}
	groups, next, err := paged(c, page(in.storePage), func(g directory.Group) string { return g.ID }, list)
	return &groupsOutput{each(groups, c.group), next}, err
}

func getGroupID(c *call, r store.Reader, in *identifyInput) (*groupIDOutput, error) {
	key, err := in.AlternateIdentifier.key(map[string]func(string) string{"displayname": directory.NameKey})
	if err != nil {
		return nil, err
	}
	g, err := directory.Groups().Find(r, key)
	return &groupIDOutput{g.ID, c.instance.IdentityStoreID}, missing(err, "GROUP", "")
}
