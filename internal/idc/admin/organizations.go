package admin

import (
	"errors"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
)

// Organizations shows what the directory knows: accounts, in organizational units that have nothing but a name. It is
// read-only.

func (c *call) organizationARN(kind, rest string) string {
	i := c.instance
	arn := i.ARNOf("organizations", i.OwnerAccount, kind+"/"+i.OrganizationID)
	if rest != "" {
		arn += "/" + rest
	}
	return arn
}

type organization struct {
	Id                   string
	Arn                  string
	FeatureSet           string
	MasterAccountArn     string
	MasterAccountId      string
	MasterAccountEmail   string `json:",omitempty"`
	AvailablePolicyTypes []none
}

type organizationOutput struct{ Organization organization }

// describeOrganization omits the e-mail address if the management account is not in the directory.
func describeOrganization(c *call, r store.Reader, _ *none) (*organizationOutput, error) {
	i := c.instance
	master, err := directory.Accounts().Get(r, i.OwnerAccount)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	return &organizationOutput{organization{
		Id: i.OrganizationID, Arn: c.organizationARN("organization", ""), FeatureSet: "ALL",
		MasterAccountArn: c.organizationARN("account", i.OwnerAccount), MasterAccountId: i.OwnerAccount,
		MasterAccountEmail:   master.Email,
		AvailablePolicyTypes: []none{},
	}}, nil
}

type account struct {
	Id              string
	Arn             string
	Email           string `json:",omitempty"`
	Name            string `json:",omitempty"`
	Status          string
	State           string
	JoinedMethod    string
	JoinedTimestamp stamp
}

func (c *call) account(a directory.Account) account {
	return account{
		a.ID, c.organizationARN("account", a.ID), a.Email, a.Name, "ACTIVE", "ACTIVE", "CREATED", stamp(a.Joined),
	}
}

func accountID(a directory.Account) string { return a.ID }

type listedAccounts struct {
	Accounts []account
	next
}

func listAccounts(c *call, r store.Reader, in *orgPage) (*listedAccounts, error) {
	found, next, err := paged(c, page(*in), accountID, func(after string, limit int) ([]directory.Account, error) {
		return directory.Accounts().List(r, "", after, limit)
	})
	return &listedAccounts{each(found, c.account), next}, err
}

type describeAccountInput struct {
	AccountId string `aws:"OrganizationsAccountId,required"`
}

type accountOutput struct{ Account account }

func describeAccount(c *call, r store.Reader, in *describeAccountInput) (*accountOutput, error) {
	a, err := directory.Accounts().Get(r, in.AccountId)
	return &accountOutput{c.account(a)}, orNotFound(err,
		badRequest("AccountNotFoundException").say("You specified an account that doesn't exist."))
}

type root struct {
	Id, Arn, Name string
	PolicyTypes   []none
}

type rootsOutput struct {
	Roots []root
	next
}

func listRoots(c *call, _ store.Reader, in *orgPage) (*rootsOutput, error) {
	all := []root{{c.instance.RootID, c.organizationARN("root", c.instance.RootID), "Root", []none{}}}
	place := func(r root) string { return r.Id }
	roots, next, err := paged(c, page(*in), place, among(all, place))
	return &rootsOutput{roots, next}, err
}

type organizationTagsInput struct {
	ResourceId string `aws:"TaggableResourceId,required"`
	NextToken  string `aws:"OrganizationsNextToken"`
}

// listOrganizationTags lists no tags: nothing here has any.
func listOrganizationTags(c *call, r store.Reader, in *organizationTagsInput) (*tagsOutput, error) {
	t, err := c.tree(r)
	if err != nil {
		return nil, err
	}
	if !t.has(in.ResourceId) {
		return nil, badRequest("TargetNotFoundException").say("You specified a target that doesn't exist.")
	}
	_, next, err := paged(c, page{NextToken: in.NextToken}, itself, among(nil, itself))
	return &tagsOutput{[]tag{}, next}, err
}

type enabledService struct {
	ServicePrincipal string
	DateEnabled      stamp
}

type serviceAccessOutput struct {
	EnabledServicePrincipals []enabledService
	next
}

// listServiceAccess lists the one service with access: Identity Center.
func listServiceAccess(c *call, _ store.Reader, in *orgPage) (*serviceAccessOutput, error) {
	all := []enabledService{{"sso.amazonaws.com", stamp(c.instance.Created)}}
	place := func(s enabledService) string { return s.ServicePrincipal }
	services, next, err := paged(c, page(*in), place, among(all, place))
	return &serviceAccessOutput{services, next}, err
}

type delegatedInput struct {
	orgPage
	ServicePrincipal string `aws:"ServicePrincipal"`
}

type delegatedOutput struct {
	DelegatedAdministrators []none
	next
}

// listDelegatedAdministrators lists none: only the management account administers.
func listDelegatedAdministrators(c *call, _ store.Reader, in *delegatedInput) (*delegatedOutput, error) {
	_, next, err := paged(c, page(in.orgPage), itself, among(nil, itself))
	return &delegatedOutput{[]none{}, next}, err
}
