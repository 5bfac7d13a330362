package awsmodel

import (
	"errors"
	"io/fs"
	"slices"
	"testing"
)

func load(t *testing.T, service string, newer ...[]byte) *Model {
	t.Helper()
	m, err := Load(service, newer...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestLoad(t *testing.T) {
	if _, err := Load("no-such-service"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a service without a model: %v", err)
	}
	if _, err := Load("sts"); err == nil {
		t.Error("the query protocol was accepted")
	}
	for _, service := range []string{"sso", "sso-oidc", "sso-admin", "identitystore", "organizations"} {
		if m := load(t, service); len(m.Operations) == 0 {
			t.Errorf("%s has no operations", service)
		}
	}
}

func TestCheckOutput(t *testing.T) {
	admin, store, portal := load(t, "sso-admin"), load(t, "identitystore"), load(t, "sso")
	for _, test := range []struct {
		model     *Model
		operation string
		body      string
		problems  int
	}{
		{admin, "DeletePermissionSet", `{}`, 0},
		{admin, "DeletePermissionSet", `{"Extra":1}`, 1},
		{admin, "NoSuchOperation", `{}`, 1},
		{
			admin, "ListInstances",
			`{"Instances":[{"InstanceArn":"arn:aws:sso:::instance/ssoins-0123456789abcdef"}],"NextToken":null}`, 0,
		},
		{admin, "ListInstances", `{"instances":[]}`, 1},
		{admin, "ListInstances", `{"Instances":[{"InstanceArn":"arn:aws:sso:::instance/ssoins-0123456789abcdef!"}]}`, 1},
		{admin, "ListInstances", `{"Instances":{}}`, 1},
		{admin, "ListInstances", `nothing`, 1},
		{admin, "DescribePermissionSet", `{"PermissionSet":{"SessionDuration":"PT1H","CreatedDate":1.5}}`, 0},
		{
			admin, "DescribePermissionSet", `{"PermissionSet":{"SessionDuration":"1h","CreatedDate":"2026-11-25T00:00:00Z"}}`, 2,
		},
		{store, "CreateUser", `{"UserId":"00000000-0000-4000-8000-000000000000"}`, 1},
		{portal, "GetRoleCredentials", `{"roleCredentials":{"accessKeyId":"ASIA","expiration":1732000000000}}`, 0},
		{portal, "GetRoleCredentials", `{"roleCredentials":{"expiration":1.5}}`, 1},
		{portal, "Logout", ``, 0},
	} {
		if problems := test.model.CheckOutput(test.operation, []byte(test.body)); len(problems) != test.problems {
			t.Errorf("%s %s: %q", test.operation, test.body, problems)
		}
	}
}

func TestCheckError(t *testing.T) {
	m := load(t, "identitystore")
	good := `{"__type":"ConflictException","Message":"m","Reason":"UNIQUENESS_CONSTRAINT_VIOLATION"}`
	if problems := m.CheckError("CreateUser", "ConflictException", []byte(good)); len(problems) != 0 {
		t.Error(problems)
	}
	for exception, body := range map[string]string{"ConflictException": `{"message":"m"}`, "NoSuchException": `{}`} {
		if problems := m.CheckError("CreateUser", exception, []byte(body)); len(problems) == 0 {
			t.Errorf("%s %s has no problem", exception, body)
		}
	}
}

func TestInputs(t *testing.T) {
	for _, service := range []string{"sso-admin", "identitystore"} {
		m := load(t, service)
		for operation := range m.Operations {
			if _, err := m.MinimalInput(operation, nil); err != nil {
				t.Error(err)
			}
			if _, err := m.Invalid(operation, nil); err != nil {
				t.Error(err)
			}
		}
	}
	cases, _ := load(t, "sso-admin").Invalid("TagResource", nil)
	names := make([]string, len(cases))
	for i, c := range cases {
		names[i] = c.Name
	}
	for _, want := range []string{
		"Tags is missing", "Tags[0].Key is missing", "Tags[0].Key is too long",
		"InstanceArn is against its pattern",
	} {
		if !slices.Contains(names, want) {
			t.Errorf("no case %q in %q", want, names)
		}
	}
}

func TestNewer(t *testing.T) {
	m := load(t, "sso-admin", []byte(`{
		"operations": {"DescribeThing": {"output": {"shape": "Thing"}}},
		"shapes": {
			"Thing": {"type": "structure", "members": {"Name": {"shape": "PermissionSetName"}}},
			"InstanceMetadata": {"members": {"Name": {"shape": "PermissionSetName"}}},
			"ListTagsForResourceRequest": {"required": ["ResourceArn"]}
		}}`))
	if problems := m.CheckOutput("DescribeThing", []byte(`{"Name":"x"}`)); len(problems) != 0 {
		t.Error(problems)
	}
	if problems := m.CheckOutput("ListInstances", []byte(`{"Instances":[{"Name":"x"}]}`)); len(problems) != 0 {
		t.Error(problems)
	}
	if in, _ := m.MinimalInput("ListTagsForResource", nil); len(in) != 1 {
		t.Error(in)
	}
}

func TestWithoutLookaround(t *testing.T) {
	for pattern, want := range map[string]string{
		`^(-?)P(?=\d|T\d)(?:(\d+)Y)?$`: `^(-?)P(?:(\d+)Y)?$`,
		`(?!(?i)(arn|aws):)[\p{L}]+`:   `[\p{L}]+`,
		`a(?<!\)x)b(?=c)`:              `ab`,
		`(plain)`:                      `(plain)`,
	} {
		if got := withoutLookaround(pattern); got != want {
			t.Errorf("%s: %s, want %s", pattern, got, want)
		}
	}
}
