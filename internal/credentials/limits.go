package credentials

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"rolecall/internal/awsconfig"
)

// A LinkError is a role that STS would refuse to assume with these options, so no request is sent.
type LinkError struct{ RoleARN, Problem string }

// Error names the role and the limit.
func (e *LinkError) Error() string { return fmt.Sprintf("role %s: %s", e.RoleARN, e.Problem) }

// Limits of AssumeRole, from the model of the STS API.
const (
	leastDuration  = 15 * time.Minute
	mostDuration   = 12 * time.Hour
	mostChained    = time.Hour
	mostTags       = 50
	mostPolicies   = 10
	mostPolicyText = 2048 // characters of the policy and the ARNs together
)

// CheckLinks checks the options of each role in a profile's chain against AWS's limits. The error is a *LinkError.
func CheckLinks(profile awsconfig.Profile) error {
	for p := &profile; p != nil && p.Chain != nil; p = p.Chain.Source { // a web identity has no source
		if problem := linkProblem(*p.Chain); problem != "" {
			return &LinkError{p.Chain.RoleARN, problem}
		}
	}
	return nil
}

func linkProblem(c awsconfig.Chain) string {
	name := regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)
	switch {
	case !regexp.MustCompile(`^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]{1,577}$`).MatchString(c.RoleARN):
		return "it is not a role ARN, such as arn:aws:iam::111122223333:role/Deploy"
	case c.RoleSessionName != "" && !name.MatchString(c.RoleSessionName):
		return fmt.Sprintf("the session's name %q must be 2 to 64 letters, digits or _+=,.@-", c.RoleSessionName)
	case c.SourceIdentity != "" && !name.MatchString(c.SourceIdentity):
		return fmt.Sprintf("the source identity %q must be 2 to 64 letters, digits or _+=,.@-", c.SourceIdentity)
	case c.ExternalID != "" && (!regexp.MustCompile(`^[\w+=,.@:/-]{2,}$`).MatchString(c.ExternalID) ||
		len(c.ExternalID) > 1224):
		return fmt.Sprintf("the external id %q must be 2 to 1224 letters, digits or _+=,.@:/-", c.ExternalID)
	case c.Duration != 0 && (c.Duration < leastDuration || c.Duration > mostDuration):
		return fmt.Sprintf("a duration of %s is not between 15m and 12h", short(c.Duration))
	case c.Duration > mostChained && c.Source != nil && c.Source.Temporary():
		return fmt.Sprintf("AWS limits chained roles to 1h, but the duration is %s", short(c.Duration))
	}
	if problem := policyProblem(c); problem != "" {
		return problem
	}
	return tagProblem(c)
}

// short is d without the zeros at its end: 2h, 15m.
func short(d time.Duration) string {
	text := strings.Replace(d.String(), "m0s", "m", 1)
	if hours, ok := strings.CutSuffix(text, "h0m"); ok {
		return hours + "h"
	}
	return text
}

func policyProblem(c awsconfig.Chain) string {
	length := utf8.RuneCountInString(c.Policy)
	for _, arn := range c.PolicyARNs {
		length += utf8.RuneCountInString(arn)
		if !strings.HasPrefix(arn, "arn:") || len(arn) < 20 {
			return fmt.Sprintf("%q is not a policy ARN", arn)
		}
	}
	switch {
	case len(c.PolicyARNs) > mostPolicies:
		return fmt.Sprintf("%d policy ARNs exceed the limit of %d", len(c.PolicyARNs), mostPolicies)
	case length > mostPolicyText:
		return fmt.Sprintf("the policies have %d characters, more than %d", length, mostPolicyText)
	}
	return ""
}

// Compact returns a policy without white space between its parts, which AWS counts. The error says what is wrong with
// the JSON.
func Compact(policy []byte) (string, error) {
	var b bytes.Buffer
	if err := json.Compact(&b, bytes.TrimPrefix(policy, []byte("\ufeff"))); err != nil {
		return "", err
	}
	if !strings.HasPrefix(b.String(), "{") {
		return "", fmt.Errorf("a policy must be a JSON object")
	}
	return b.String(), nil
}

func tagProblem(c awsconfig.Chain) string {
	if len(c.Tags) > mostTags {
		return fmt.Sprintf("%d session tags exceed the limit of %d", len(c.Tags), mostTags)
	}
	var keys []string
	for _, tag := range c.Tags {
		length, lower := utf8.RuneCountInString(tag.Key), strings.ToLower(tag.Key)
		switch {
		case length < 1 || length > 128 || !isTagText(tag.Key):
			return fmt.Sprintf("the session tag %q must be 1 to 128 letters, digits, spaces or _.:/=+-@", tag.Key)
		case utf8.RuneCountInString(tag.Value) > 256 || !isTagText(tag.Value):
			return fmt.Sprintf("the value of session tag %q must be up to 256 letters, digits, spaces or _.:/=+-@",
				tag.Key)
		case strings.HasPrefix(lower, "aws:"):
			return fmt.Sprintf("the session tag %q begins with aws:, which is reserved", tag.Key)
		case slices.Contains(keys, lower):
			return fmt.Sprintf("the session tag %q is given twice", tag.Key)
		}
		keys = append(keys, lower)
	}
	for _, key := range c.TransitiveTags {
		if !slices.Contains(keys, strings.ToLower(key)) {
			return fmt.Sprintf("the transitive tag %q is not one of the session tags", key)
		}
	}
	return ""
}

func isTagText(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		return !unicode.In(r, unicode.L, unicode.N, unicode.Z) && !strings.ContainsRune("_.:/=+-@", r)
	})
}
