package federation

import (
	"net/url"
	"strings"

	"rolecall/internal/idc/pattern"
)

// A Destination is the console page that a link names.
type Destination struct {
	URL     string // untrusted
	Console bool   // a page of AWS's console, which links may lead to
	Region  string // empty if unknown
	Service string
}

var regionName = pattern.New(`^[a-z]{2,4}(?:-[a-z]+)+-\d+$`)

func (s *Server) destination(text string) Destination {
	d := Destination{URL: text}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.User != nil || !s.o.Partitions.IsConsole(u.Host) {
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

// ConsoleHome returns the address of the console's first page in a region.
func (s *Server) ConsoleHome(region string) string {
	return "https://" + s.o.Partitions.ConsoleHost(region) + "/console/home?" + url.Values{"region": {region}}.Encode()
}
