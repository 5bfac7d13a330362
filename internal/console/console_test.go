package console

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"rolecall/internal/identitycenter"
	"rolecall/internal/identitycenter/client"
)

func TestHosts(t *testing.T) {
	for region, want := range map[string][2]string{
		"us-east-1": {"https://signin.aws.amazon.com", "https://console.aws.amazon.com/console/home?region=us-east-1"},
		"eu-west-1": {
			"https://eu-west-1.signin.aws.amazon.com",
			"https://eu-west-1.console.aws.amazon.com/console/home?region=eu-west-1",
		},
		"us-gov-west-1": {
			"https://signin.amazonaws-us-gov.com",
			"https://console.amazonaws-us-gov.com/console/home?region=us-gov-west-1",
		},
		"us-gov-east-1": {
			"https://us-gov-east-1.signin.amazonaws-us-gov.com",
			"https://us-gov-east-1.console.amazonaws-us-gov.com/console/home?region=us-gov-east-1",
		},
		"cn-north-1": {"https://signin.amazonaws.cn", "https://console.amazonaws.cn/console/home?region=cn-north-1"},
		"cn-northwest-1": {
			"https://cn-northwest-1.signin.amazonaws.cn",
			"https://cn-northwest-1.console.amazonaws.cn/console/home?region=cn-northwest-1",
		},
		"eusc-de-east-1": {
			"https://eusc-de-east-1.signin.amazonaws-eusc.eu",
			"https://eusc-de-east-1.console.amazonaws-eusc.eu/console/home?region=eusc-de-east-1",
		},
	} {
		signin, err := Signin(region)
		home, homeError := Destination("", region)
		if signin != want[0] || home != want[1] || err != nil || homeError != nil {
			t.Errorf("%s: %s, %s, %v, %v", region, signin, home, err, homeError)
		}
		if !IsSignin(signin, region) || IsSignin("http"+strings.TrimPrefix(signin, "https"), region) ||
			IsSignin(signin+".evil.example", region) || IsSignin(signin+":99", region) {
			t.Errorf("%s: whose is %s?", region, signin)
		}
	}
	for _, region := range []string{"", "us-iso-east-1", "us-east-1.attacker.example/"} {
		if s, err := Signin(region); err == nil {
			t.Errorf("%q: %s", region, s)
		}
	}
}

func TestDestination(t *testing.T) {
	const front = "https://eu-west-1.console.aws.amazon.com"
	for text, want := range map[string]string{
		"s3":             front + "/s3/home?region=eu-west-1",
		"ec2":            front + "/ec2/v2/home?region=eu-west-1",
		"S3":             front + "/s3/home?region=eu-west-1",
		"DDB":            front + "/dynamodbv2/home?region=eu-west-1",
		"waf":            front + "/wafv2/homev2?region=eu-west-1",
		"logs":           front + "/cloudwatch/home?region=eu-west-1#logsV2:log-groups",
		"new-service":    front + "/new-service/home?region=eu-west-1",
		"iam":            "https://console.aws.amazon.com/iam/home",
		"Orgs":           "https://console.aws.amazon.com/organizations/v2/home",
		"/ec2/home#Foo:": front + "/ec2/home#Foo:",
		"/":              front + "/",

		"https://console.aws.amazon.com/s3/x?region=us-east-1": "https://console.aws.amazon.com/s3/x?region=us-east-1",
		"https://us-east-2.console.aws.amazon.com/":            "https://us-east-2.console.aws.amazon.com/",
		"https://s3.Console.AWS.amazon.com/":                   "https://s3.Console.AWS.amazon.com/",
	} {
		if got, err := Destination(text, "eu-west-1"); got != want || err != nil {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"http://console.aws.amazon.com/", "https://console.aws.amazon.com.evil.example/",
		"https://evilconsole.aws.amazon.com/", "https://evil.example/", "//evil.example/", "javascript:alert(1)",
		"https://me@console.aws.amazon.com/", "https://console.aws.amazon.com@evil.example/",
		"https://console.aws.amazon.com:99/", "https://console.amazonaws.cn/", "https://console.amazonaws-us-gov.com/",
		"https://signin.aws.amazon.com/oauth?Action=logout", "https://aws.amazon.com/", `/\evil.example`, "s3 x",
		"s3/x", "/x\r\nSet-Cookie: x", "https:console.aws.amazon.com", "../x",
	} {
		if got, err := Destination(text, "eu-west-1"); err == nil {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// A partition is a row of the table, and nothing else.
func TestANewPartition(t *testing.T) {
	const north, south = "moon-sea-north-1", "moon-sea-south-1"
	all := append(identitycenter.AWS(), identitycenter.Partition{
		Name: "aws-moon", Regions: []string{"moon-sea"}, Console: "aws.moon", Home: north,
	})
	for region, front := range map[string]string{north: "", south: south + "."} {
		origin, err := signin(all, region)
		if want := "https://" + front + "signin.aws.moon"; origin != want || err != nil {
			t.Errorf("%s, %v; want %s", origin, err, want)
		}
		if !isSignin(all, origin, north) || isSignin(all, origin, "us-east-1") {
			t.Errorf("whose is %s?", origin)
		}
		page, err := destination(all, "s3", region)
		if want := "https://" + front + "console.aws.moon/s3/home?region=" + region; page != want || err != nil {
			t.Errorf("%s, %v; want %s", page, err, want)
		}
		if page, err := destination(all, page, "us-east-1"); err == nil {
			t.Errorf("%s in another partition", page)
		}
	}
	if origin, err := Signin(north); err == nil {
		t.Error(origin)
	}
}

func TestPortalLink(t *testing.T) {
	const want = "https://corp.awsapps.com/start/#/console?account_id=111122223333" +
		"&destination=https%3A%2F%2Fconsole.aws.amazon.com%2Fs3%2Fhome&role_name=Admin"
	for _, start := range []string{"", "/", "#/", "/#/"} {
		if got := PortalLink("https://corp.awsapps.com/start"+start, "111122223333", "Admin",
			"https://console.aws.amazon.com/s3/home"); got != want {
			t.Error(got)
		}
	}
	if got := PortalLink("https://corp.awsapps.com/start", "1", "A&b=c",
		""); got != "https://corp.awsapps.com/start/#/console?account_id=1&role_name=A%26b%3Dc" {
		t.Error(got)
	}
}

func credentials() identitycenter.RoleCredentials {
	return identitycenter.RoleCredentials{
		AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: identitycenter.NewSecret("canary/secret+="),
		SessionToken: identitycenter.NewSecret("canary&token"),
	}
}

func TestLink(t *testing.T) {
	var status int
	var body string
	var asked url.Values
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.Query()
		if status/100 == 3 {
			w.Header().Set("Location", "http://"+r.Host+"/elsewhere")
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	defer server.Close()
	asker, err := client.NewHTTP(client.HTTPOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r := Request{
		Credentials: credentials(), Signin: server.URL, Issuer: "https://corp.awsapps.com/start",
		Destination: "https://console.aws.amazon.com/", Duration: time.Hour,
	}
	status, body = 200, `{"SigninToken":"a&b=c"}`
	link, err := Link(t.Context(), asker, r)
	if err != nil {
		t.Fatal(err)
	}
	want := server.URL + "/federation?Action=login&Destination=https%3A%2F%2Fconsole.aws.amazon.com%2F" +
		"&Issuer=https%3A%2F%2Fcorp.awsapps.com%2Fstart&SigninToken=a%26b%3Dc"
	if link.Reveal() != want {
		t.Error(link.Reveal())
	}
	session := `{"sessionId":"ASIAEXAMPLE","sessionKey":"canary/secret+=","sessionToken":"canary\u0026token"}`
	if asked.Get("SessionDuration") != "3600" || asked.Get("Session") != session {
		t.Errorf("asked %v", asked)
	}
	if strings.Contains(fmt.Sprintf("%v %+v %q", link, link, link), "SigninToken") {
		t.Error("the link prints")
	}
	r.Duration = 0
	if _, err := Link(t.Context(), asker, r); err != nil || asked.Has("SessionDuration") {
		t.Errorf("asked %v, %v", asked, err)
	}
	for _, answer := range []struct {
		status int
		body   string
		kind   error
	}{
		{400, "<h1>Invalid credentials parameter</h1>", identitycenter.ErrInvalidRequest},
		{401, "", identitycenter.ErrRejectedKeys},
		{403, "", identitycenter.ErrNoAccess},
		{429, "", identitycenter.ErrThrottled},
		{500, "", identitycenter.ErrUnavailable},
		{302, "", identitycenter.ErrBadAnswer},
		{204, "", identitycenter.ErrBadAnswer},
		{200, "", identitycenter.ErrBadAnswer},
		{200, "<html>", identitycenter.ErrBadAnswer},
		{200, "{}", identitycenter.ErrBadAnswer},
		{200, `{"SigninToken":""}`, identitycenter.ErrBadAnswer},
		{200, `{"SigninToken":7}`, identitycenter.ErrBadAnswer},
		{200, `{"SigninToken":"a","SigninToken":"b"}`, identitycenter.ErrBadAnswer},
		{200, `{"SigninToken":"a","Other":1,"Other":2}`, identitycenter.ErrBadAnswer},
		{200, `{"signintoken":"a"}`, identitycenter.ErrBadAnswer},
		{200, `{"SigninToken":"a","error":"played"}`, identitycenter.ErrBadAnswer},
		{
			200, `{"SigninToken":"a","Deep":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`,
			identitycenter.ErrBadAnswer,
		},
		{200, `{"SigninToken":"a\r\nb"}`, identitycenter.ErrBadAnswer},
		{200, `{"SigninToken":"` + strings.Repeat("x", 20<<10) + `"}`, identitycenter.ErrBadAnswer},
		{200, `{"SigninToken":"` + strings.Repeat("x", 2<<20) + `"}`, identitycenter.ErrBadAnswer},
	} {
		status, body = answer.status, answer.body
		_, err := Link(t.Context(), asker, r)
		if !errors.Is(err, answer.kind) || strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "ASIA") {
			t.Errorf("%d %.40s: %v", answer.status, answer.body, err)
		}
	}
	server.Close()
	if _, err := Link(t.Context(), asker, r); !errors.Is(err, identitycenter.ErrUnavailable) ||
		strings.Contains(err.Error(), "canary") {
		t.Error(err)
	}
	r.Signin = "http://192.0.2.1"
	if _, err := Link(t.Context(), asker, r); err == nil || strings.Contains(err.Error(), "canary") {
		t.Error(err)
	}
}
