package admin_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"rolecall/internal/idc/admin"
	"rolecall/internal/idc/store/sqlite"
)

func TestErrorsOnTheWire(t *testing.T) {
	w := newWorld(t)
	arn := w.instance.ARN()
	store := `"IdentityStoreId":"` + w.instance.IdentityStoreID + `"`
	for _, test := range []struct {
		name, target, body string
		status             int
		code, message      string
	}{
		{"no JSON", "SWBExternalService.ListInstances", `{`, 400, "SerializationException", ""},
		{"two values", "SWBExternalService.ListInstances", `{}{}`, 400, "SerializationException", ""},
		{"a list", "SWBExternalService.ListInstances", `[]`, 400, "SerializationException", "Expected structure or null"},
		{"null", "SWBExternalService.ListInstances", `null`, 400, "SerializationException", "Expected structure or null"},
		{
			"a text for a number", "SWBExternalService.ListInstances", `{"MaxResults":"1"}`, 400, "SerializationException",
			"STRING_VALUE can not be converted to an Integer",
		},
		{
			"a fraction", "SWBExternalService.ListInstances", `{"MaxResults":1.5}`, 400, "SerializationException",
			"NUMBER_VALUE",
		},
		{
			"a number for a text", "SWBExternalService.DescribeInstance", `{"InstanceArn":1}`, 400, "SerializationException",
			"NUMBER_VALUE can not be converted to a String",
		},
		{"a list for a text", "SWBExternalService.DescribeInstance", `{"InstanceArn":[]}`, 400, "SerializationException", ""},
		{
			"a text for a list", "SWBExternalService.TagResource", `{"Tags":"x"}`, 400, "SerializationException",
			"Expected list or null",
		},
		{
			"a text for a structure", "AWSIdentityStore.CreateUser", `{` + store + `,"Name":"x"}`, 400,
			"SerializationException", "Expected structure or null",
		},
		{
			"a text for a boolean", "AWSIdentityStore.CreateUser", `{` + store + `,"Emails":[{"Primary":"x"}]}`, 400,
			"SerializationException", "Boolean",
		},
		{
			"too large", "SWBExternalService.ListInstances", `{"x":"` + strings.Repeat("x", admin.MaxBody) + `"}`, 413,
			"RequestEntityTooLargeException", "larger than 1048576 bytes",
		},
		{"no target", "", `{}`, 400, "UnknownOperationException", "idc does not implement a request without X-Amz-Target"},
		{
			"unknown operation", "SWBExternalService.NoSuchOperation", `{}`, 400, "UnknownOperationException",
			"idc does not implement sso-admin NoSuchOperation",
		},
		{"unknown service", "DynamoDB_20120810.ListTables", `{}`, 400, "UnknownOperationException", ""},
		{"another service's operation", "AWSIdentityStore.ListInstances", `{}`, 400, "UnknownOperationException", ""},
		{
			"a missing member", "SWBExternalService.DescribeInstance", `{}`, 400, "ValidationException",
			"1 validation error detected: Value null at 'instanceArn' failed to satisfy constraint: Member must not be null",
		},
		{
			"names in another case", "SWBExternalService.DescribeInstance", `{"instanceArn":"` + arn + `"}`, 400,
			"ValidationException", "Value null at 'instanceArn'",
		},
		{
			"two members", "SWBExternalService.CreatePermissionSet",
			`{"InstanceArn":"` + arn + `","Name":"` + strings.Repeat("x", 33) +
				`","Tags":[{"Key":"k","Value":"v"},{"Key":"!"}]}`, 400, "ValidationException",
			"3 validation errors detected: Value '" + strings.Repeat("x", 33) +
				"' at 'name' failed to satisfy constraint: Member must have length less than or equal to 32; " +
				"Value '!' at 'tags.2.member.key' failed to satisfy constraint: Member must satisfy regular expression pattern: " +
				"([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*); " +
				"Value null at 'tags.2.member.value' failed to satisfy constraint: Member must not be null",
		},
		{
			"an enum", "SWBExternalService.ListAccountAssignmentsForPrincipal",
			`{"InstanceArn":"` + arn + `","PrincipalId":"00000000-0000-4000-8000-000000000000","PrincipalType":"ROLE"}`, 400,
			"ValidationException",
			"Value 'ROLE' at 'principalType' failed to satisfy constraint: Member must satisfy enum value set: [USER, GROUP]",
		},
		{
			"a range", "SWBExternalService.ListInstances", `{"MaxResults":0}`, 400, "ValidationException",
			"Value '0' at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 1",
		},
		{
			"sensitive values are not shown", "AWSIdentityStore.CreateUser", `{` + store + `,"UserName":"a b"}`, 400,
			"ValidationException",
			"Value at 'userName' failed to satisfy constraint: Member must satisfy regular expression pattern: ",
		},
		{
			"organizations", "AWSOrganizationsV20161128.DescribeAccount", `{"AccountId":"x"}`, 400, "InvalidInputException",
			"You provided a value that does not match the required pattern.",
		},
		{
			"a made-up token", "SWBExternalService.ListInstances", `{"NextToken":"bWFkZSB1cA=="}`, 400, "ValidationException",
			"NextToken",
		},
		{
			"another operation's token", "SWBExternalService.ListInstances", `{"NextToken":"TGlzdFBlcm1pc3Npb25TZXRzCnBz"}`,
			400, "ValidationException", "NextToken",
		},
		{
			"a made-up token of organizations", "AWSOrganizationsV20161128.ListAccounts", `{"NextToken":"!"}`, 400,
			"InvalidInputException", "NextToken",
		},
		{
			"another store", "AWSIdentityStore.ListUsers", `{"IdentityStoreId":"d-0000000000"}`, 400,
			"ResourceNotFoundException", "IDENTITY_STORE not found.",
		},
		{
			"another instance", "SWBExternalService.DescribeInstance",
			`{"InstanceArn":"arn:aws:sso:::instance/ssoins-0000000000000000"}`, 400, "AccessDeniedException",
			"User: admin is not authorized to perform: sso:DescribeInstance on resource: " +
				"arn:aws:sso:::instance/ssoins-0000000000000000",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := w.post(test.target, []byte(test.body))
			var body struct {
				Type    string `json:"__type"`
				Message string
			}
			if err := json.Unmarshal(got.body, &body); err != nil {
				t.Fatalf("%s: %v", got.body, err)
			}
			if got.status != test.status || body.Type != test.code || !strings.Contains(body.Message, test.message) {
				t.Errorf("got %d %s\nwant %d %s %q", got.status, got.body, test.status, test.code, test.message)
			}
			if got.header.Get("x-amzn-ErrorType") != test.code || got.header.Get("x-amzn-RequestId") == "" ||
				got.header.Get("Content-Type") != "application/x-amz-json-1.1" {
				t.Errorf("header %v", got.header)
			}
		})
	}
	if got := w.post("SWBExternalService.ListInstances", nil); got.status != 200 {
		t.Errorf("an empty body: %d %s", got.status, got.body)
	}
	r, _ := http.NewRequest(http.MethodGet, w.server.URL+"/", nil)
	if got := w.do(r); got.status != 400 || !strings.Contains(string(got.body), "UnknownOperationException") {
		t.Errorf("GET: %d %s", got.status, got.body)
	}
	if events := w.events(); len(events) != 0 {
		t.Errorf("refused requests are in the audit: %v", events)
	}
}

// TestStoreFailure: a failing store becomes the service's internal error.
func TestStoreFailure(t *testing.T) {
	w := newWorld(t)
	closed, err := sqlite.Memory([]byte("key"))
	if err == nil {
		err = closed.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	w.api.Store = closed
	for target, code := range map[string]string{
		"SWBExternalService.ListInstances":       "InternalServerException",
		"AWSOrganizationsV20161128.ListAccounts": "ServiceException",
	} {
		if got := w.post(target, []byte("{}")); got.status != 500 || got.header.Get("x-amzn-ErrorType") != code {
			t.Errorf("%s: %d %s", target, got.status, got.body)
		}
	}
}
