package idc_test

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	oidctypes "github.com/aws/aws-sdk-go-v2/service/ssooidc/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"rolecall/internal/idc/oidc"
	"rolecall/internal/idc/partition"
)

// SDKs see an error of the service they called, which says that idc does not implement the operation.
func TestTheSDKsReadThatAnOperationIsMissing(t *testing.T) {
	c := newCenter(t, oidc.Options{})
	id, secret := c.STS.Administrator()
	config := aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(origin), HTTPClient: c.http,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}, nil
		}),
	}
	arn := c.Instance.ARN()
	for want, call := range map[string]func() error{
		"UnknownOperationException: idc does not implement sso-admin ListTrustedTokenIssuers": func() error {
			in := &ssoadmin.ListTrustedTokenIssuersInput{InstanceArn: &arn}
			_, err := ssoadmin.NewFromConfig(config).ListTrustedTokenIssuers(t.Context(), in)
			return err
		},
		"UnknownOperationException: idc does not implement organizations ListPolicies": func() error {
			in := &organizations.ListPoliciesInput{Filter: "SERVICE_CONTROL_POLICY"}
			_, err := organizations.NewFromConfig(config).ListPolicies(t.Context(), in)
			return err
		},
		"InvalidAction: idc does not implement sts DecodeAuthorizationMessage": func() error {
			in := &sts.DecodeAuthorizationMessageInput{EncodedMessage: aws.String("x")}
			_, err := sts.NewFromConfig(config).DecodeAuthorizationMessage(t.Context(), in)
			return err
		},
		"InvalidAction: idc does not implement sts AssumeRoleWithWebIdentity": func() error { // not signed
			_, err := sts.NewFromConfig(config).AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
				RoleArn: aws.String("arn:aws:iam::111122223333:role/x"), RoleSessionName: aws.String("xx"),
				WebIdentityToken: aws.String("1234"),
			})
			return err
		},
		"InvalidRequestException: idc does not implement sso-oidc CreateTokenWithIAM": func() error {
			_, err := ssooidc.NewFromConfig(config).CreateTokenWithIAM(t.Context(), &ssooidc.CreateTokenWithIAMInput{
				ClientId: aws.String("x"), GrantType: aws.String("urn:ietf:params:oauth:grant-type:jwt-bearer"),
			})
			return err
		},
	} {
		if got := said(call()); got != want {
			t.Errorf("got %q\nwant %q", got, want)
		}
	}
}

// said formats an API's error. SSO OIDC has its text in a member of its own.
func said(err error) string {
	var invalid *oidctypes.InvalidRequestException
	if errors.As(err, &invalid) && invalid.Error_description != nil {
		return invalid.ErrorCode() + ": " + *invalid.Error_description
	}
	var e smithy.APIError
	if !errors.As(err, &e) {
		return fmt.Sprint("no error of the API: ", err)
	}
	return e.ErrorCode() + ": " + e.ErrorMessage()
}

// xmlError reads an error of the query protocol.
func xmlError(t *testing.T, body string) (code, message string) {
	t.Helper()
	var e struct {
		Error struct{ Code, Message string }
	}
	if err := xml.Unmarshal([]byte(body), &e); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return e.Error.Code, e.Error.Message
}

// Other requests are answered in the form of the service that was meant.
func TestOperationsThatAreMissing(t *testing.T) {
	c := newCenter(t, oidc.Options{})
	transport := throughProxy(t, partition.AWS(), c)
	signed := func(service string) []string {
		const format = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/%s/aws4_request, SignedHeaders=host, " +
			"Signature=00"
		return []string{"Authorization", fmt.Sprintf(format, service), "Content-Type", "application/x-www-form-urlencoded"}
	}
	target := func(name string) []string { return []string{"X-Amz-Target", name} }
	const general = "UnknownOperationException"
	for _, x := range []struct {
		method, host, path, body string
		headers                  []string
		status                   int
		kind, message            string
	}{
		{"POST", "", "/", "{}", target("AWSIdentityStore.BatchGetUser"), 400, general, "identitystore BatchGetUser"},
		{"POST", "", "/", "{}", target("DynamoDB_20120810.ListTables"), 400, general, "DynamoDB_20120810 ListTables"},
		{
			"POST", "organizations.us-east-1.amazonaws.com", "/", "{}", target("AWSOrganizationsV20161128.X"), 400, general,
			"organizations X",
		},
		{"POST", "", "/", "Action=ListUsers&Version=2010-05-08", signed("iam"), 400, "InvalidAction", "iam ListUsers"},
		{"GET", "", "/?Action=DescribeRegions", "", signed("ec2"), 400, "InvalidAction", "ec2 DescribeRegions"},
		{"GET", "", "/bucket", "", signed("s3"), 404, general, "s3 GET /bucket"},
		{"GET", "", "/assignment/applications", "", nil, 404, general, "sso GET /assignment/applications"},
		{"GET", "portal.sso.us-east-1.amazonaws.com", "/token/whoAmI", "", nil, 404, general, "sso GET /token/whoAmI"},
		{"POST", "oidc.us-east-1.amazonaws.com", "/introspect", "{}", nil, 404, general, "sso-oidc POST /introspect"},
		{"PUT", "", "/token", "{}", nil, 404, general, "sso-oidc PUT /token"},
		{"POST", "signin.aws.amazon.com", "/v1/token", "{}", nil, 404, general, "signin POST /v1/token"},
		{"POST", "", "/v1/token", "{}", nil, 404, general, "signin POST /v1/token"},
		{"GET", "", "/no%0Awhere", "", nil, 404, general, "GET /no%0Awhere"},
	} {
		var got answer
		if x.host == "" {
			got = c.call(t, x.method, x.path, x.body, x.headers...)
		} else {
			got = fetch(t, transport, x.method, "https://"+x.host+x.path, x.body, x.headers...)
		}
		// one of them
		kind, message := got.header.Get("x-amzn-ErrorType"),
			got.text("message")+got.text("Message")+got.text("error_description")
		if got.json == nil {
			kind, message = xmlError(t, got.body)
		}
		if i := strings.IndexByte(kind, ':'); i > 0 {
			kind = kind[:i]
		}
		if got.status != x.status || kind != x.kind || message != "idc does not implement "+x.message {
			t.Errorf("%s %s%s: %d %s %q\n%s", x.method, x.host, x.path, got.status, kind, message, got.body)
		}
	}
}
