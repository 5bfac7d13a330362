package awsconfig

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"rolecall/internal/identitycenter"
	"rolecall/internal/near"
)

// doubtful reports values of a section that have the right form, and yet cannot be right.
func (c *Config) doubtful(kind, name string) []Problem {
	if kind == kindServices {
		return nil
	}
	v := c.find(kind, name)
	var all []Problem
	add := func(id, key, remedy, format string, args ...any) {
		all = append(all, Problem{
			ID: id, Origin: v.where(key), Section: kind + " " + quote(name), Key: key, Text: fmt.Sprintf(format, args...),
			Remedy: remedy,
		})
	}
	for _, key := range []string{"sso_region", "region"} {
		region := v.text(key)
		if meant := regionsMeant(region); len(meant) > 0 && (kind == kindProfile || key == "sso_region") {
			add("config.mistyped-region", key, assign(key, strings.Join(meant, " or ")), "%q is not a region of AWS", region)
		}
	}
	c.doubtfulSignIn(v, add)
	if kind == kindProfile {
		c.doubtfulProfile(v, add)
	}
	return all
}

// An adder adds a problem with a key.
type adder func(id, key, remedy, format string, args ...any)

// doubtfulSignIn reports an sso_region that is not where the start URL leads.
func (c *Config) doubtfulSignIn(v *values, add adder) {
	start, region := v.text("sso_start_url"), v.text("sso_region")
	if start == "" {
		if section := c.find(kindSession, v.text("sso_session")); section != nil {
			start = section.text("sso_start_url")
		}
	}
	u, err := url.Parse(start)
	if err != nil || region == "" || !IsRegion(region) {
		return
	}
	all := identitycenter.AWS()
	own, known := all.OfRegion(region)
	said, of := all.StartRegion(u.Hostname()), all.OfStartHost(u.Hostname())
	same := func(p identitycenter.Partition) bool { return p.Name == own.Name }
	switch {
	case said != "" && said != region:
		add("config.start-url-region", "sso_region", assign("sso_region", said),
			"%q is not the region in the start URL, which is %s", region, said)
	case known && len(of) > 0 && !slices.ContainsFunc(of, same):
		add("config.start-url-region", "sso_region", "write the region of the Identity Center, as the AWS console shows it",
			"%q is a region of the partition %s, the start URL is one of %s", region, own.Name, of[0].Name)
	}
}

// doubtfulProfile reports what only profiles have.
func (c *Config) doubtfulProfile(v *values, add adder) {
	if role := v.text("sso_role_name"); permissionSetOf(role) != role {
		add("config.role-of-iam", "sso_role_name", assign("sso_role_name", permissionSetOf(role)),
			"is an IAM role name; use the name of the permission set")
	}
	for _, key := range []string{"use_fips_endpoint", "use_dualstack_endpoint"} {
		value := strings.ToLower(v.text(key))
		if value == "" || value == "true" || value == "false" {
			continue
		}
		add("config.neither-true-nor-false", key, assign(key, boolean(value)),
			"%q is neither true nor false: botocore and the Go SDK read it as false, "+
				"the JavaScript SDK fails", firstLine(v.text(key)))
	}
	session := c.rootSession(v.name)
	own, known := identitycenter.AWS().OfRegion(session.Region)
	its, too := identitycenter.AWS().OfRegion(v.text("region"))
	if known && too && own.Name != its.Name {
		add("config.region-of-partition", "region", assign("region", session.Region)+" or another one of "+own.Name,
			"%q is a region of the partition %s, where keys of session %q are not valid", v.text("region"), its.Name,
			session.Label())
	}
}

// rootSession returns the session whose keys a profile uses, directly or through its chain; none if it has mistakes.
func (c *Config) rootSession(profile string) identitycenter.SSOSession {
	p, err := c.Profile(profile)
	if err != nil {
		return identitycenter.SSOSession{}
	}
	return p.Root().Session
}

// scopes reports a session whose tokens cannot be used at the access portal. That is a mistake if profiles need it,
// unless the session is for another service, such as CodeCatalyst.
func (c *Config) scopes(kind, name string) (p Problem, mistake bool) {
	if kind != kindSession {
		return p, false
	}
	session, err := c.Session(name)
	if err != nil || session.ReachesPortal() {
		return p, false
	}
	const key = "sso_registration_scopes"
	others := slices.DeleteFunc(slices.Clone(session.Scopes), func(scope string) bool { return !ofOtherService(scope) })
	p = Problem{
		ID:     "config.scopes",
		Origin: c.SessionKey(name, key), Section: kind + " " + quote(name), Key: key,
		Text:   "tokens with these scopes cannot list accounts or get role credentials",
		Remedy: assign(key, strings.Join(append([]string{identitycenter.AccessScope}, others...), ",")),
	}
	return p, len(others) < len(session.Scopes) || c.needsPortal(name)
}

// ofOtherService reports whether a scope is another service's.
func ofOtherService(scope string) bool {
	service, _, of := strings.Cut(scope, ":")
	return of && service != "sso" && near.Within(4, scope, []string{identitycenter.AccessScope}) == ""
}

// needsPortal reports whether a profile of a session has an account or a role.
func (c *Config) needsPortal(session string) bool {
	return slices.ContainsFunc(c.ProfileNames(), func(name string) bool {
		v := c.find(kindProfile, name)
		return v.text("sso_session") == session && (v.text("sso_account_id") != "" || v.text("sso_role_name") != "")
	})
}

// permissionSetOf returns the permission set of a role with its name in IAM; other names as they are. No permission set
// has such a name: it would be too long.
func permissionSetOf(role string) string {
	name, hash := identitycenter.PermissionSet(role)
	if len(hash) != 16 || strings.Trim(hash, "0123456789abcdef") != "" {
		return role
	}
	return name
}

// boolean returns the truth value that was meant, or "true or false" if that is not clear.
func boolean(value string) string {
	switch cleanValue(value) {
	case "true", "yes", "y", "1", "on", "enable", "enabled", "ture", "t":
		return "true"
	case "false", "no", "n", "0", "off", "disable", "disabled", "flase", "f", "none":
		return "false"
	}
	return "true or false"
}

// directions are the words before the number in names of regions.
const directions = "north south east west central northeast northwest southeast southwest"

// regionsMeant returns the regions that were meant by one with a mistyped direction. Regions come and go, so a word
// that is not nearly a direction may be a new one.
func regionsMeant(region string) []string {
	if !IsRegion(region) {
		return nil
	}
	parts, known := strings.Split(region, "-"), strings.Fields(directions)
	n := len(parts) - 2
	with := func(n int, word string) string {
		return strings.Join(append(slices.Clone(parts[:n]), word, parts[len(parts)-1]), "-")
	}
	if joined := parts[n-1] + parts[n]; slices.Contains(known, joined) {
		return []string{with(n-1, joined)} // ap-south-east-1
	}
	if slices.Contains(known, parts[n]) || len(parts[n]) < 3 {
		return nil
	}
	var meant []string
	for mistakes := 1; mistakes <= max(1, min(2, len(parts[n])/4)) && meant == nil; mistakes++ {
		for _, direction := range known {
			if near.Within(mistakes, parts[n], []string{direction}) != "" {
				meant = append(meant, with(n, direction))
			}
		}
	}
	return meant
}
