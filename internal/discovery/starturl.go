// Package discovery derives what an sso-session needs from the text that a person has: the start URL in the
// form that tools take, and the region of its Identity Center. It uses the HTTP client that it is given, sends
// nothing but the address, and keeps to itself how AWS's hosts and start pages are written.
package discovery

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"rolecall/internal/identitycenter"
)

// A StartURLError is a text that is not a start URL, and why.
type StartURLError struct{ Text, Problem string }

// Error names the text and the problem.
func (e *StartURLError) Error() string {
	return fmt.Sprintf("%q is not a start URL: %s", e.Text, e.Problem)
}

// portals are the access portals of a table of partitions.
type portals struct{ identitycenter.Partitions }

func ofAWS() portals { return portals{identitycenter.AWS()} }

// has reports whether host, in lower case, serves start pages.
func (p portals) has(host string) bool { return p.StartDomain(host) != "" }

// StartURL returns the start URL that text means, in the form that all tools take: text may lack https:// or
// /start, end in / or #/, be a deep link of the portal, or just an alias or the id of an instance. An address on
// this machine stays http. Errors are *StartURLError.
func StartURL(text string) (string, error) { return ofAWS().startURL(text) }

func (p portals) startURL(text string) (string, error) {
	fail := func(format string, args ...any) (string, error) {
		return "", &StartURLError{text, fmt.Sprintf(format, args...)}
	}
	trimmed := strings.TrimSpace(text)
	switch {
	case trimmed == "":
		return fail("it is empty")
	case len(trimmed) > 2048:
		return "", &StartURLError{trimmed[:40] + "…", "it is too long"}
	case strings.ContainsFunc(trimmed, func(r rune) bool { return r <= ' ' || r > '~' }):
		return fail("it contains spaces, or characters that are not allowed in a URL")
	}
	if name := strings.TrimRight(trimmed, "/#"); name != "" && !strings.ContainsAny(name, "./:#?@[") {
		return p.ofName(strings.ToLower(name), fail)
	}
	u, err := parse(trimmed)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return fail("it is not an address")
	case u.Scheme != "https" && u.Scheme != "http":
		return fail("it is not an https address")
	case u.User != nil: // and maybe a password, which is not repeated
		return "", &StartURLError{u.Host, "it has a user name in it"}
	}
	return p.ofURL(u, fail)
}

// Alias returns the alias in a start URL's host, such as corp of corp.awsapps.com; "" when it has none.
func Alias(host string) string {
	label, domain, _ := strings.Cut(strings.ToLower(host), ".")
	if label == "start" || strings.HasPrefix(label, "d-") || identitycenter.IsInstance(label) {
		return ""
	}
	for _, p := range identitycenter.AWS() {
		if slices.Contains(p.Portals, domain) {
			return label
		}
	}
	return ""
}

// ID returns the id in a start URL, of a directory (d-1234567890) or an instance (ssoins-…); "" without one.
func ID(u *url.URL) string {
	label, _, _ := strings.Cut(strings.ToLower(u.Hostname()), ".")
	for _, part := range append(strings.Split(strings.ToLower(u.Path), "/"), label) {
		if identitycenter.IsInstance(part) || strings.HasPrefix(part, "d-") && isLabel(part) {
			return part
		}
	}
	return ""
}

// failure makes the error of StartURL.
type failure func(format string, args ...any) (string, error)

// parse reads an address that may lack its scheme: https is assumed, and http on this machine.
func parse(text string) (*url.URL, error) {
	if !strings.Contains(text, "://") {
		u, err := url.Parse("//" + text)
		if err != nil {
			return nil, err
		}
		u.Scheme = "https"
		if identitycenter.IsLoopback(u.Hostname()) {
			u.Scheme = "http"
		}
		return u, nil
	}
	return url.Parse(text)
}

// ofName returns the start URL of an alias, or of an instance.
func (p portals) ofName(name string, fail failure) (string, error) {
	usual := p.Partitions[0]
	switch {
	case identitycenter.IsInstance(name):
		return "https://" + usual.Issuer + "/" + name, nil
	case len(name) == 12 && strings.Trim(name, "0123456789") == "":
		return fail("that is an account id; a start URL looks like https://d-1234567890.awsapps.com/start")
	case !isLabel(name):
		return fail("that is neither an address nor an alias")
	}
	// AWS may use the host for something else, such as start.awsapps.com.
	return p.ofURL(&url.URL{Scheme: "https", Host: name + "." + usual.Portals[0], Path: "/start"}, fail)
}

func isLabel(text string) bool { return matches(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`, text) }

func matches(pattern, text string) bool { return regexp.MustCompile(pattern).MatchString(text) }

// ofURL returns the start URL of an address: without query, fragment and default port.
func (p portals) ofURL(u *url.URL, fail failure) (string, error) {
	host, port := strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")), u.Port()
	if u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		port = ""
	}
	path := "/" + strings.Trim(u.EscapedPath(), "/")
	switch {
	case strings.ContainsAny(host, "[]"): // as in "::1]:"
		return fail("it is not an address")
	case identitycenter.IsLoopback(host):
		if path == "/" {
			path = "/start"
		}
		return u.Scheme + "://" + joined(host, port) + path, nil
	case p.has(host):
		if port != "" {
			return fail("AWS's start URLs have no port")
		}
		path, err := p.path(host, strings.TrimSuffix(path, "/"), fail)
		if err != nil {
			return "", err
		}
		return "https://" + host + path, nil
	case u.Scheme != "https":
		return fail("http is for addresses on this machine only")
	case !isHostName(host):
		return fail("%q is not a host name", host)
	}
	return "https://" + joined(host, port) + strings.TrimSuffix(path, "/"), nil
}

func joined(host, port string) string {
	if port != "" {
		return net.JoinHostPort(host, port)
	}
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

func isHostName(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	label := func(l string) bool { return !isLabel(l) }
	return strings.Contains(host, ".") && !slices.ContainsFunc(strings.Split(host, "."), label)
}

// path returns the path that belongs to a host of AWS: /directory/ID, /ssoins-ID, none for the host of one
// instance, else /start.
func (p portals) path(host, path string, fail failure) (string, error) {
	domain := p.StartDomain(host)
	label, rest, _ := strings.Cut(host, ".")
	hasInstances := func(x identitycenter.Partition) bool { return slices.Contains(x.Instances, domain) }
	switch {
	case domain == host:
		id, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
		if id = strings.ToLower(id); !identitycenter.IsInstance(id) {
			return fail("the instance is missing: https://%s/ssoins-…", host)
		}
		return "/" + id, nil
	case slices.ContainsFunc(p.Partitions, hasInstances):
		if !identitycenter.IsInstance(label) {
			return fail("the host must begin with the instance: ssoins-….%s", rest)
		}
		return "", nil
	case label == "start":
		id, found := strings.CutPrefix(path, "/directory/")
		if id, _, _ = strings.Cut(strings.ToLower(id), "/"); !found || !isLabel(id) {
			return fail("the directory is missing: https://%s/directory/d-…", host)
		}
		return "/directory/" + id, nil
	case rest != domain || !isLabel(label):
		return fail("%q is not the host of an access portal", host)
	case path != "" && path != "/start" && !strings.HasPrefix(path, "/start/"):
		return fail("an access portal is at https://%s/start", host)
	}
	return "/start", nil
}
