package imports

import (
	"cmp"
	"slices"
	"strings"

	"rolecall/internal/awsconfig"
)

// fixedProfiles plans a profile for each role that has a name, or is assumed through another.
func (a *awsSSO) fixedProfiles() {
	byRole := map[awsSSOProcess]string{}
	a.wrote = map[string]awsSSOProcess{}
	for _, name := range a.order {
		if p, ok := awsSSOLine(a.builder.sections[name].value("credential_process")); ok {
			a.wrote[name], byRole[p] = p, name
		}
	}
	for _, k := range a.blocks {
		session := a.sessions[k.name]
		if session == "" {
			continue
		}
		for _, account := range k.accounts {
			for _, role := range account.roles {
				role.region = a.goodRegion(
					cmp.Or(role.region, account.region, k.region, a.region), role.line, "role "+role.name+": region")
				role.profile = cmp.Or(role.profile, byRole[awsSSOProcess{k.name, account.id, role.name}])
				if role.profile == "" && role.via != "" {
					role.profile = portable(a.nameOf(account.id) + "-" + role.name)
				}
				a.roles[roleKey{session, account.id, role.name}] = role
			}
		}
	}
	for _, k := range a.blocks {
		for _, account := range k.accounts {
			for _, role := range account.roles {
				key := roleKey{a.sessions[k.name], account.id, role.name}
				if known, ok := a.roles[key]; ok && known.profile != "" && !a.ofProcess(known.profile) {
					a.roleProfile(key, known)
				}
			}
		}
	}
}

// roleProfile plans the profile of a role, and returns its name; "" if there is none.
func (a *awsSSO) roleProfile(key roleKey, role awsSSORole) string {
	keys := a.roleKeys(key, role)
	if keys == nil || !a.profile(role.profile, append(keys, a.extra...)) {
		return ""
	}
	return role.profile
}

// roleKeys returns the keys of a role's profile: of its own, or assumed on those of another profile.
func (a *awsSSO) roleKeys(key roleKey, role awsSSORole) []awsconfig.Key {
	keys := []awsconfig.Key{
		{Name: "sso_session", Value: key.session},
		{Name: "sso_account_id", Value: key.account},
		{Name: "sso_role_name", Value: key.role},
	}
	if role.via != "" {
		source := a.via(key, role)
		if source == "" {
			return nil
		}
		keys = []awsconfig.Key{
			{Name: "role_arn", Value: "arn:" + partition(role.via) + ":iam::" + key.account + ":role/" + key.role},
			{Name: "source_profile", Value: source},
		}
		if role.externalID != "" && patterns()["externalID"].MatchString(role.externalID) {
			keys = append(keys, awsconfig.Key{Name: "external_id", Value: role.externalID})
		}
	}
	if role.region != "" {
		keys = append(keys, awsconfig.Key{Name: "region", Value: role.region})
	}
	return keys
}

// via returns the profile that a role is assumed through, and plans it if there is none.
func (a *awsSSO) via(key roleKey, role awsSSORole) string {
	account, name, ok := roleARN(role.via)
	if !ok { // account:role
		id, rest, _ := strings.Cut(role.via, ":")
		account, name = accountID(id), rest
	}
	what := "role " + key.account + "/" + key.role + ": Via"
	source := roleKey{key.session, account, name}
	if account == "" || !isRole(name) || source == key {
		a.left(what, role.line, "%q is not another role", role.via)
		return ""
	}
	under := a.roles[source]
	if under.via != "" {
		a.left(what, role.line, "it goes through a role that is itself assumed")
		return ""
	}
	if under.profile == "" {
		under.name, under.profile = name, portable(a.nameOf(account)+"-"+name)
		under.region = cmp.Or(under.region, role.region)
		a.roles[source] = under
	}
	if a.ofProcess(under.profile) {
		return under.profile // it is rewritten
	}
	return a.roleProfile(source, under)
}

// nameOf returns the name of an account, or else its id.
func (a *awsSSO) nameOf(id string) string {
	for _, k := range a.blocks {
		for _, account := range k.accounts {
			if account.id == id && portable(account.name) != "" {
				return account.name
			}
		}
	}
	return id
}

// partition returns that of an ARN.
func partition(arn string) string {
	if parts := strings.Split(arn, ":"); parts[0] == "arn" && len(parts) > 1 {
		return parts[1]
	}
	return "aws"
}

// An awsSSOProcess is what a credential_process of aws-sso is for.
type awsSSOProcess struct{ block, account, role string }

func awsSSOLine(line string) (p awsSSOProcess, ok bool) {
	program, args := command(line)
	if program != "aws-sso" || !slices.Contains(args, "process") {
		return p, false
	}
	p.block = flag(args, "-S", "--sso")
	p.account, p.role, _ = roleARN(flag(args, "-a", "--arn"))
	return p, true
}

// ofProcess reports whether a profile of the config file is one that aws-sso wrote.
func (a *awsSSO) ofProcess(name string) bool {
	_, ok := a.wrote[name]
	return ok
}

// processes rewrites the profiles that aws-sso wrote: their names are in scripts, so they stay.
func (a *awsSSO) processes() {
	for _, name := range a.order {
		p, ok := a.wrote[name]
		if !ok {
			continue
		}
		session := a.sessions[p.block]
		if p.block == "" && len(a.blocks) == 1 {
			session = a.sessions[a.blocks[0].name]
		}
		if session == "" || p.account == "" {
			a.leftProfile(name, "its credential_process of aws-sso names no role of a sign-in in %s", a.file)
			continue
		}
		key := roleKey{session, p.account, p.role}
		keys := a.roleKeys(key, a.roles[key])
		if keys == nil {
			continue
		}
		if a.builder.sections[name].value("region") != "" || a.roles[key].region == "" {
			keys = withoutRegion(keys)
		}
		keys[0].Was = "credential_process"
		a.rewrite(name, "aws-sso", keys)
	}
}

func withoutRegion(keys []awsconfig.Key) []awsconfig.Key {
	var rest []awsconfig.Key
	for _, k := range keys {
		if k.Name != "region" {
			rest = append(rest, k)
		}
	}
	return rest
}
