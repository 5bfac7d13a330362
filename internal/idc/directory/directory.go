// Package directory is what the Identity Center knows: users and groups, accounts, permission sets, assignments, and
// the plain IAM roles that can be assumed from there. It keeps to itself how these are stored, and passwords as
// argon2id hashes only.
package directory

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"rolecall/internal/idc/partition"
	"rolecall/internal/idc/store"
)

// An Instance is the Identity Center instance itself.
type Instance struct {
	ID              string // ssoins-…
	IdentityStoreID string // d-…
	OwnerAccount    string // the organization's management account
	OrganizationID  string // o-…
	RootID          string // r-…
	Region          string
	Partition       string // empty in stores of older versions: the region's, of AWS
	Name            string
	Created         time.Time
	// SessionLife is how long a user's session lasts: 15 minutes to 90 days.
	SessionLife time.Duration
	KeysShown   bool // the administrator's keys, at the first start
}

// ARNOf makes the ARN of something in the instance's partition. Its account may be empty.
func (i Instance) ARNOf(service, account, resource string) string {
	name := i.Partition
	if name == "" {
		name = partition.AWS().Of(i.Region).Name
	}
	return "arn:" + name + ":" + service + "::" + account + ":" + resource
}

// ARN is the instance's ARN.
func (i Instance) ARN() string { return i.ARNOf("sso", "", "instance/"+i.ID) }

// PermissionSetARN is the ARN of a permission set of the instance.
func (i Instance) PermissionSetARN(id string) string {
	return i.ARNOf("sso", "", "permissionSet/"+i.ID+"/"+id)
}

// A PersonName is the parts of a user's name, as identitystore has them.
type PersonName struct {
	Formatted       string `json:",omitempty"`
	FamilyName      string `json:",omitempty"`
	GivenName       string `json:",omitempty"`
	MiddleName      string `json:",omitempty"`
	HonorificPrefix string `json:",omitempty"`
	HonorificSuffix string `json:",omitempty"`
}

// An Email is an address of a user.
type Email struct {
	Value   string `json:",omitempty"`
	Type    string `json:",omitempty"`
	Primary bool
}

// An Address is a postal address of a user.
type Address struct {
	StreetAddress string `json:",omitempty"`
	Locality      string `json:",omitempty"`
	Region        string `json:",omitempty"`
	PostalCode    string `json:",omitempty"`
	Country       string `json:",omitempty"`
	Formatted     string `json:",omitempty"`
	Type          string `json:",omitempty"`
	Primary       bool
}

// A PhoneNumber is a phone number of a user.
type PhoneNumber struct {
	Value   string `json:",omitempty"`
	Type    string `json:",omitempty"`
	Primary bool
}

// An ExternalID identifies a user or group at an identity provider.
type ExternalID struct{ Issuer, Id string } //nolint:revive // as identitystore spells it

// Attributes are the user attributes of identitystore, under its names.
type Attributes struct {
	UserName          string
	Name              *PersonName   `json:",omitempty"`
	DisplayName       string        `json:",omitempty"`
	NickName          string        `json:",omitempty"`
	ProfileURL        string        `json:"ProfileUrl,omitempty"`
	Emails            []Email       `json:",omitempty"`
	Addresses         []Address     `json:",omitempty"`
	PhoneNumbers      []PhoneNumber `json:",omitempty"`
	UserType          string        `json:",omitempty"`
	Title             string        `json:",omitempty"`
	PreferredLanguage string        `json:",omitempty"`
	Locale            string        `json:",omitempty"`
	Timezone          string        `json:",omitempty"`
	ExternalIDs       []ExternalID  `json:"ExternalIds,omitempty"`
}

// A User can sign in, unless disabled or without a password.
type User struct {
	ID string
	Attributes
	Disabled         bool
	Password         PasswordHash
	Created, Updated time.Time
}

// Email is the user's primary address, else the first, else empty.
func (u User) Email() string {
	for _, e := range u.Emails {
		if e.Primary {
			return e.Value
		}
	}
	if len(u.Emails) > 0 {
		return u.Emails[0].Value
	}
	return ""
}

// A Group is a set of users who share assignments.
type Group struct {
	ID               string
	Name             string
	Description      string       `json:",omitempty"`
	ExternalIDs      []ExternalID `json:",omitempty"`
	Created, Updated time.Time
}

// A Membership puts a user in a group.
type Membership struct {
	ID, GroupID, UserID string
	Created             time.Time
}

// An Account is an AWS account of the organization.
type Account struct {
	ID, Name, Email string
	OU              string `json:",omitempty"` // path of names below the root: Workloads/Prod
	Joined          time.Time
}

// A CustomerPolicy names a policy that each account has its own version of.
type CustomerPolicy struct{ Name, Path string }

// A Boundary limits what a permission set's roles may do. It has one of its two members.
type Boundary struct {
	ManagedPolicyARN string          `json:",omitempty"`
	CustomerPolicy   *CustomerPolicy `json:",omitempty"`
}

// A PermissionSet becomes an IAM role in each account where it is assigned.
type PermissionSet struct {
	ID               string // ps-…
	Name             string
	Description      string        `json:",omitempty"`
	Duration         time.Duration // of a role session: 1 to 12 hours
	DurationText     string        `json:",omitempty"` // as the admin API was given it, while it says the same
	RelayState       string        `json:",omitempty"`
	ManagedPolicies  []string      `json:",omitempty"` // ARNs
	CustomerPolicies []CustomerPolicy
	InlinePolicy     string            `json:",omitempty"`
	Boundary         *Boundary         `json:",omitempty"`
	Tags             map[string]string `json:",omitempty"`
	Created          time.Time
}

// A Role is a plain IAM role that can be assumed.
type Role struct {
	ARN         string
	Trusted     []string      // ARNs of accounts' root, or of roles and users, without a session
	ExternalID  string        `json:",omitempty"` // wanted from the caller; empty for none
	MaxDuration time.Duration // of a session, when it is not chained
}

// IDs in AWS's formats.

func newUUID() string { return uuid.NewString() }

// NewPrincipalID makes an id for a user, group or membership.
func (i Instance) NewPrincipalID() string {
	return strings.TrimPrefix(i.IdentityStoreID, "d-") + "-" + newUUID()
}

// StartURL returns the start URL for config files: AWS CLIs since 2.35.13 refuse to sign in at any but AWS's own hosts.
// Nothing ever contacts it, since the endpoints come from the services section or from variables.
func (i Instance) StartURL() string { return "https://" + i.IdentityStoreID + ".awsapps.com/start" }

// NewPermissionSetID makes an id for a permission set.
func NewPermissionSetID() string { return "ps-" + randomHex(8) }

func randomHex(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// RoleName is the name of the IAM role that a permission set becomes in an account. Its 16 digits are stable: people
// write them into trust policies.
func RoleName(permissionSet, accountID string) string {
	sum := sha256.Sum256([]byte(permissionSet + "\x00" + accountID))
	return "AWSReservedSSO_" + permissionSet + "_" + hex.EncodeToString(sum[:8])
}

// RoleARN is the ARN of that role. In us-east-1 its path has no region.
func (i Instance) RoleARN(permissionSet, accountID string) string {
	path := "aws-reserved/sso.amazonaws.com/"
	if i.Region != "us-east-1" {
		path += i.Region + "/"
	}
	return i.ARNOf("iam", accountID, "role/"+path+RoleName(permissionSet, accountID))
}

// Kinds of entries that other rooms store, but that end with a user.
const (
	KindSession  store.Kind = "session" // of the oidc room, owned by OwnerUser
	KindFavorite store.Kind = "favorite"
)

// OwnerUser is the owner of entries that end with a user.
func OwnerUser(id string) string { return "user:" + id }

func ownerGroup(id string) string { return "group:" + id }

// Instances has one entry, under the id "instance".
func Instances() store.Table[Instance] {
	return store.Table[Instance]{Kind: "instance", Index: func(Instance) store.Entry {
		return store.Entry{ID: instanceID}
	}}
}

const instanceID = "instance"

// Users are found by id, user name, e-mail address and external id.
func Users() store.Table[User] {
	return store.Table[User]{Kind: "user", Index: func(u User) store.Entry {
		keys := append([]string{NameKey(u.UserName)}, externalKeys(u.ExternalIDs)...)
		if u.Email() != "" {
			keys = append(keys, EmailKey(u.Email()))
		}
		return store.Entry{ID: u.ID, Keys: keys}
	}}
}

// Groups are found by id, name and external id.
func Groups() store.Table[Group] {
	return store.Table[Group]{Kind: "group", Index: func(g Group) store.Entry {
		return store.Entry{ID: g.ID, Keys: append([]string{NameKey(g.Name)}, externalKeys(g.ExternalIDs)...)}
	}}
}

// Memberships are found by id and by their two sides, and owned by both.
func Memberships() store.Table[Membership] {
	return store.Table[Membership]{Kind: "membership", Index: func(m Membership) store.Entry {
		return store.Entry{
			ID: m.ID, Keys: []string{MembershipKey(m.GroupID, m.UserID)},
			Owners: []string{ownerGroup(m.GroupID), OwnerUser(m.UserID)},
		}
	}}
}

// Accounts are found by id.
func Accounts() store.Table[Account] {
	return store.Table[Account]{Kind: "account", Index: func(a Account) store.Entry { return store.Entry{ID: a.ID} }}
}

// PermissionSets are found by id and name.
func PermissionSets() store.Table[PermissionSet] {
	return store.Table[PermissionSet]{Kind: "permission-set", Index: func(p PermissionSet) store.Entry {
		return store.Entry{ID: p.ID, Keys: []string{"name:" + p.Name}}
	}}
}

// Roles are found by ARN.
func Roles() store.Table[Role] {
	return store.Table[Role]{Kind: "role", Index: func(r Role) store.Entry { return store.Entry{ID: r.ARN} }}
}

// Keys of the tables above. Names and addresses are case-insensitive.

// NameKey is the key of a user or group by name.
func NameKey(name string) string { return "name:" + strings.ToLower(name) }

// EmailKey is the key of a user by e-mail address.
func EmailKey(address string) string { return "email:" + strings.ToLower(address) }

// ExternalKey is the key of a user or group by external id.
func ExternalKey(id ExternalID) string { return "external:" + id.Issuer + "\x00" + id.Id }

// MembershipKey is the key of a membership by group and user.
func MembershipKey(groupID, userID string) string { return groupID + "/" + userID }

func externalKeys(ids []ExternalID) []string {
	keys := make([]string, len(ids))
	for i, id := range ids {
		keys[i] = ExternalKey(id)
	}
	return keys
}

// Open returns the instance. In an empty store it makes one with random ids, the owner account 999900001111 and
// sessions of 8 hours.
func Open(tx store.Tx, region string, now time.Time) (Instance, error) {
	return OpenIn(tx, partition.AWS(), region, now)
}

// OpenIn is Open for other partitions than AWS's.
func OpenIn(tx store.Tx, t partition.Table, region string, now time.Time) (Instance, error) {
	i, err := Instances().Get(tx, instanceID)
	if !errors.Is(err, store.ErrNotFound) {
		return i, err
	}
	i = Instance{
		ID: "ssoins-" + randomHex(8), IdentityStoreID: "d-" + randomHex(5), OrganizationID: "o-" + randomHex(5),
		RootID:       "r-" + randomHex(2),
		OwnerAccount: "999900001111", Region: region, Partition: t.Of(region).Name, Created: now.UTC(),
		SessionLife: 8 * time.Hour,
	}
	return i, Instances().Put(tx, i)
}

// TheInstance returns the instance of a store after Open.
func TheInstance(r store.Reader) (Instance, error) { return Instances().Get(r, instanceID) }
