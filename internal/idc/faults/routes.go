package faults

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// The groups of routes, and their members.
const (
	oidcRoutes   = "register+device+token+refresh"
	portalRoutes = "credentials+accounts+roles+logout"
	jsonRoutes   = "register+device+token+refresh+credentials+accounts+roles+admin+console"
	listRoutes   = "accounts+roles"
	keyRoutes    = "credentials"
	allRoutes    = oidcRoutes + "+authorize+" + portalRoutes + "+sts+admin+console"
)

// accountRoutes are those whose requests name an account.
func accountRoutes() []string { return []string{"roles", "credentials"} }

// Routes returns the names of all routes, groups last.
func Routes() []string { return append(strings.Split(allRoutes, "+"), "oidc", "portal", "all") }

// expand returns the single routes in names joined by "+".
func expand(text string) ([]string, error) {
	var routes []string
	for name := range strings.SplitSeq(text, "+") {
		group, isGroup := map[string]string{"oidc": oidcRoutes, "portal": portalRoutes, "all": allRoutes}[name]
		switch {
		case isGroup:
			routes = append(routes, strings.Split(group, "+")...)
		case slices.Contains(Routes(), name):
			routes = append(routes, name)
		default:
			return nil, fmt.Errorf("unknown route %q%s; routes are %s", name, meant(name, Routes()),
				strings.Join(Routes(), ", "))
		}
	}
	return routes, nil
}

// anyRoute is a connection whose requests cannot be read: HTTP/2.
const anyRoute = "*"

// routeOf returns the route of a request, or "" if no faults are played on it.
func routeOf(r *http.Request) string {
	switch r.URL.Path {
	case "/client/register":
		return "register"
	case "/device_authorization":
		return "device"
	case "/token":
		return grantOf(r)
	case "/federation/credentials":
		return "credentials"
	case "/assignment/accounts":
		return "accounts"
	case "/assignment/roles":
		return "roles"
	case "/authorize", "/logout":
		return r.URL.Path[1:]
	case "/federation":
		return "console"
	case "*":
		return anyRoute
	case "/":
		return rootOf(r)
	}
	if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/consent") { // where /authorize leads to
		return "authorize"
	}
	return ""
}

// rootOf distinguishes the services at /.
func rootOf(r *http.Request) string {
	switch {
	case r.Header.Get("X-Amz-Target") != "":
		return "admin"
	case r.Method == http.MethodPost, r.URL.Query().Has("Action"):
		return "sts"
	}
	return ""
}

// maxPeek bounds how much of a body is inspected.
const maxPeek = 64 << 10

// grantOf distinguishes refreshes from other grants.
func grantOf(r *http.Request) string {
	var in struct {
		GrantType string `json:"grantType"`
	}
	if err := json.Unmarshal(peek(r), &in); err == nil && in.GrantType == "refresh_token" {
		return "refresh"
	}
	return "token"
}

// peek returns the start of a body, and leaves it to be read again.
func peek(r *http.Request) []byte {
	if r.Body == nil {
		return nil
	}
	head, _ := io.ReadAll(io.LimitReader(r.Body, maxPeek)) // later readers meet the error, too
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(head), r.Body), r.Body}
	return head
}

// serviceRoutes are the routes behind an AWS host name.
func serviceRoutes(host string) []string {
	group := "admin"
	for prefix, routes := range map[string]string{
		"oidc": oidcRoutes + "+authorize", "portal": portalRoutes, "sts": "sts", "signin": "console",
	} {
		if service, _, _ := strings.Cut(host, "."); service == prefix || service == prefix+"-fips" {
			group = routes
		}
	}
	return strings.Split(group, "+")
}

// replaceBody replaces the request's body.
func (c *call) replaceBody(body []byte) {
	c.r.Body = io.NopCloser(bytes.NewReader(body))
	c.r.ContentLength = int64(len(body))
}
