package credentials_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rolecall/internal/awsconfig"
	"rolecall/internal/credentials"
)

const deployARN = "arn:aws:iam::444455556666:role/ops/Deploy"

func tags(n int) (all []awsconfig.Tag) {
	for i := range n {
		all = append(all, awsconfig.Tag{Key: fmt.Sprint("k", i), Value: "v"})
	}
	return all
}

// What AWS would refuse is refused before anything is sent, with the limit; what it allows is not.
func TestLimitsOfRoles(t *testing.T) {
	static, sso := awsconfig.Profile{}, role(payments, "Admin")
	policy := func(n int) string { return `{"a":"` + strings.Repeat("x", n-8) + `"}` }
	arns := func(n int) (all []string) {
		for i := range n {
			all = append(all, fmt.Sprintf("arn:aws:iam::aws:policy/P%d", i))
		}
		return all
	}
	for _, c := range []struct {
		chain awsconfig.Chain
		says  string // "" is allowed
	}{
		{awsconfig.Chain{}, ""},
		{awsconfig.Chain{RoleARN: "arn:aws-us-gov:iam::444455556666:role/x"}, ""},
		{awsconfig.Chain{RoleARN: "arn:aws-cn:iam::444455556666:role/a/b/x@y,z=1"}, ""},
		{awsconfig.Chain{RoleARN: "Deploy"}, "not a role ARN"},
		{awsconfig.Chain{RoleARN: "arn:aws:iam::444455556666:user/x"}, "not a role ARN"},
		{awsconfig.Chain{RoleARN: "arn:aws:iam::4444:role/x"}, "not a role ARN"},
		{awsconfig.Chain{RoleARN: "arn:aws:iam::444455556666:role/x y"}, "not a role ARN"},
		{awsconfig.Chain{RoleARN: deployARN + "\n"}, "not a role ARN"},
		{awsconfig.Chain{RoleSessionName: "ab"}, ""},
		{awsconfig.Chain{RoleSessionName: "a"}, "2 to 64"},
		{awsconfig.Chain{RoleSessionName: strings.Repeat("a", 65)}, "2 to 64"},
		{awsconfig.Chain{RoleSessionName: "a b"}, "2 to 64"},
		{awsconfig.Chain{SourceIdentity: "alice@example.com"}, ""},
		{awsconfig.Chain{SourceIdentity: "é2"}, "source identity"},
		{awsconfig.Chain{ExternalID: strings.Repeat("a", 1224)}, ""},
		{awsconfig.Chain{ExternalID: strings.Repeat("a", 1225)}, "2 to 1224"},
		{awsconfig.Chain{ExternalID: "a"}, "2 to 1224"},
		{awsconfig.Chain{Duration: 15 * time.Minute}, ""},
		{awsconfig.Chain{Duration: time.Hour}, ""},
		{awsconfig.Chain{Duration: 14 * time.Minute}, "15m and 12h"},
		{awsconfig.Chain{Duration: 13 * time.Hour, Source: &static}, "15m and 12h"},
		{awsconfig.Chain{Duration: time.Hour + time.Second}, "limits chained roles to 1h, but the duration is 1h0m1s"},
		{awsconfig.Chain{Duration: 12 * time.Hour, Source: &static}, ""},
		{awsconfig.Chain{Policy: policy(2048)}, ""},
		{awsconfig.Chain{Policy: policy(2049)}, "2049 characters"},
		{awsconfig.Chain{Policy: policy(2040), PolicyARNs: arns(1)}, "2066 characters"},
		{awsconfig.Chain{PolicyARNs: arns(10)}, ""},
		{awsconfig.Chain{PolicyARNs: arns(11)}, "11 policy ARNs"},
		{awsconfig.Chain{PolicyARNs: []string{"ReadOnlyAccess"}}, "not a policy ARN"},
		{awsconfig.Chain{Tags: tags(50)}, ""},
		{awsconfig.Chain{Tags: tags(51)}, "51 session tags"},
		{awsconfig.Chain{Tags: []awsconfig.Tag{{Key: "Größe 1_.:/=+-@", Value: ""}}}, ""},
		{awsconfig.Chain{Tags: []awsconfig.Tag{{Key: strings.Repeat("k", 129)}}}, "1 to 128"},
		{awsconfig.Chain{Tags: []awsconfig.Tag{{Key: "a#"}}}, "1 to 128"},
		{awsconfig.Chain{Tags: []awsconfig.Tag{{Key: "a", Value: strings.Repeat("v", 257)}}}, "256"},
		{awsconfig.Chain{Tags: []awsconfig.Tag{{Key: "a", Value: "\n"}}}, "256"},
		{awsconfig.Chain{Tags: []awsconfig.Tag{{Key: "AWS:x"}}}, "reserved"},
		{awsconfig.Chain{Tags: []awsconfig.Tag{{Key: "a"}, {Key: "A"}}}, "twice"},
		{awsconfig.Chain{Tags: tags(1), TransitiveTags: []string{"K0"}}, ""},
		{awsconfig.Chain{Tags: tags(1), TransitiveTags: []string{"other"}}, "not one of the session tags"},
	} {
		if c.chain.RoleARN == "" {
			c.chain.RoleARN = deployARN
		}
		if c.chain.Source == nil {
			c.chain.Source = &sso
		}
		err := credentials.CheckLinks(awsconfig.Profile{Chain: &c.chain})
		if (err != nil) != (c.says != "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v, want %q", c.chain, err, c.says)
		}
		outer := awsconfig.Profile{Chain: &awsconfig.Chain{RoleARN: deployARN, Source: &awsconfig.Profile{Chain: &c.chain}}}
		if inner := credentials.CheckLinks(outer); (inner != nil) != (err != nil) {
			t.Errorf("below another role: %v, %v", inner, err)
		}
	}
}

func TestCompactPolicies(t *testing.T) {
	for text, want := range map[string]string{
		"{\n \"a\": [1, \"b c\"]\r\n}": `{"a":[1,"b c"]}`, "\ufeff{}": "{}", "": "", "[]": "", `"x"`: "", "{": "", "{}{}": "",
	} {
		if got, err := credentials.Compact([]byte(text)); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}

// All options for a role reach STS, under its API's names.
func TestWhatSTSIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		var asked url.Values
		s.answer(func(_ http.ResponseWriter, r *http.Request) bool {
			body, err := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(body))
			if form, _ := url.ParseQuery(string(body)); err == nil && form.Get("Action") == "AssumeRole" {
				asked = form
			}
			return false
		})
		profile := chainedFrom(role(payments, "Admin"), deployARN, "us-east-1")
		*profile.Chain = awsconfig.Chain{
			RoleARN: deployARN, Source: profile.Chain.Source, ExternalID: "rolecall-sample", Duration: time.Hour / 2,
			Policy: `{"Statement":[]}`, PolicyARNs: []string{"arn:aws:iam::aws:policy/ReadOnlyAccess"},
			Tags: []awsconfig.Tag{{Key: "team", Value: "pay"}}, TransitiveTags: []string{"team"}, SourceIdentity: "alice",
		}
		s.retrieve(t, profile)
		for name, want := range map[string]string{
			"RoleArn": deployARN, "RoleSessionName": "alice", "ExternalId": "rolecall-sample", "DurationSeconds": "1800",
			"Policy": `{"Statement":[]}`, "PolicyArns.member.1.arn": "arn:aws:iam::aws:policy/ReadOnlyAccess",
			"Tags.member.1.Key": "team", "Tags.member.1.Value": "pay", "TransitiveTagKeys.member.1": "team",
			"SourceIdentity": "alice",
		} {
			if asked.Get(name) != want {
				t.Errorf("%s: %q, want %q", name, asked.Get(name), want)
			}
		}
	})
}
