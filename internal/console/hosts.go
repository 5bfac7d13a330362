package console

import (
	"fmt"
	"net/url"
	"strings"

	"rolecall/internal/identitycenter"
)

// A domain is where a partition's console is, and the region whose hosts have no region
// before them.
type domain struct{ name, home string }

func domainOf(partition string) (d domain, ok bool) {
	d, ok = map[string]domain{
		"aws":        {"aws.amazon.com", "us-east-1"},
		"aws-us-gov": {"amazonaws-us-gov.com", "us-gov-west-1"},
		"aws-cn":     {"amazonaws.cn", "cn-north-1"},
		"aws-eusc":   {"amazonaws-eusc.eu", ""},
	}[partition]
	return d, ok
}

// host gives kind (signin or console) for a region.
func host(kind, region string) (string, error) {
	d, ok := domainOf(identitycenter.Partition(region))
	if !ok {
		return "", fmt.Errorf("the console of region %q is not known", region)
	}
	if region == d.home {
		return kind + "." + d.name, nil
	}
	return region + "." + kind + "." + d.name, nil
}

// Signin gives the origin of AWS's sign-in endpoint for a region.
func Signin(region string) (string, error) {
	name, err := host("signin", region)
	return "https://" + name, err
}

// IsSignin reports whether an origin is AWS's sign-in endpoint of the region's partition.
func IsSignin(origin, region string) bool {
	u, err := url.Parse(origin)
	d, ok := domainOf(identitycenter.Partition(region))
	return err == nil && ok && u.Scheme == "https" && u.Port() == "" && within(u.Hostname(), "signin."+d.name)
}

func within(host, domain string) bool { return host == domain || strings.HasSuffix(host, "."+domain) }

// Destination gives the page of the console that text means: a service such as s3, a
// path, or an address, which must be of the console of the region's partition. Nothing
// is the console's home page.
func Destination(text, region string) (string, error) {
	name, err := host("console", region)
	if err != nil {
		return "", err
	}
	query := "?" + url.Values{"region": {region}}.Encode()
	switch {
	case strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' || r == '\\' }):
		return "", fmt.Errorf("%q is no page of the console", text)
	case text == "":
		return "https://" + name + "/console/home" + query, nil
	case isService(text):
		return "https://" + name + "/" + text + "/home" + query, nil
	case strings.HasPrefix(text, "/") && !strings.HasPrefix(text, "//"):
		text = "https://" + name + text
	}
	d, _ := domainOf(identitycenter.Partition(region))
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.User != nil || u.Port() != "" || !within(strings.ToLower(u.Host), "console."+d.name) {
		return "", fmt.Errorf("%q is no page of the console at %s", text, "console."+d.name)
	}
	return text, nil
}

func isService(text string) bool {
	return strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
