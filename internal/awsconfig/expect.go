package awsconfig

import "strings"

// An Expectation is whose keys a profile must lead to. What is empty is not expected.
type Expectation struct {
	Account string // id
	Role    string // the permission set, or the role that is assumed
	User    string // the name of the role session
}

// Expected returns what the comments directly above a profile's header expect, a line each: "# expect_account = ID",
// "# expect_role = NAME", "# expect_user = NAME". SDKs ignore them.
func (c *Config) Expected(profile string) Expectation {
	var e Expectation
	d := c.config
	for _, s := range c.sections(d, kindProfile, profile) {
		for start, end := d.Above(s.Head); start < end; start, end = d.Above(start) {
			line, isComment := strings.CutPrefix(strings.TrimSpace(d.Text(start, end)), "#")
			if !isComment {
				break
			}
			key, value, _ := strings.Cut(line, "=")
			e.set(strings.TrimSpace(key), strings.TrimSpace(value))
		}
	}
	return e
}

func (e *Expectation) set(key, value string) {
	switch key {
	case "expect_account":
		e.Account = value
	case "expect_role":
		e.Role = value
	case "expect_user":
		e.User = value
	}
}
