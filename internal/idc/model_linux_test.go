package idc_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"rolecall/internal/idc/awsmodel"
	"rolecall/internal/idc/oidc"
)

// checked compares an answer with the model that ships with the AWS CLI.
func checked(t *testing.T, m *awsmodel.Model, operation string, a answer) answer {
	t.Helper()
	problems := m.CheckOutput(operation, []byte(a.body))
	if a.status != 200 {
		exception, _, _ := strings.Cut(a.header.Get("x-amzn-ErrorType"), ":")
		problems = m.CheckError(operation, exception, []byte(a.body))
	}
	for _, p := range problems {
		t.Errorf("%s, %d: %s in %s", operation, a.status, p, a.body)
	}
	return a
}

func models(t *testing.T) (signIn, portal *awsmodel.Model) {
	t.Helper()
	signIn, err := awsmodel.Load("sso-oidc")
	if err != nil {
		t.Fatal(err)
	}
	if portal, err = awsmodel.Load("sso"); err != nil {
		t.Fatal(err)
	}
	return signIn, portal
}

func TestOIDCAnswersAsItsModelSays(t *testing.T) {
	m, _ := models(t)
	c := newCenter(t, oidc.Options{})
	register := members{"clientName": "test", "clientType": "public", "scopes": []string{"sso:account:access"}}
	client := checked(t, m, "RegisterClient", c.call(t, "POST", "/client/register", register))
	start := members{
		"clientId": client.text("clientId"), "clientSecret": client.text("clientSecret"), "startUrl": origin + "/start",
	}
	device := checked(t, m, "StartDeviceAuthorization", c.call(t, "POST", "/device_authorization", start))
	token := members{
		"clientId": client.text("clientId"), "clientSecret": client.text("clientSecret"),
		"grantType": "urn:ietf:params:oauth:grant-type:device_code", "deviceCode": device.text("deviceCode"),
	}
	if a := checked(t, m, "CreateToken", c.call(t, "POST", "/token", token)); a.text("error") != "authorization_pending" {
		t.Errorf("got %s", a.body)
	}
	c.approve(t, device.text("userCode"), "alice")
	tokens := checked(t, m, "CreateToken", c.call(t, "POST", "/token", token))
	checked(t, m, "CreateToken",
		c.refresh(t, client.text("clientId"), client.text("clientSecret"), tokens.text("refreshToken")))
	for operation, x := range map[string]struct {
		path string
		in   members
	}{
		"RegisterClient": {"/client/register", register}, "StartDeviceAuthorization": {"/device_authorization", start},
		"CreateToken": {"/token", token},
	} {
		cases, err := m.Invalid(operation, x.in)
		if err != nil || len(cases) == 0 {
			t.Fatal(operation, cases, err)
		}
		for _, broken := range cases {
			if a := checked(t, m, operation, c.call(t, "POST", x.path, broken.Input)); a.status != 400 {
				t.Errorf("%s, %s: %d %s", operation, broken.Name, a.status, a.body)
			}
		}
	}
	// The redirect exception is newer than the model; all other exceptions are in it.
	for _, body := range []string{`{"clientId":`, `[]`, `{"clientId":{}}`, ``} {
		for _, path := range []string{"/client/register", "/device_authorization", "/token"} {
			if a := c.call(t, "POST", path, body); a.status != 400 || a.text("error") != "invalid_request" {
				t.Errorf("%s with %q: %d %s", path, body, a.status, a.body)
			}
		}
	}
}

func TestPortalAnswersAsItsModelSays(t *testing.T) {
	_, m := models(t)
	c := newCenter(t, oidc.Options{})
	_, _, tokens := c.deviceTokens(t)
	paths := map[string]string{
		"GetRoleCredentials": "/federation/credentials?account_id=111122223333&role_name=Admin",
		"ListAccounts":       "/assignment/accounts?max_result=2",
		"ListAccountRoles":   "/assignment/roles?account_id=111122223333&max_result=1",
	}
	for operation, path := range paths {
		checked(t, m, operation, c.portal(t, "GET", path, tokens.text("accessToken")))
		if a := checked(t, m, operation, c.portal(t, "GET", path, "")); a.status != 401 {
			t.Errorf("%s without a token: %d", operation, a.status)
		}
	}
	for operation, wrong := range map[string][]string{
		"GetRoleCredentials": {"/federation/credentials?account_id=111122223333", "/federation/credentials?role_name=Admin"},
		"ListAccounts": {
			"/assignment/accounts?max_result=0", "/assignment/accounts?max_result=101", "/assignment/accounts?max_result=x",
			"/assignment/accounts?next_token=%00",
		},
		"ListAccountRoles": {"/assignment/roles", "/assignment/roles?account_id=111122223333&max_result=1000"},
	} {
		for _, path := range wrong {
			if a := checked(t, m, operation, c.portal(t, "GET", path, tokens.text("accessToken"))); a.status != 400 {
				t.Errorf("%s: %d %s", path, a.status, a.body)
			}
		}
	}
	if a := c.portal(t, "POST", "/logout", tokens.text("accessToken")); a.status != 200 || a.body != "" {
		t.Errorf("logout: %d %q", a.status, a.body)
	}
}

// STS speaks XML: its elements are compared with the members in the model.
func TestSTSAnswersAsItsModelSays(t *testing.T) {
	shapes := stsShapes(t)
	c := newCenter(t, oidc.Options{})
	keys := c.keys(t, "111122223333", "Admin")
	id, secret := c.STS.Administrator()
	for name, x := range map[string]struct {
		keys aws.Credentials
		ask  func(*sts.Client) error
	}{
		"GetCallerIdentity": {keys, func(s *sts.Client) error {
			_, err := s.GetCallerIdentity(t.Context(), nil)
			return err
		}},
		"AssumeRole": {keys, func(s *sts.Client) error {
			_, err := s.AssumeRole(t.Context(),
				&sts.AssumeRoleInput{
					RoleArn: &c.sample.ChainRole, RoleSessionName: aws.String("model"), ExternalId: &c.sample.ExternalID,
				})
			return err
		}},
		"GetSessionToken": {aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}, func(s *sts.Client) error {
			_, err := s.GetSessionToken(t.Context(), nil)
			return err
		}},
	} {
		recorder := &recording{next: inProcess{c}}
		client := c.sts(x.keys)
		ask := sts.New(client.Options(), func(o *sts.Options) { o.HTTPClient = recorder })
		if err := x.ask(ask); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		checkElements(t, shapes, name, recorder.body)
	}
}

type stsShape struct {
	Required []string
	Members  map[string]struct{ Shape string }
}

func stsShapes(t *testing.T) map[string]stsShape {
	t.Helper()
	paths, err := filepath.Glob("/usr/lib/python3/dist-packages/*/botocore/data/sts/*/service-2.json")
	if err != nil || len(paths) == 0 {
		t.Fatal("no model of sts: apt-get install awscli", err)
	}
	text, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	var model struct{ Shapes map[string]stsShape }
	if err := json.Unmarshal(text, &model); err != nil {
		t.Fatal(err)
	}
	return model.Shapes
}

// checkElements walks NAMEResponse, NAMEResult and everything below.
func checkElements(t *testing.T, shapes map[string]stsShape, operation, body string) {
	t.Helper()
	// The shapes of open elements, and the members seen in each.
	var open []string
	var seen [][]string
	decoder := xml.NewDecoder(strings.NewReader(body))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			shape := shapeOf(shapes, operation, open, e.Name.Local)
			if shape == "?" {
				t.Errorf("%s: element %s below %v is not in the model", operation, e.Name.Local, open)
			}
			if len(seen) > 0 {
				seen[len(seen)-1] = append(seen[len(seen)-1], e.Name.Local)
			}
			open, seen = append(open, shape), append(seen, nil)
		case xml.EndElement:
			last := len(open) - 1
			for _, required := range shapes[open[last]].Required {
				if !slices.Contains(seen[last], required) {
					t.Errorf("%s: no %s in %s", operation, required, open[last])
				}
			}
			open, seen = open[:last], seen[:last]
		}
	}
}

// shapeOf returns the shape of an element; those of the envelope have none.
func shapeOf(shapes map[string]stsShape, operation string, open []string, name string) string {
	switch {
	case len(open) == 0 && name == operation+"Response", len(open) == 1 && name == "ResponseMetadata", name == "RequestId":
		return ""
	case len(open) == 1 && name == operation+"Result":
		return operation + "Response"
	}
	if member, ok := shapes[open[len(open)-1]].Members[name]; ok {
		return member.Shape
	}
	return "?"
}

// recording keeps the last body.
type recording struct {
	next inProcess
	body string
}

func (r *recording) Do(request *http.Request) (*http.Response, error) {
	response, err := r.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(response.Body)
	r.body = string(text)
	response.Body = io.NopCloser(strings.NewReader(r.body))
	return response, err
}

// Bad input gets AWS-shaped errors everywhere.
func TestBadInput(t *testing.T) {
	c := newCenter(t, oidc.Options{})
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	huge := strings.Repeat("x", 2<<20)
	for name, x := range map[string]struct {
		method, path, body string
		headers            []string
		status             int
		want               string
	}{
		"an unknown path":      {"GET", "/nowhere", "", nil, 404, ""},
		"HEAD of the portal":   {"HEAD", "/assignment/accounts", "", nil, 401, ""},
		"OPTIONS":              {"OPTIONS", "/token", "", nil, 404, ""},
		"PUT of a token":       {"PUT", "/token", "{}", nil, 404, ""},
		"DELETE of the portal": {"DELETE", "/federation/credentials", "", nil, 405, "MethodNotAllowedException"},
		"a huge registration": {
			"POST", "/client/register", `{"clientName":"` + huge + `"}`, nil, 400, "invalid_request",
		},
		"a huge form":              {"POST", "/", "Action=" + huge, form, 413, "RequestEntityTooLarge"},
		"a form without signature": {"POST", "/", "Action=GetCallerIdentity", form, 403, "MissingAuthenticationToken"},
		"a signature of nonsense": {
			"POST", "/", "Action=GetCallerIdentity", append(form, "Authorization", "AWS4-HMAC-SHA256 nonsense"), 400,
			"IncompleteSignature",
		},
		"an unknown service": {
			"POST", "/", "{}", []string{"X-Amz-Target", "Nobody.Nothing"}, 400, "UnknownOperationException",
		},
		"an operation of no service": {
			"POST", "/", "{}", []string{"X-Amz-Target", "SWBExternalService.Nothing"}, 400, "UnknownOperationException",
		},
		"CreateTokenWithIAM": {"POST", "/token?aws_iam=t", "{}", nil, 400, "InvalidRequestException"},
		"a long token": {
			"GET", "/assignment/accounts", "",
			[]string{"x-amz-sso_bearer_token", strings.Repeat("a", 8000)},
			401,
			"UnauthorizedException",
		},
		"authorize without a client": {
			"GET", "/authorize?" + url.Values{"redirect_uri": {"https://evil.example/"}}.Encode(), "", nil, 400,
			"not registered",
		},
	} {
		a := c.call(t, x.method, x.path, x.body, x.headers...)
		if a.status != x.status || !strings.Contains(a.body+fmt.Sprint(a.header), x.want) {
			t.Errorf("%s: got %d %.300s", name, a.status, a.body)
		}
	}
}
