package cli

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"rolecall/internal/awsconfig"
	"rolecall/internal/discovery"
	"rolecall/internal/identitycenter"
)

const (
	fipsVariable      = "AWS_USE_FIPS_ENDPOINT"
	dualStackVariable = "AWS_USE_DUALSTACK_ENDPOINT"
)

// fips reports whether AWS's FIPS hosts are asked. As in the SDKs, the environment comes before the profile.
func (a *App) fips(p awsconfig.Profile) bool { return a.switched(fipsVariable, p.UseFIPS) == "true" }

// dualStack reports whether AWS's dual-stack hosts are asked.
func (a *App) dualStack(p awsconfig.Profile) bool {
	return a.switched(dualStackVariable, p.UseDualStack) == "true"
}

// dualStackPortal is dualStack for Identity Center: where nothing is set, a dual-stack start URL leads to its kind.
func (a *App) dualStackPortal(p awsconfig.Profile) bool {
	if said := a.switched(dualStackVariable, p.UseDualStack); said != "" {
		return said == "true"
	}
	return isDualStack(p.Session)
}

func isDualStack(s identitycenter.SSOSession) bool {
	u, err := url.Parse(s.IssuerURL())
	return err == nil && discovery.IsDualStack(u.Hostname())
}

// switched returns "true", "false" or "": what the variable says, else the profile.
func (a *App) switched(variable string, profile awsconfig.Switch) string {
	for _, said := range []string{strings.ToLower(a.Getenv(variable)), profile.Value} {
		if said == "true" || said == "false" {
			return said
		}
	}
	return ""
}

// A cause is a setting that asks for hosts which AWS has in some regions only.
type cause struct{ kind, origin, remedy string }

// explainVariant adds to an error of the network that a setting led to a host which AWS may not have.
func (a *App) explainVariant(err error, r *report) {
	var api *identitycenter.APIError
	if !errors.As(err, &api) || !errors.Is(err, identitycenter.ErrUnavailable) {
		return
	}
	u, urlError := url.Parse(api.Endpoint)
	if urlError != nil {
		return
	}
	host, aws := u.Hostname(), identitycenter.AWS()
	var kinds, origins, remedies []string
	blame := func(c cause) {
		kinds, origins, remedies = append(kinds, c.kind), append(origins, c.origin), append(remedies, c.remedy)
	}
	if aws.IsFIPS(host) {
		blame(a.causeOf("FIPS", fipsVariable, "use_fips_endpoint", a.inForce.UseFIPS))
	}
	if aws.IsDualStack(host) {
		blame(a.causeOf("dual-stack", dualStackVariable, "use_dualstack_endpoint", a.inForce.UseDualStack))
	}
	if len(kinds) == 0 {
		return
	}
	r.Facts = append(r.Facts, fmt.Sprintf("%s is a %s host, asked because of %s; AWS does not have them in every region",
		host, strings.Join(kinds, " and "), strings.Join(origins, " and ")))
	if api.Status == 0 && strings.Contains(api.Description, "no such host") {
		r.Hint = strings.Join(remedies, ", and ")
	}
}

func (a *App) causeOf(kind, variable, key string, set awsconfig.Switch) cause {
	file := a.Tidy(set.Origin.File)
	switch {
	case strings.EqualFold(a.Getenv(variable), "true"):
		return cause{kind, variable, "unset " + variable}
	case set.Value == "true":
		return cause{kind, fmt.Sprintf("%s (%s:%d)", key, file, set.Origin.Line), "take " + key + " out of " + file}
	}
	return cause{kind, "the start URL " + a.inForce.Session.StartURL, "set " + variable + "=false"}
}
