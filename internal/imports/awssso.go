package imports

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"rolecall/internal/awsconfig"
	"rolecall/internal/settings"
)

func awsSSOPlaces(h Home) []string {
	if file := h.Getenv("AWS_SSO_CONFIG"); file != "" {
		return []string{expand(file, h.Folder)}
	}
	old := filepath.Join(h.Folder, ".aws-sso")
	if _, err := os.Stat(old); err == nil {
		return []string{filepath.Join(old, "config.yaml")}
	}
	places := []string{filepath.Join(h.Folder, ".config", "aws-sso", "config.yaml")}
	if folder := h.Getenv("XDG_CONFIG_HOME"); folder != "" {
		places = slices.Insert(places, 0, filepath.Join(folder, "aws-sso", "config.yaml"))
	}
	return places
}

// An awsSSO is the config.yaml of aws-sso-cli.
type awsSSO struct {
	*builder
	yaml     tree
	top      map[string]pair
	blocks   []awsSSOBlock
	sessions map[string]string // by the name of the block
	roles    map[roleKey]awsSSORole
	wrote    map[string]awsSSOProcess // profiles of the config file that aws-sso wrote
	region   string
	extra    []awsconfig.Key
}

type awsSSOBlock struct {
	block
	region   string // for work
	accounts []awsSSOAccount
}

type awsSSOAccount struct {
	id, name, region string
	line             int
	tags             []string
	color, icon      string
	roles            []awsSSORole
}

type awsSSORole struct {
	name, profile, region, via, externalID string
	line                                   int
}

// A roleKey is a role of an account, as one session has it.
type roleKey struct{ session, account, role string }

func (b *builder) awsSSO(data []byte) (bool, error) {
	if data == nil {
		return false, nil
	}
	a := &awsSSO{builder: b, yaml: tree{file: b.file}, top: map[string]pair{}, roles: map[roleKey]awsSSORole{}}
	if err := a.parseFile(data); err != nil {
		return true, err
	}
	blocks := make([]block, 0, len(a.blocks))
	for _, k := range a.blocks {
		blocks = append(blocks, k.block)
	}
	names, err := b.sessions(blocks)
	if err != nil {
		return true, err
	}
	a.sessions = map[string]string{}
	for i, k := range a.blocks {
		a.sessions[k.name] = names[i]
	}
	a.settings()
	a.fixedProfiles()
	a.processes()
	return true, nil
}

func (a *awsSSO) parseFile(data []byte) error {
	root, err := a.yaml.parse(data)
	if err != nil {
		return err
	}
	all, err := a.yaml.pairs(root, "the file")
	if err != nil {
		return err
	}
	for _, p := range all {
		a.top[p.key] = p
	}
	a.region = scalar(a.top["DefaultRegion"].value)
	blocks, err := a.yaml.pairs(a.top["SSOConfig"].value, "SSOConfig")
	if err != nil {
		return err
	}
	for _, p := range blocks {
		if err := a.parseBlock(p); err != nil {
			return err
		}
	}
	variables, err := a.yaml.pairs(a.top["ConfigVariables"].value, "ConfigVariables")
	for _, v := range variables {
		value := scalar(v.value)
		allowed := []string{"output", "sts_regional_endpoints", "retry_mode", "max_attempts", "cli_timestamp_format"}
		if !slices.Contains(allowed, v.key) || !patterns()["plain"].MatchString(value) {
			a.left("ConfigVariables: "+v.key, v.line, "only some plain keys are copied to profiles")
			continue
		}
		a.extra = append(a.extra, awsconfig.Key{Name: v.key, Value: value})
	}
	return err
}

func (a *awsSSO) parseBlock(p pair) error {
	k := awsSSOBlock{block: block{name: p.key, line: p.line}}
	keys, err := a.yaml.pairs(p.value, p.key)
	if err != nil {
		return err
	}
	for _, key := range keys {
		switch key.key {
		case "SSORegion":
			k.block.region = scalar(key.value)
		case "StartUrl":
			k.url = scalar(key.value)
		case "DefaultRegion":
			k.region = scalar(key.value)
		case "Accounts":
			if err := a.parseAccounts(&k, key.value); err != nil {
				return err
			}
		default:
			a.left(p.key+": "+key.key, key.line, "it has no equivalent here")
		}
	}
	a.blocks = append(a.blocks, k)
	return nil
}

func (a *awsSSO) parseAccounts(k *awsSSOBlock, n *yaml.Node) error {
	accounts, err := a.yaml.pairs(n, "Accounts")
	for _, p := range accounts {
		account := awsSSOAccount{id: accountID(p.key), line: p.line}
		if account.id == "" {
			a.left("account "+p.key, p.line, "it is not an account id")
			continue
		}
		keys, err := a.yaml.pairs(p.value, "account "+p.key)
		if err != nil {
			return err
		}
		for _, key := range keys {
			if err := a.parseAccount(&account, key); err != nil {
				return err
			}
		}
		k.accounts = append(k.accounts, account)
	}
	return err
}

func (a *awsSSO) parseAccount(account *awsSSOAccount, key pair) error {
	switch key.key {
	case "Name":
		account.name = scalar(key.value)
	case "DefaultRegion":
		account.region = scalar(key.value)
	case "Tags":
		tags, err := a.yaml.labels(key.value, "Tags")
		for _, t := range tags {
			a.tag(account, t)
		}
		return err
	case "Roles":
		return a.parseRoles(account, key.value)
	default:
		a.left("account "+account.id+": "+key.key, key.line, "it has no equivalent here")
	}
	return nil
}

func (a *awsSSO) tag(account *awsSSOAccount, t pair) {
	value := scalar(t.value)
	switch {
	case t.key == "Color" || t.key == "Icon":
		if t.key == "Color" {
			account.color = strings.ToLower(value)
		} else {
			account.icon = strings.ToLower(value)
		}
	case isText(t.key) && isText(value):
		account.tags = append(account.tags, t.key+"="+value)
	default:
		a.left("account "+account.id+": tag "+t.key, t.line, "it has no printable text")
	}
}

func (a *awsSSO) parseRoles(account *awsSSOAccount, n *yaml.Node) error {
	roles, err := a.yaml.pairs(n, "Roles")
	for _, p := range roles {
		role := awsSSORole{name: p.key, line: p.line}
		keys, err := a.yaml.pairs(p.value, "role "+p.key)
		if err != nil {
			return err
		}
		for _, key := range keys {
			value, what := scalar(key.value), "role "+account.id+"/"+p.key+": "+key.key
			switch key.key {
			case "Profile":
				role.profile = value
			case "DefaultRegion":
				role.region = value
			case "Via":
				role.via = value
			case "ExternalId":
				role.externalID = value
			case "SourceIdentity":
				a.left(what, key.line, "pass it to rolecall exec: --source-identity")
			case "Tags":
				a.left(what, key.line, "tags here are for accounts")
			default:
				a.left(what, key.line, "it has no equivalent here")
			}
		}
		if !isRole(p.key) && (role.via == "" || !isRolePath(p.key)) {
			a.left("role "+p.key, p.line, "it is not the name of a role")
			continue
		}
		account.roles = append(account.roles, role)
	}
	return err
}

// settings takes what config.toml has an equal for.
func (a *awsSSO) settings() {
	s := &a.plan.Settings
	s.Region = a.goodRegion(a.region, a.top["DefaultRegion"].line, "DefaultRegion")
	if name := scalar(a.top["DefaultSSO"].value); name != "" {
		if s.DefaultSession = a.sessions[name]; s.DefaultSession == "" {
			a.left("DefaultSSO", a.top["DefaultSSO"].line, "there is no sign-in %q", name)
		}
	} else if name := a.sessions["Default"]; name != "" && len(a.blocks) > 1 {
		s.DefaultSession = name
	}
	if format := a.top["ProfileFormat"]; scalar(format.value) != "" {
		text, problem := translate(scalar(format.value), awsSSOFields())
		if s.Template = text; problem != "" {
			a.left("ProfileFormat", format.line, "%s: set template in [profiles] of config.toml yourself", problem)
		}
	}
	container := a.browser()
	for _, k := range a.blocks {
		if k.region != "" && k.region != a.region {
			a.left(k.name+": DefaultRegion", k.line, "a region here is for an account, or for all: %s", k.region)
		}
		for _, account := range k.accounts {
			a.account(account, container)
		}
	}
	a.rest()
}

func (a *awsSSO) goodRegion(region string, line int, what string) string {
	if region != "" && !awsconfig.IsRegion(region) {
		a.left(what, line, "%q is not a region", region)
		return ""
	}
	return region
}

func (a *awsSSO) account(account awsSSOAccount, container bool) {
	what := "account " + account.id
	entry := settings.Account{
		Match: account.id, Tags: account.tags, Alias: a.alias(account.id, account.name, account.line),
		Region: a.goodRegion(account.region, account.line, what+": DefaultRegion"),
	}
	a.plan.Settings.Accounts = append(a.plan.Settings.Accounts, entry)
	if account.color+account.icon == "" {
		return
	}
	if !container {
		a.left(what+": colour and icon", account.line, "they are for Firefox containers, which are not in use")
		return
	}
	a.console(settings.Console{
		Match: account.id, Browser: "firefox", Container: containerName, Color: account.color, Icon: account.icon,
	}, account.line)
}

// rest names the keys of the file that nothing was made of.
func (a *awsSSO) rest() {
	reasons := map[string]string{
		"SecureStore":    "secrets are not copied: sign in again",
		"JsonStore":      "secrets are not copied: sign in again",
		"UrlExecCommand": "programs that a file names are not run",
	}
	taken := []string{
		"SSOConfig", "DefaultSSO", "DefaultRegion", "ProfileFormat", "ConfigVariables", "Browser", "UrlAction",
		"FirefoxOpenUrlInContainer", "OpenUrlInContainer",
	}
	var keys []pair
	for _, p := range a.top {
		if !slices.Contains(taken, p.key) {
			keys = append(keys, p)
		}
	}
	slices.SortFunc(keys, func(x, y pair) int { return cmp.Compare(x.line, y.line) })
	for _, p := range keys {
		a.left(p.key, p.line, "%s", cmp.Or(reasons[p.key], "it has no equivalent here"))
	}
}
