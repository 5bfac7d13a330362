package sts_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"

	"rolecall/internal/idc/sts"
)

func (s *service) administrator() *awssts.Client {
	id, secret := s.Administrator()
	return s.client(sts.Credentials{AccessKeyID: id, SecretAccessKey: secret})
}

func TestSessionTokensAreOfLongTermKeys(t *testing.T) {
	s := newService(t)
	out, err := s.administrator().GetSessionToken(t.Context(),
		&awssts.GetSessionTokenInput{DurationSeconds: aws.Int32(900)})
	if err != nil {
		t.Fatal(err)
	}
	caller, _,
		refusal := s.Knows(*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken)
	if refusal != nil || !caller.Administrator || !caller.Session {
		t.Errorf("they are %+v, %v", caller, refusal)
	}
	_, err = s.client(s.alice()).GetSessionToken(t.Context(), nil)
	s.refused("of a role", err, "AccessDenied", "with session credentials")
	_, err = s.administrator().GetSessionToken(t.Context(), &awssts.GetSessionTokenInput{DurationSeconds: aws.Int32(899)})
	s.refused("too short", err, "ValidationError", "durationSeconds")
	_, err = s.administrator().GetFederationToken(t.Context(), &awssts.GetFederationTokenInput{Name: aws.String("xx")})
	s.refused("a federation token", err, "AccessDenied", "sts:GetFederationToken")
	_, err = s.client(s.alice()).GetFederationToken(t.Context(), &awssts.GetFederationTokenInput{Name: aws.String("xx")})
	s.refused("a federation token of a role", err, "AccessDenied", "with session credentials")
}

func TestInputsOfAssumeRole(t *testing.T) {
	s := newService(t)
	client := s.client(s.alice())
	good := awssts.AssumeRoleInput{
		RoleArn: &s.sample.ChainRole, RoleSessionName: aws.String("xx"), ExternalId: &s.sample.ExternalID,
	}
	for what, change := range map[string]func(*awssts.AssumeRoleInput){
		"roleArn":         func(in *awssts.AssumeRoleInput) { in.RoleArn = aws.String("arn:x") },
		"roleSessionName": func(in *awssts.AssumeRoleInput) { in.RoleSessionName = aws.String("a b") },
		"externalId":      func(in *awssts.AssumeRoleInput) { in.ExternalId = aws.String("x") },
		"durationSeconds": func(in *awssts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(60) },
	} {
		in := good
		change(&in)
		_, err := client.AssumeRole(t.Context(), &in)
		s.refused(what, err, "ValidationError", "at '"+what+"' failed to satisfy constraint")
	}
}

func TestRequestsThatNoSDKSends(t *testing.T) {
	s := newService(t)
	const form = "application/x-www-form-urlencoded"
	const scope = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/"
	for what, x := range map[string]struct {
		body, authorization, date string
		status                    int
		want                      string
	}{
		"no signature":   {"Action=GetCallerIdentity", "", "", 403, "MissingAuthenticationToken"},
		"nonsense":       {"Action=GetCallerIdentity", "AWS4-HMAC-SHA256 x", "", 400, "IncompleteSignature"},
		"another scheme": {"Action=GetCallerIdentity", "Basic eA==", "", 400, "IncompleteSignature"},
		"no date": {
			"Action=GetCallerIdentity", scope + "sts/aws4_request, SignedHeaders=host;x-amz-date, Signature=00", "", 400,
			"IncompleteSignature",
		},
		"another service": {
			"Action=GetCallerIdentity", scope + "s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=00",
			"20260101T000000Z", 403, "scoped to correct service",
		},
		"an unsigned header": {
			"Action=GetCallerIdentity", scope + "sts/aws4_request, SignedHeaders=host;x-amz-date, Signature=00",
			"20260101T000000Z", 403, "x-amz-meta is not signed",
		},
		"a missing action": {"Action=GetAccessKeyInfo", "", "", 400, "idc does not implement sts GetAccessKeyInfo"},
		"no action":        {"", "", "", 400, "idc does not implement sts a request without Action"},
		"too much":         {"Action=" + strings.Repeat("x", 1<<17), "", "", 413, "RequestEntityTooLarge"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(x.body))
		r.Header.Set("Content-Type", form)
		if x.authorization != "" {
			r.Header.Set("Authorization", x.authorization)
		}
		if x.date != "" {
			r.Header.Set("X-Amz-Date", x.date)
			if what == "an unsigned header" {
				r.Header.Set("X-Amz-Meta", "x")
			}
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != x.status || !strings.Contains(w.Body.String(), x.want) || w.Header().Get("x-amzn-RequestId") == "" {
			t.Errorf("%s: %d %.300s", what, w.Code, w.Body)
		}
	}
}

func TestTheServiceOfASignature(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/?"+url.Values{
		"X-Amz-Algorithm": {"AWS4-HMAC-SHA256"}, "X-Amz-Credential": {"AKIDEXAMPLE/20260101/us-east-1/s3/aws4_request"},
		"X-Amz-SignedHeaders": {"host"}, "X-Amz-Signature": {"00"},
	}.Encode(), nil)
	if got := sts.ServiceOf(r); got != "s3" {
		t.Errorf("presigned for %q", got)
	}
	if got := sts.ServiceOf(httptest.NewRequest(http.MethodGet, "/", nil)); got != "" {
		t.Errorf("unsigned for %q", got)
	}
}
