package identitycenter

import (
	"slices"
	"strings"
)

// A Partition is one of AWS's separate clouds. Only aws and aws-us-gov share domains of endpoints and start URLs.
type Partition struct {
	Name      string
	Regions   []string // what its regions' names begin with, before the last word and number
	DNSSuffix string   // of its endpoints
	DualStack string   // suffix of its dual-stack endpoints
	Console   string   // its console is at console.<Console>, its sign-in endpoint at signin.<Console>
	Home      string   // the region whose console and sign-in hosts do not begin with a region; may be empty
	Portals   []string // domains of start URLs of the form https://<alias>.<domain>/start
	Instances []string // domains of start URLs whose host begins with the instance, ssoins-…, and holds the region
	Issuer    string   // host of start URLs whose path is the instance
}

// Partitions is a table of partitions. The first one is the default.
type Partitions []Partition

// AWS returns AWS's partitions. Regions are from botocore's partitions.json, start URLs from the AWS CLI's
// validation of them.
func AWS() Partitions {
	return Partitions{
		{
			Name:      "aws",
			Regions:   []string{"us", "eu", "ap", "sa", "ca", "me", "af", "il", "mx"},
			DNSSuffix: "amazonaws.com", DualStack: "api.aws",
			Console: "aws.amazon.com", Home: "us-east-1",
			Portals: []string{"awsapps.com"}, Instances: []string{"app.aws", "portal.amazonaws.com"},
			Issuer: "identitycenter.amazonaws.com",
		},
		{
			Name:    "aws-us-gov",
			Regions: []string{"us-gov"}, DNSSuffix: "amazonaws.com", DualStack: "api.aws",
			Console: "amazonaws-us-gov.com", Home: "us-gov-west-1",
			Portals: []string{"us-gov-home.awsapps.com"}, Instances: []string{"app.aws", "portal.amazonaws.com"},
			Issuer: "identitycenter.us-gov.amazonaws.com",
		},
		{
			Name:    "aws-cn",
			Regions: []string{"cn"}, DNSSuffix: "amazonaws.com.cn", DualStack: "api.amazonwebservices.com.cn",
			Console: "amazonaws.cn", Home: "cn-north-1",
			Portals: []string{"awsapps.cn"}, Instances: []string{"app.amazonwebservices.com.cn", "portal.amazonaws.com.cn"},
			Issuer: "identitycenter.amazonaws.com.cn",
		},
		{
			Name:    "aws-eusc",
			Regions: []string{"eusc-de"}, DNSSuffix: "amazonaws.eu", DualStack: "api.amazonwebservices.eu",
			Console:   "amazonaws-eusc.eu",
			Instances: []string{"api.amazonwebservices.eu", "portal.amazonaws.eu"},
			Issuer:    "identitycenter.amazonaws.eu",
		},
	}
}

// OfRegion returns the partition of a region; false for any text that is not a region of one of these.
func (all Partitions) OfRegion(region string) (Partition, bool) {
	parts := strings.Split(region, "-")
	n := len(parts) - 2
	if n < 1 || len(parts[n+1]) > 2 || !made(parts[n+1], "0123456789") ||
		!made(parts[n], "abcdefghijklmnopqrstuvwxyz") {
		return Partition{}, false
	}
	front := strings.Join(parts[:n], "-")
	i := slices.IndexFunc(all, func(p Partition) bool { return slices.Contains(p.Regions, front) })
	if i < 0 {
		return Partition{}, false
	}
	return all[i], true
}

func made(text, of string) bool { return text != "" && strings.Trim(text, of) == "" }

// HasEndpoint reports whether host, in lower case, is an endpoint of one of these.
func (all Partitions) HasEndpoint(host string) bool {
	return slices.ContainsFunc(all, func(p Partition) bool { return strings.HasSuffix(host, "."+p.DNSSuffix) })
}

// IsDualStack reports whether host, in lower case, is a dual-stack endpoint of one of these.
func (all Partitions) IsDualStack(host string) bool {
	return slices.ContainsFunc(all, func(p Partition) bool { return strings.HasSuffix(host, "."+p.DualStack) })
}

// IsFIPS reports whether host, in lower case, is a FIPS endpoint of one of these, in either form.
func (all Partitions) IsFIPS(host string) bool {
	return strings.Contains(host, "-fips.") && (all.HasEndpoint(host) || all.IsDualStack(host))
}

// StartDomain returns the domain of a start URL's host, which is in lower case: one of Portals, Instances and
// Issuer, the longest if there are several; "" when the host is not AWS's.
func (all Partitions) StartDomain(host string) string {
	longest := ""
	for _, p := range all {
		if p.Issuer == host {
			return host
		}
		for _, domain := range slices.Concat(p.Portals, p.Instances) {
			if len(domain) > len(longest) && strings.HasSuffix(host, "."+domain) {
				longest = domain
			}
		}
	}
	return longest
}

// HasStartDomain reports whether start URLs of p may have this domain; see StartDomain.
func (p Partition) HasStartDomain(domain string) bool {
	return domain == p.Issuer || slices.Contains(p.Portals, domain) || slices.Contains(p.Instances, domain)
}

// IsInstance reports whether text is the id of an instance of Identity Center: ssoins-0123456789abcdef.
func IsInstance(text string) bool {
	id, instance := strings.CutPrefix(text, "ssoins-")
	return instance && len(id) == 16 && made(id, "0123456789abcdef")
}

// StartRegion returns the region that a start URL's host has in its name, or "".
func (all Partitions) StartRegion(host string) string {
	host = strings.ToLower(host)
	domain := all.StartDomain(host)
	labels := strings.Split(strings.TrimSuffix(host, "."+domain), ".")
	if domain == "" || !IsInstance(labels[0]) {
		return ""
	}
	region := labels[len(labels)-1] // ID.portal.REGION.app.aws, ID.REGION.portal.amazonaws.com
	middle := labels[1:max(1, len(labels)-1)]
	before := strings.HasPrefix(domain, "portal.")
	if before && len(middle) != 0 || !before && !slices.Equal(middle, []string{"portal"}) {
		return ""
	}
	if of, ok := all.OfRegion(region); !ok || !slices.Contains(of.Instances, domain) {
		return ""
	}
	return region
}

// OfStartHost returns the partitions whose start URLs may have this host; none when it is not AWS's.
func (all Partitions) OfStartHost(host string) Partitions {
	domain := all.StartDomain(strings.ToLower(host))
	var of Partitions
	for _, p := range all {
		if domain != "" && p.HasStartDomain(domain) {
			of = append(of, p)
		}
	}
	return of
}
