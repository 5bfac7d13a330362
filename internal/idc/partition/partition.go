// Package partition is a table of AWS's partitions as servers see them: what ARNs start with, and which host names
// belong to which service. A new partition is one row of AWS.
package partition

import (
	"cmp"
	"slices"
	"strings"
)

// A Partition is a separate part of AWS, with ARNs and host names of its own.
type Partition struct {
	Name    string   // the second part of ARNs
	Regions []string // what its regions' names begin with: "us" is of us-east-1
	// Services are the domains of service hosts: SERVICE.REGION.DOMAIN.
	Services []string
	// Global maps hosts without a region to their service.
	Global  map[string]string
	SignIn  string // host of the console's sign-in; regions have REGION.SignIn
	Console string // host of the console; regions have REGION.Console
	Home    string // the region whose console has no region in its host; may be empty
	// Organizations is the only region of AWS Organizations.
	Organizations string
	// Start lists hosts of start URLs. A leading "*." stands for one label, "**." for one or more.
	Start []string
}

// A Table lists all partitions. Unknown regions belong to the first one.
type Table []Partition

// AWS returns the partitions of AWS.
func AWS() Table {
	return Table{{
		Name: "aws", Regions: []string{"us", "eu", "ap", "sa", "ca", "me", "af", "il", "mx"},
		Services: []string{"amazonaws.com", "api.aws"}, Global: map[string]string{"sts.amazonaws.com": "sts"},
		SignIn: "signin.aws.amazon.com", Console: "console.aws.amazon.com", Home: "us-east-1",
		Organizations: "us-east-1",
		Start:         []string{"*.awsapps.com", "**.app.aws", "**.portal.amazonaws.com", "identitycenter.amazonaws.com"},
	}, {
		Name: "aws-us-gov", Regions: []string{"us-gov"}, Services: []string{"amazonaws.com", "api.aws"},
		SignIn: "signin.amazonaws-us-gov.com", Console: "console.amazonaws-us-gov.com", Home: "us-gov-west-1",
		Organizations: "us-gov-west-1",
		Start:         []string{"start.us-gov-home.awsapps.com"},
	}, {
		Name: "aws-cn", Regions: []string{"cn"}, Services: []string{"amazonaws.com.cn", "api.amazonwebservices.com.cn"},
		SignIn: "signin.amazonaws.cn", Console: "console.amazonaws.cn", Home: "cn-north-1",
		Organizations: "cn-northwest-1",
		Start: []string{
			"*.awsapps.cn", "**.portal.amazonaws.com.cn", "**.app.amazonwebservices.com.cn", "identitycenter.amazonaws.com.cn",
		},
	}, {
		Name: "aws-eusc", Regions: []string{"eusc-de"}, Services: []string{"amazonaws.eu", "api.amazonwebservices.eu"},
		SignIn: "signin.amazonaws-eusc.eu", Console: "console.amazonaws-eusc.eu",
		Organizations: "eusc-de-east-1",
		Start:         []string{"**.portal.amazonaws.eu", "identitycenter.amazonaws.eu"},
	}}
}

// Of returns the partition of a region.
func (t Table) Of(region string) Partition {
	if p, ok := t.find(region); ok {
		return p
	}
	return t[0]
}

// find prefers the longest prefix: us-gov-west-1 starts with "us", too.
func (t Table) find(region string) (found Partition, ok bool) {
	longest := ""
	for _, p := range t {
		for _, begin := range p.Regions {
			if rest, of := strings.CutPrefix(region, begin+"-"); of && isPlace(rest) && len(begin) > len(longest) {
				found, longest = p, begin
			}
		}
	}
	return found, longest != ""
}

// isPlace accepts the rest of a region's name after its prefix: a word and a number, as in east-1. Others, such as
// iso-east-1 after us, belong to partitions that the table does not have.
func isPlace(text string) bool {
	word, number, found := strings.Cut(text, "-")
	return found && isMadeOf(word, "abcdefghijklmnopqrstuvwxyz") && len(number) <= 2 && isMadeOf(number, "0123456789")
}

func isMadeOf(text, letters string) bool { return text != "" && strings.Trim(text, letters) == "" }

// Service splits the host of a service, such as portal.sso.eu-west-1.amazonaws.com. Global hosts have no region.
func (t Table) Service(host string) (service, region string, ok bool) {
	for _, p := range t {
		if service, ok = p.Global[host]; ok {
			return service, "", true
		}
		for _, domain := range p.Services {
			front, of := strings.CutSuffix(host, "."+domain)
			dot := strings.LastIndexByte(front, '.')
			if !of || dot < 1 {
				continue
			}
			if q, known := t.find(front[dot+1:]); known && q.Name == p.Name {
				return strings.TrimSuffix(front[:dot], "-fips"), front[dot+1:], true
			}
		}
	}
	return "", "", false
}

// Signs reports whether a request to host may be signed for a service in a region, at an instance in its own region.
// AWS's hosts accept their own region only. Other hosts count as all of AWS's in the instance's partition: STS is in
// every region; the instance's services are where it is; Organizations has one region, but clients that are sent to
// another host sign for the region they work in.
func (t Table) Signs(host, service, region, own string) bool {
	home := t.Of(own)
	if p, known := t.find(region); !known || p.Name != home.Name {
		return false
	}
	if _, at, ok := t.Service(host); ok && region != cmp.Or(at, home.Home) {
		return false
	}
	return service == "sts" || region == own || service == "organizations" && region == home.Organizations
}

// SignIn reports whether a host belongs to the console's sign-in. Its region is empty if the host does not name one.
func (t Table) SignIn(host string) (region string, ok bool) {
	for _, p := range t {
		if host == p.SignIn {
			return "", true
		}
		if region, ok = strings.CutSuffix(host, "."+p.SignIn); ok {
			_, ok = t.find(region)
			return region, ok
		}
	}
	return "", false
}

// IsConsole reports whether a host belongs to the console, under any prefix.
func (t Table) IsConsole(host string) bool {
	return slices.ContainsFunc(t, func(p Partition) bool { return host == p.Console || matches("**."+p.Console, host) })
}

// ConsoleHost returns the console's host for a region.
func (t Table) ConsoleHost(region string) string {
	p := t.Of(region)
	if region == p.Home {
		return p.Console
	}
	return region + "." + p.Console
}

// IsStart reports whether a host can be that of a start URL.
func (t Table) IsStart(host string) bool {
	return slices.ContainsFunc(t, func(p Partition) bool {
		return slices.ContainsFunc(p.Start, func(pattern string) bool { return matches(pattern, host) })
	})
}

func matches(pattern, host string) bool {
	stars, domain, wild := strings.Cut(pattern, ".")
	if !wild || strings.Trim(stars, "*") != "" {
		return host == pattern
	}
	front, ok := strings.CutSuffix(host, "."+domain)
	if stars == "*" {
		return ok && isLabel(front)
	}
	return ok && !slices.ContainsFunc(strings.Split(front, "."), func(label string) bool { return !isLabel(label) })
}

func isLabel(text string) bool { return isMadeOf(text, "abcdefghijklmnopqrstuvwxyz0123456789-") }

// Domains returns the domains that cover all hosts of all partitions, without duplicates and subdomains.
func (t Table) Domains() []string {
	var all []string
	for _, p := range t {
		all = append(all, p.Services...)
		all = append(all, p.SignIn)
		for host := range p.Global {
			all = append(all, host)
		}
		for _, pattern := range p.Start {
			all = append(all, strings.TrimLeft(pattern, "*."))
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	return slices.DeleteFunc(slices.Clone(all), func(domain string) bool {
		return slices.ContainsFunc(all, func(other string) bool { return strings.HasSuffix(domain, "."+other) })
	})
}
