package console

import (
	"fmt"
	"net/url"
	"strings"

	"rolecall/internal/identitycenter"
)

// host returns the signin or console host for a region.
func host(all identitycenter.Partitions, kind, region string) (string, error) {
	p, ok := all.OfRegion(region)
	if !ok {
		return "", fmt.Errorf("no console is known for region %q", region)
	}
	if region == p.Home {
		return kind + "." + p.Console, nil
	}
	return region + "." + kind + "." + p.Console, nil
}

// Signin returns the origin of AWS's sign-in endpoint for a region.
func Signin(region string) (string, error) { return signin(identitycenter.AWS(), region) }

func signin(all identitycenter.Partitions, region string) (string, error) {
	name, err := host(all, "signin", region)
	return "https://" + name, err
}

// IsSignin reports whether an origin is AWS's sign-in endpoint in the region's partition.
func IsSignin(origin, region string) bool { return isSignin(identitycenter.AWS(), origin, region) }

func isSignin(all identitycenter.Partitions, origin, region string) bool {
	u, err := url.Parse(origin)
	p, ok := all.OfRegion(region)
	return err == nil && ok && u.Scheme == "https" && u.Port() == "" && within(u.Hostname(), "signin."+p.Console)
}

func within(host, domain string) bool { return host == domain || strings.HasSuffix(host, "."+domain) }

// Destination returns the page of the console that text means: a service such as s3 or DDB, a path, or an address,
// which must be a console's in the region's partition. No text means the console's home page. A service that is not
// Known is taken for a path.
func Destination(text, region string) (string, error) {
	return destination(identitycenter.AWS(), text, region)
}

func destination(all identitycenter.Partitions, text, region string) (string, error) {
	name, err := host(all, "console", region)
	if err != nil {
		return "", err
	}
	query := "?" + url.Values{"region": {region}}.Encode()
	switch {
	case strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' || r == '\\' }):
		return "", fmt.Errorf("%q is not a page of the console", text)
	case text == "":
		return "https://" + name + "/console/home" + query, nil
	case isService(strings.ToLower(text)):
		return servicePage(all, strings.ToLower(text), name, query, region), nil
	case strings.HasPrefix(text, "/") && !strings.HasPrefix(text, "//"):
		text = "https://" + name + text
	}
	p, _ := all.OfRegion(region)
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.User != nil || u.Port() != "" ||
		!within(strings.ToLower(u.Host), "console."+p.Console) {
		return "", fmt.Errorf("%q is not a page of the console at %s", text, "console."+p.Console)
	}
	return text, nil
}

// servicePage returns the page of a service at the host of a region.
func servicePage(all identitycenter.Partitions, text, host, query, region string) string {
	s, ok := services()[text]
	if !ok {
		s.path = text
	}
	if p, _ := all.OfRegion(region); s.isGlobal() {
		host, query = "console."+p.Console, ""
	}
	if !strings.HasSuffix(s.path, "/homev2") {
		s.path += "/home"
	}
	if s.fragment != "" {
		query += "#" + s.fragment
	}
	return "https://" + host + "/" + s.path + query
}

func isService(text string) bool {
	return strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// LogoutFirst returns an address that ends the browser's console session, and goes on to link: without AWS's
// multi-session support a second account is refused.
func LogoutFirst(link identitycenter.Secret, region string) (identitycenter.Secret, error) {
	return through(link, region, "/oauth?Action=logout&redirect_uri=")
}

// MultiSession returns an address that switches AWS's multi-session support on in the browser, and goes on to link.
func MultiSession(link identitycenter.Secret, region string) (identitycenter.Secret, error) {
	return through(link, region, "/sessions/v1/opt-in?redirect_uri=")
}

func through(link identitycenter.Secret, region, path string) (identitycenter.Secret, error) {
	p, ok := identitycenter.AWS().OfRegion(region)
	if !ok {
		return link, fmt.Errorf("no console is known for region %q", region)
	}
	return identitycenter.NewSecret(
		"https://" + p.Home + ".signin." + p.Console + path + url.QueryEscape(link.Reveal())), nil
}
