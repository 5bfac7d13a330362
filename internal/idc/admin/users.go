package admin

import (
	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
)

type user struct {
	IdentityStoreId string
	UserId          string
	directory.Attributes
	UserStatus string
	CreatedAt  stamp
	UpdatedAt  stamp
}

func (c *call) user(u directory.User) user {
	status := "ENABLED"
	if u.Disabled {
		status = "DISABLED"
	}
	return user{c.instance.IdentityStoreID, u.ID, u.Attributes, status, stamp(u.Created), stamp(u.Updated)}
}

type userIDOutput struct{ UserId, IdentityStoreId string }

type createUserInput struct {
	inStore
	directory.Attributes
	// Attributes that the directory does not store are refused, not dropped.
	Birthdate, Extensions, Photos, Roles, Website any
}

func createUser(c *call, tx store.Tx, in *createUserInput) (*userIDOutput, error) {
	for _, unknown := range []any{in.Birthdate, in.Extensions, in.Photos, in.Roles, in.Website} {
		if unknown != nil {
			return nil, errValidation.say("The attributes birthdate, extensions, photos, roles and website are not supported")
		}
	}
	in.ExternalIDs = nil // an identity provider's to set
	now := c.now.UTC()
	u := directory.User{ID: c.instance.NewPrincipalID(), Attributes: in.Attributes, Created: now, Updated: now}
	c.note(u.UserName, u.ID)
	if err := required(nil, u.Lacks()); err != nil {
		return nil, err
	}
	return &userIDOutput{u.ID, c.instance.IdentityStoreID}, duplicate(directory.PutUser(tx, u))
}

type userInput struct {
	inStore
	UserId string `aws:"ResourceId,required"`
}

func (i userInput) find(r store.Reader) (directory.User, error) {
	u, err := directory.Users().Get(r, i.UserId)
	return u, missing(err, "USER", i.UserId)
}

func describeUser(c *call, r store.Reader, in *userInput) (*user, error) {
	u, err := in.find(r)
	out := c.user(u)
	return &out, err
}

type updateUserInput struct {
	userInput
	Operations []attributeOperation `aws:"AttributeOperations,required"`
}

func updateUser(c *call, tx store.Tx, in *updateUserInput) (*none, error) {
	u, err := in.find(tx)
	if err != nil {
		return nil, err
	}
	c.note(u.UserName, paths(in.Operations))
	before := u
	if u.Attributes, err = updated(c, before.Attributes, in.Operations); err != nil {
		return nil, err
	}
	u.ExternalIDs, u.Updated = before.ExternalIDs, c.now.UTC()
	if err := required(before.Lacks(), u.Lacks()); err != nil {
		return nil, err
	}
	return &none{}, duplicate(directory.ReplaceUser(tx, before, u))
}

func deleteUser(c *call, tx store.Tx, in *userInput) (*none, error) {
	u, err := in.find(tx)
	if err != nil {
		return nil, err
	}
	c.note(u.UserName, u.ID)
	return &none{}, directory.DeleteUser(tx, u.ID)
}

type listIdentitiesInput struct {
	inStore
	storePage
	Filters []filter `aws:"Filters"`
}

type usersOutput struct {
	Users []user
	next
}

func listUsers(c *call, r store.Reader, in *listIdentitiesInput) (*usersOutput, error) {
	list := func(after string, limit int) ([]directory.User, error) {
		return directory.Users().List(r, "", after, limit)
	}
	name, err := value(in.Filters, "UserName")
	if err != nil {
		return nil, err
	}
	if name != "" {
		list = found(directory.Users().Find(r, directory.NameKey(name)))
	}
	users, next, err := paged(c, page(in.storePage), func(u directory.User) string { return u.ID }, list)
	return &usersOutput{each(users, c.user), next}, err
}

type identifyInput struct {
	inStore
	AlternateIdentifier alternateIdentifier `aws:",required"`
}

func getUserID(c *call, r store.Reader, in *identifyInput) (*userIDOutput, error) {
	key, err := in.AlternateIdentifier.key(map[string]func(string) string{
		"username": directory.NameKey, "emails.value": directory.EmailKey,
	})
	if err != nil {
		return nil, err
	}
	u, err := directory.Users().Find(r, key)
	return &userIDOutput{u.ID, c.instance.IdentityStoreID}, missing(err, "USER", "")
}
