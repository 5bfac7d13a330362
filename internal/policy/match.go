package policy

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"path"
	"strings"
)

// checkPattern returns an error for a pattern that could never match.
func checkPattern(key, pattern string) error {
	if _, err := path.Match(pattern, ""); err != nil {
		return fmt.Errorf("%q is not a pattern", pattern)
	}
	switch {
	case key == "allowed_endpoints" && pattern != awsOwn && (!isURL(pattern) || strings.Count(pattern, "/") > 2):
		return fmt.Errorf("%q is neither aws nor like https://HOST", pattern)
	case key == "allowed_start_urls" && !isURL(pattern):
		return fmt.Errorf("%q is not like https://HOST/PATH", pattern)
	case pattern == "":
		return errors.New("an entry is empty")
	}
	return nil
}

// isURL reports whether a pattern may match an address: with digits for its wildcards, it must match itself. What
// brackets and backslashes match is not tried.
func isURL(pattern string) bool {
	scheme, rest, _ := strings.Cut(pattern, "://")
	sample := strings.NewReplacer("*", "1", "?", "1").Replace(pattern)
	return (scheme == "https" || scheme == "http") && rest != "" &&
		(strings.ContainsAny(pattern, `[\`) || matchesURL(pattern, sample))
}

// awsOwn stands for AWS's own endpoints in allowed_endpoints.
const awsOwn = "aws"

// matchesURL compares scheme, host and path, each for itself: a * in a host must not match a slash.
func matchesURL(pattern, text string) bool {
	scheme, host, place, ok := split(text)
	if !ok {
		return false
	}
	wantedScheme, rest, _ := strings.Cut(pattern, "://")
	wantedHost, wantedPlace, _ := strings.Cut(rest, "/")
	return wantedScheme == scheme && matchesHost(scheme, wantedHost, host) &&
		matches(strings.Trim(wantedPlace, "/#"), place)
}

func matchesHost(scheme, pattern, host string) bool {
	pattern = withoutPort(scheme, strings.ToLower(pattern))
	address, _, _ := strings.Cut(strings.TrimPrefix(pattern, "["), "]")
	if _, err := netip.ParseAddr(address); err == nil && strings.HasPrefix(pattern, "[") {
		pattern = `\` + pattern // the brackets of an IPv6 address are no wildcard
	}
	return matches(pattern, host)
}

func matchesEndpoint(pattern, text string) bool {
	if pattern == awsOwn || text == awsOwn {
		return pattern == text
	}
	scheme, host, _, ok := split(text)
	wantedScheme, wantedHost, _ := strings.Cut(pattern, "://")
	return ok && wantedScheme == scheme && matchesHost(scheme, wantedHost, host)
}

// split returns the parts of an address, without the port that its scheme has anyway.
func split(text string) (scheme, host, place string, ok bool) {
	u, err := url.Parse(text)
	if err != nil || u.User != nil || u.Host == "" {
		return "", "", "", false
	}
	place = strings.NewReplacer("%2F", "/", "%2f", "/").Replace(u.EscapedPath()) // a * matches no slash
	return u.Scheme, withoutPort(u.Scheme, strings.ToLower(u.Host)), strings.Trim(place, "/"), true
}

// withoutPort leaves out the port that the scheme has anyway.
func withoutPort(scheme, host string) string {
	name, _ := strings.CutSuffix(host, map[string]string{"https": ":443", "http": ":80"}[scheme])
	if strings.Contains(name, ":") && !strings.HasSuffix(name, "]") {
		return host // an IPv6 address without brackets
	}
	return name
}

func matchesName(pattern, text string) bool { return text != "" && matches(pattern, text) }

func matches(pattern, text string) bool {
	ok, err := path.Match(pattern, text)
	return err == nil && ok
}
