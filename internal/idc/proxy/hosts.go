package proxy

import (
	"slices"
	"strings"

	"rolecall/internal/idc/partition"
)

// A Target is what an AWS host name refers to.
type Target struct {
	Service string // "oidc", "portal.sso", "sts", "sso", "identitystore", "organizations", "signin" or "start"
	Region  string // empty for names without one
}

// played lists the services that an Identity Center stands in for.
func played() []string {
	return []string{"oidc", "portal.sso", "sts", "sso", "identitystore", "organizations", "device.sso"}
}

// targetOf returns what a host name refers to, and false for names that are none of the proxy's business.
func targetOf(t partition.Table, host string) (Target, bool) {
	host = strings.ToLower(host)
	if service, region, ok := t.Service(host); ok && slices.Contains(played(), service) {
		return Target{service, region}, true
	}
	if region, ok := t.SignIn(host); ok {
		return Target{"signin", region}, true
	}
	return Target{Service: "start"}, t.IsStart(host)
}
