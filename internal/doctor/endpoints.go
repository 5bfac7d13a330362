package doctor

import (
	"net/url"
	"slices"
	"strings"

	"rolecall/internal/awsconfig"
	"rolecall/internal/identitycenter"
)

// endpoints looks at what sends requests, and with them tokens and keys, to other hosts.
func endpoints() check {
	return check{[]Kind{
		{
			"endpoint.global", Warning, "AWS_ENDPOINT_URL is set.",
			"the AWS CLI and SDKs send all requests there, including sign-ins with their tokens; rolecall ignores it",
		},
		{
			"endpoint.elsewhere", Warning, "A variable sends a service's requests to a host that is not AWS's.",
			"the owner of that host sees tokens and requests",
		},
		{
			"endpoint.local", Note, "A variable sends a service's requests to this machine.",
			"that is right for a local Identity Center or an emulator, and fails once it has stopped",
		},
		{
			"endpoint.in-config", Warning, "A config file sends requests to a host that is not AWS's.",
			"the owner of that host sees tokens and requests",
		},
	}, func(m *Machine, found func(string, Finding)) {
		m.endpointsInEnvironment(found)
		for _, s := range m.report.Sections {
			for _, p := range endpointKeys(s.Properties) {
				if host, local, aws := hostOf(p.Value); !local && !aws {
					found("endpoint.in-config", Finding{
						What: s.Title + ": endpoint_url sends requests to " + host, Where: []string{p.Origin.String()},
						Remedy: []string{"remove the line, unless you trust that host"},
					})
				}
			}
		}
	}}
}

// endpointsInEnvironment reports variables, together for each host.
func (m *Machine) endpointsInEnvironment(found func(string, Finding)) {
	type group struct{ id, host string }
	names, order := map[group][]string{}, []group(nil)
	for _, name := range m.endpointVariables() {
		host, local, aws := hostOf(m.Getenv(name))
		g := group{"endpoint.elsewhere", host}
		switch {
		case name == "AWS_ENDPOINT_URL":
			g.id = "endpoint.global"
		case local:
			g.id = "endpoint.local"
		case aws:
			continue
		}
		if names[g] == nil {
			order = append(order, g)
		}
		names[g] = append(names[g], name)
	}
	for _, g := range order {
		found(g.id, Finding{
			What: listed(names[g]) + " send requests to " + g.host, Where: names[g],
			Remedy: []string{"unset " + strings.Join(names[g], " ")},
		})
	}
}

// endpointVariables lists the variables with an endpoint.
func (m *Machine) endpointVariables() []string {
	var names []string
	for _, entry := range m.Environ {
		name, _, _ := strings.Cut(entry, "=")
		if name == "AWS_ENDPOINT_URL" || strings.HasPrefix(name, "AWS_ENDPOINT_URL_") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return m.set(slices.Compact(names)...)
}

// endpointKeys returns the endpoint_url of a section, and of the blocks in it.
func endpointKeys(properties []awsconfig.ReportProperty) (all []awsconfig.ReportProperty) {
	for _, p := range properties {
		if p.Key == "endpoint_url" && p.Value != "" {
			all = append(all, p)
		}
		all = append(all, endpointKeys(p.Nested)...)
	}
	return all
}

// hostOf returns the host of an address, without the user and password that may be in it.
func hostOf(address string) (host string, local, aws bool) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "what is no address", false, false
	}
	host = strings.ToLower(u.Hostname())
	return u.Host, identitycenter.IsLoopback(host), identitycenter.AWS().HasEndpoint(host)
}
