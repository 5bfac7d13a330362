package identitycenter

import (
	"net/netip"
	"net/url"
	"strings"
)

// IsLoopback reports whether host (without port) names this machine.
func IsLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.IsLoopback()
}

// SameStartURL compares two start URLs as people write them: host in any case,
// without default port, query, fragment and trailing slash. File names hash the
// URL as written; only comparisons use this.
func SameStartURL(a, b string) bool { return ComparableURL(a) == ComparableURL(b) }

// ComparableURL returns the form of a start URL that SameStartURL compares.
func ComparableURL(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return text
	}
	host := strings.ToLower(u.Host)
	if u.Scheme == "https" {
		host = strings.TrimSuffix(host, ":443")
	}
	return u.Scheme + "://" + host + strings.TrimRight(u.Path, "/")
}
