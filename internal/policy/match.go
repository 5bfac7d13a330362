package policy

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path"
	"strings"
)

// checkPattern returns an error for a pattern that could never match.
func checkPattern(key, pattern string) error {
	if _, err := path.Match(pattern, ""); err != nil {
		return fmt.Errorf("%q is not a pattern", pattern)
	}
	scheme, rest, _ := strings.Cut(pattern, "://")
	switch isURL := scheme == "https" || scheme == "http"; {
	case key == "allowed_endpoints" && pattern == awsOwn:
	case key == "allowed_endpoints" && (!isURL || strings.Contains(rest, "/")):
		return fmt.Errorf("%q is neither aws nor like https://HOST", pattern)
	case key == "allowed_start_urls" && (!isURL || rest == ""):
		return fmt.Errorf("%q is not like https://HOST/PATH", pattern)
	case pattern == "":
		return errors.New("an entry is empty")
	}
	return nil
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
	return wantedScheme == scheme && matches(strings.ToLower(wantedHost), host) &&
		matches(strings.TrimRight(wantedPlace, "/#"), place)
}

func matchesEndpoint(pattern, text string) bool {
	if pattern == awsOwn || text == awsOwn {
		return pattern == text
	}
	scheme, host, _, ok := split(text)
	wantedScheme, wantedHost, _ := strings.Cut(pattern, "://")
	return ok && wantedScheme == scheme && matches(strings.ToLower(wantedHost), host)
}

// split returns the parts of an address, without the port that its scheme has anyway.
func split(text string) (scheme, host, place string, ok bool) {
	u, err := url.Parse(text)
	if err != nil || u.User != nil || u.Host == "" {
		return "", "", "", false
	}
	host = strings.ToLower(u.Host)
	usual := map[string]string{"https": "443", "http": "80"}[u.Scheme]
	if name, port, err := net.SplitHostPort(host); err == nil && port == usual {
		host = name
	}
	return u.Scheme, host, strings.Trim(u.Path, "/"), true
}

func matchesName(pattern, text string) bool { return text != "" && matches(pattern, text) }

func matches(pattern, text string) bool {
	ok, err := path.Match(pattern, text)
	return err == nil && ok
}
