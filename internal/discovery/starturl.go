// Package discovery finds what an sso-session needs from the text that a person has:
// the start URL in the form that tools take, and the region of its Identity Center. It
// asks with the HTTP client that it is given, sends nothing but the address, and keeps
// to itself how AWS's hosts and start pages are written.
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

// A StartURLError is a text that is no start URL, and why.
type StartURLError struct{ Text, Problem string }

// Error names the text and the problem.
func (e *StartURLError) Error() string {
	return fmt.Sprintf("%q is no start URL: %s", e.Text, e.Problem)
}

// suffixes of AWS's start URLs, as the AWS CLI knows them.
var suffixes = [...]string{
	".app.aws", ".portal.amazonaws.com", ".portal.amazonaws.com.cn", ".portal.amazonaws.eu", ".app.amazonwebservices.com.cn",
	".api.amazonwebservices.eu", ".awsapps.com", ".awsapps.cn",
}

// issuers are the hosts whose start URLs name the instance in the path.
var issuers = [...]string{
	"identitycenter.amazonaws.com", "identitycenter.amazonaws.com.cn", "identitycenter.amazonaws.eu", "identitycenter.us-gov.amazonaws.com",
}

// ownedByAWS reports whether host, in lower case, serves start pages of AWS.
func ownedByAWS(host string) bool {
	return slices.Contains(issuers[:], host) ||
		slices.ContainsFunc(suffixes[:], func(s string) bool { return len(host) > len(s) && strings.HasSuffix(host, s) })
}

// StartURL gives the start URL that text means, in the form that all tools take: text
// may lack https:// or /start, end in / or #/, be a deep link of the portal, or just an
// alias or the id of an instance. An address on this machine stays http. What is none is
// a *StartURLError.
func StartURL(text string) (string, error) {
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
		return fail("it holds blanks, or letters that are not of an address")
	}
	if name := strings.TrimRight(trimmed, "/#"); name != "" && !strings.ContainsAny(name, "./:#?@[") {
		return ofName(strings.ToLower(name), fail)
	}
	u, err := parse(trimmed)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return fail("it is no address")
	case u.Scheme != "https" && u.Scheme != "http":
		return fail("it is not an https address")
	case u.User != nil:
		return "", &StartURLError{u.Host, "there is a user name before it"} // and maybe a password, which is not repeated
	}
	return ofURL(u, fail)
}

// failure makes the error of StartURL.
type failure func(format string, args ...any) (string, error)

// parse reads an address that may lack its scheme: then it is https, and http on this
// machine.
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

// ofName gives the start URL of what stands before .awsapps.com, or of an instance.
func ofName(name string, fail failure) (string, error) {
	switch {
	case isInstance(name):
		return "https://" + issuers[0] + "/" + name, nil
	case len(name) == 12 && strings.Trim(name, "0123456789") == "":
		return fail("that is an account id; the start URL looks like https://d-1234567890.awsapps.com/start")
	case !isLabel(name):
		return fail("that is neither an address nor the alias of one")
	}
	return "https://" + name + ".awsapps.com/start", nil
}

func isLabel(text string) bool { return matches(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`, text) }

// isInstance: ssoins- and sixteen hexadecimal digits.
func isInstance(text string) bool { return matches(`^ssoins-[0-9a-f]{16}$`, text) }

func matches(pattern, text string) bool { return regexp.MustCompile(pattern).MatchString(text) }

// ofURL gives the start URL of an address: without query, fragment and default port.
func ofURL(u *url.URL, fail failure) (string, error) {
	host, port := strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")), u.Port()
	if u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		port = ""
	}
	path := "/" + strings.Trim(u.EscapedPath(), "/")
	switch {
	case identitycenter.IsLoopback(host):
		if path == "/" {
			path = "/start"
		}
		return u.Scheme + "://" + joined(host, port) + path, nil
	case ownedByAWS(host):
		if port != "" {
			return fail("start URLs of AWS have no port")
		}
		path, err := awsPath(host, strings.TrimSuffix(path, "/"), fail)
		if err != nil {
			return "", err
		}
		return "https://" + host + path, nil
	case u.Scheme != "https":
		return fail("only on this machine it may be http")
	case !isHostName(host):
		return fail("%q is no host name", host)
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
	return strings.Contains(host, ".") && !slices.ContainsFunc(strings.Split(host, "."), func(label string) bool { return !isLabel(label) })
}

// awsPath gives the path that belongs to a host of AWS: /directory/ID, /ssoins-ID, none
// for a host of one instance, else /start.
func awsPath(host, path string, fail failure) (string, error) {
	label, domain, _ := strings.Cut(host, ".")
	apps := strings.HasSuffix(host, ".awsapps.com") || strings.HasSuffix(host, ".awsapps.cn")
	switch {
	case slices.Contains(issuers[:], host):
		id, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
		if id = strings.ToLower(id); !isInstance(id) {
			return fail("the instance is missing: https://%s/ssoins-…", host)
		}
		return "/" + id, nil
	case !apps && !isInstance(label):
		return fail("the host begins with the instance: ssoins-….%s", domain)
	case !apps:
		return "", nil
	case label == "start":
		id, found := strings.CutPrefix(path, "/directory/")
		if id, _, _ = strings.Cut(strings.ToLower(id), "/"); !found || !isLabel(id) {
			return fail("the directory is missing: https://%s/directory/d-…", host)
		}
		return "/directory/" + id, nil
	case strings.Count(host, ".") != 2 || !isLabel(label):
		return fail("%q is no host of an access portal", host)
	case path != "" && path != "/start" && !strings.HasPrefix(path, "/start/"):
		return fail("an access portal is at https://%s/start", host)
	}
	return "/start", nil
}
