package federation

import (
	"net/url"
	"strings"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/pattern"
)

// A Destination is a page of the console as a link names it.
type Destination struct {
	URL     string // untrusted
	Console bool   // it is a page of AWS's console, so that a link may lead there
	Region  string // empty when it does not say
	Service string
}

// consoleHost are the consoles of the partitions, with a region or another name
// before them.
var consoleHost = pattern.New(`^(?:[a-z0-9-]+\.)*console\.(?:aws\.amazon\.com|amazonaws-us-gov\.com|amazonaws\.cn|amazonaws-eusc\.eu)$`)

var regionName = pattern.New(`^[a-z]{2,4}(?:-[a-z]+)+-\d+$`)

func destinationOf(text string) Destination {
	d := Destination{URL: text}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.User != nil || !consoleHost().MatchString(u.Host) {
		return d
	}
	d.Console = true
	d.Service, _, _ = strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	if d.Service == "" || d.Service == "console" {
		d.Service = "the console's home page"
	}
	first, _, _ := strings.Cut(u.Host, ".")
	for _, region := range []string{u.Query().Get("region"), first} {
		if regionName().MatchString(region) {
			d.Region = region
			break
		}
	}
	return d
}

// ConsoleHome is the first page of the console in a region.
func ConsoleHome(region string) string {
	host := map[string]string{
		"aws": "console.aws.amazon.com", "aws-us-gov": "console.amazonaws-us-gov.com", "aws-cn": "console.amazonaws.cn", "aws-eusc": "console.amazonaws-eusc.eu",
	}[directory.Partition(region)]
	if region != "us-east-1" && region != "us-gov-west-1" && region != "cn-north-1" {
		host = region + "." + host
	}
	return "https://" + host + "/console/home?" + url.Values{"region": {region}}.Encode()
}
