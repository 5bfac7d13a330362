package proxy

import (
	"strings"

	"rolecall/internal/idc/pattern"
)

// A Target is what an AWS host name stands for.
type Target struct {
	Service string // "oidc", "portal.sso", "sts", "sso", "identitystore", "organizations", "signin" or "start"
	Region  string // empty for names without one
}

// Hosts of services: PREFIX[-fips].REGION.SUFFIX.
var (
	service = pattern.New(`^(oidc|portal\.sso|sts|sso|identitystore|organizations|device\.sso)(-fips)?\.((?:us|eu|ap|sa|ca|me|af|il|mx|us-gov|cn|eusc|us-iso|us-isob)-[a-z]+(?:-[a-z]+)?-\d+)\.` +
		`(?:amazonaws\.com|amazonaws\.com\.cn|amazonaws\.eu|api\.aws|api\.amazonwebservices\.com\.cn|api\.amazonwebservices\.eu)$`)
	signin = pattern.New(`^(?:([a-z]+(?:-[a-z]+)+-\d+)\.)?(?:signin\.aws\.amazon\.com|signin\.amazonaws-us-gov\.com|signin\.amazonaws\.cn|signin\.amazonaws-eusc\.eu)$`)
	start  = pattern.New(`^(?:[a-z0-9-]+\.awsapps\.(?:com|cn)|start\.us-gov-home\.awsapps\.com|[a-z0-9.-]+\.(?:app\.aws|portal\.amazonaws\.(?:com|com\.cn|eu)|app\.amazonwebservices\.com\.cn)|identitycenter\.amazonaws\.(?:com|com\.cn|eu))$`)
)

// TargetOf says what a host name stands for; false is a name that this proxy has
// nothing to do with.
func TargetOf(host string) (Target, bool) {
	host = strings.ToLower(host)
	if host == "sts.amazonaws.com" {
		return Target{Service: "sts"}, true
	}
	if m := service().FindStringSubmatch(host); m != nil {
		return Target{Service: m[1], Region: m[3]}, true
	}
	if m := signin().FindStringSubmatch(host); m != nil {
		return Target{Service: "signin", Region: m[1]}, true
	}
	if start().MatchString(host) {
		return Target{Service: "start"}, true
	}
	return Target{}, false
}

// domains are all that the CA may vouch for.
func domains() []string {
	return []string{
		"amazonaws.com", "amazonaws.com.cn", "amazonaws.eu", "amazonaws.cn", "amazonaws-us-gov.com", "amazonaws-eusc.eu", "api.aws", "app.aws", "aws.amazon.com",
		"api.amazonwebservices.com.cn", "api.amazonwebservices.eu", "app.amazonwebservices.com.cn", "awsapps.com", "awsapps.cn",
	}
}
