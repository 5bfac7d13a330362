// The Security Token Service promises that
//   - role credentials are handed out for assigned permission sets only, and after that is in the audit;
//   - it recognizes whoever signs with its keys, with any SDK and by presigned URL, until the keys expire;
//   - it recognizes nothing else: other secrets, other tokens, unsigned headers, old or future signatures;
//   - a role can be assumed by callers it trusts, and a chain lasts an hour at most;
//   - keys outlive the process: they are derived from a secret, and nothing else is remembered.
package sts_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	signer "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"rolecall/internal/idc"
	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/idctest"
	"rolecall/internal/idc/seed"
	"rolecall/internal/idc/store"
	"rolecall/internal/idc/sts"
)

// A service is STS over the sample directory, with a clock that the test moves.
type service struct {
	*testing.T
	*sts.Server
	data   *idc.Data
	sample seed.SampleData
	url    string
	ahead  time.Duration
}

func newService(t *testing.T) *service {
	t.Helper()
	data, sample, err := idctest.Sample()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = data.Close() })
	s := &service{T: t, data: data, sample: sample}
	s.restart()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *service) now() time.Time { return time.Now().Add(s.ahead) }

// restart replaces the server by one with the same secret.
func (s *service) restart() {
	var err error
	if s.Server, err = sts.New(sts.Options{Store: s.data.Store, Secret: s.data.Secret, Now: s.now}); err != nil {
		s.Fatal(err)
	}
}

// handOut asks for keys of a user by name.
func (s *service) handOut(user, account, role string) (sts.Credentials, error) {
	return s.HandOut(s.Context(), account, role, func(r store.Reader) (directory.User, error) {
		return directory.Users().Find(r, directory.NameKey(user))
	})
}

// alice returns keys of her Admin role.
func (s *service) alice() sts.Credentials {
	s.Helper()
	c, err := s.handOut("alice", s.sample.Account, s.sample.Role)
	if err != nil {
		s.Fatal(err)
	}
	return c
}

// client is the SDK's, with these keys.
func (s *service) client(c sts.Credentials) *awssts.Client {
	return awssts.New(awssts.Options{
		Region: "us-east-1", BaseEndpoint: &s.url, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return keys(c), nil }),
	})
}

func keys(c sts.Credentials) aws.Credentials {
	return aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}
}

// refused checks for an exception of AWS, with text in its message.
func (s *service) refused(what string, err error, code, message string) {
	s.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) || e.ErrorCode() != code || !strings.Contains(e.ErrorMessage(), message) {
		s.Errorf("%s: %v, want %s: %s", what, err, code, message)
	}
}

func TestKeysAreHandedOutForWhatIsAssigned(t *testing.T) {
	s := newService(t)
	c := s.alice()
	if left := c.Expiration.Sub(s.now()); left < 59*time.Minute || left > time.Hour || s.HandedOut() != 1 {
		t.Errorf("they last %v; %d were handed out", left, s.HandedOut())
	}
	var last store.Event
	err := s.data.Store.View(t.Context(), func(r store.Reader) error {
		events, err := r.Events(0, 1000)
		last = events[len(events)-1]
		return err
	})
	if err != nil || last.Actor != "user:alice" || last.Action != "GetRoleCredentials" ||
		last.Target != "111122223333/Admin" {
		t.Errorf("the audit ends with %+v, %v", last, err)
	}
	for _, x := range [][3]string{
		{"bob", "111122223333", "Admin"},
		{"alice", "999999999999", "Admin"},
		{"alice", "111122223333", "None"},
		{"nobody", "111122223333", "Admin"},
	} {
		if c, err := s.handOut(x[0], x[1], x[2]); !errors.Is(err, store.ErrNotFound) || c != (sts.Credentials{}) {
			t.Errorf("%q: %+v, %v", x, c, err)
		}
	}
	if err := s.data.Store.Close(); err != nil {
		t.Fatal(err)
	}
	if c, err := s.handOut("alice", "111122223333", "Admin"); err == nil || c != (sts.Credentials{}) ||
		s.HandedOut() != 1 {
		t.Errorf("without a store: %+v, %v", c, err)
	}
}

func TestWhoeverSignsIsKnown(t *testing.T) {
	s := newService(t)
	c := s.alice()
	s.restart()
	want := "arn:aws:sts::111122223333:assumed-role/" + directory.RoleName("Admin", "111122223333") + "/alice"
	who, err := s.client(c).GetCallerIdentity(t.Context(), nil)
	if err != nil || *who.Arn != want || *who.Account != "111122223333" || !strings.HasSuffix(*who.UserId, ":alice") {
		t.Errorf("the SDK is %v, %v", who, err)
	}
	presigned, err := awssts.NewPresignClient(s.client(c)).PresignGetCallerIdentity(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Get(presigned.URL)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("presigned: %v, %v", answer, err)
	}
	_ = answer.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	caller, ends, refusal := s.Knows(c.AccessKeyID, c.SecretAccessKey, c.SessionToken)
	if refusal != nil || caller.ARN != want || !ends.Equal(c.Expiration) || !caller.Session || caller.Administrator {
		t.Errorf("they are known as %+v until %v, %v", caller, ends, refusal)
	}
	id, secret := s.Administrator()
	who, err = s.client(sts.Credentials{AccessKeyID: id, SecretAccessKey: secret}).GetCallerIdentity(t.Context(), nil)
	if err != nil || !strings.HasSuffix(*who.Arn, ":user/administrator") {
		t.Errorf("the administrator is %v, %v", who, err)
	}
}

func TestNobodyElseIsKnown(t *testing.T) {
	s := newService(t)
	c := s.alice()
	for what, x := range map[string]struct {
		change  func(*sts.Credentials)
		code    string
		message string
	}{
		"another secret": {func(c *sts.Credentials) {
			c.SecretAccessKey = "x"
		}, "SignatureDoesNotMatch", "does not match"},
		"another key id": {func(c *sts.Credentials) {
			c.AccessKeyID = "ASIAAAAAAAAAAAAAAAAA"
		}, "InvalidClientTokenId", "invalid"},
		"a token cut off": {func(c *sts.Credentials) {
			c.SessionToken = c.SessionToken[:40]
		}, "InvalidClientTokenId", "invalid"},
		"a token of its own": {func(c *sts.Credentials) { c.SessionToken = "x" }, "InvalidClientTokenId", "invalid"},
		"no token":           {func(c *sts.Credentials) { c.SessionToken = "" }, "InvalidClientTokenId", "invalid"},
		"no keys of a person": {func(c *sts.Credentials) {
			*c = sts.Credentials{AccessKeyID: "AKIDX", SecretAccessKey: "x"}
		}, "InvalidClientTokenId", "invalid"},
	} {
		other := c
		x.change(&other)
		_, err := s.client(other).GetCallerIdentity(t.Context(), nil)
		s.refused(what, err, x.code, x.message)
		if _, _, refusal := s.Knows(other.AccessKeyID, other.SecretAccessKey, other.SessionToken); refusal == nil {
			t.Errorf("%s is known", what)
		}
	}
	sign := func(ahead time.Duration) error {
		r, _ := http.NewRequest(http.MethodPost, s.url, http.NoBody)
		const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
		err := signer.NewSigner().SignHTTP(t.Context(), keys(c), r, emptyHash, "sts", "us-east-1", s.now().Add(ahead))
		if _, refusal := s.Authenticate(r, nil, "sts"); refusal != nil {
			err = errors.New(refusal.Message)
		}
		return err
	}
	for ahead, want := range map[time.Duration]string{
		0: "", 14 * time.Minute: "", 16 * time.Minute: "Signature not yet current", -16 * time.Minute: "Signature expired",
	} {
		if err := sign(ahead); (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), want) {
			t.Errorf("signed %v ahead: %v, want %q", ahead, err, want)
		}
	}
	s.ahead = 2 * time.Hour
	if err := sign(0); err == nil || !strings.Contains(err.Error(), "is expired") {
		t.Errorf("after their end: %v", err)
	}
}

func TestARoleIsAssumedByWhomItTrusts(t *testing.T) {
	s := newService(t)
	in := awssts.AssumeRoleInput{
		RoleArn: &s.sample.ChainRole, RoleSessionName: aws.String("release"), ExternalId: &s.sample.ExternalID,
	}
	out, err := s.client(s.alice()).AssumeRole(t.Context(), &in)
	if err != nil || *out.AssumedRoleUser.Arn != "arn:aws:sts::444455556666:assumed-role/Deploy/release" {
		t.Fatalf("%v, %v", out, err)
	}
	chained, _,
		refusal := s.Knows(*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken)
	if refusal != nil || !chained.Chained || chained.Account != "444455556666" {
		t.Errorf("the chain is %+v, %v", chained, refusal)
	}
	long, other, elsewhere := in, in, in
	long.DurationSeconds = aws.Int32(3601)
	_, err = s.client(s.alice()).AssumeRole(t.Context(), &long)
	s.refused("more than an hour", err, "ValidationError", "1 hour session limit")
	other.ExternalId = aws.String("other")
	_, err = s.client(s.alice()).AssumeRole(t.Context(), &other)
	s.refused("another external id", err, "AccessDenied", "not authorized to perform: sts:AssumeRole")
	elsewhere.RoleArn = aws.String("arn:aws:iam::444455556666:role/Nobody")
	_, err = s.client(s.alice()).AssumeRole(t.Context(), &elsewhere)
	s.refused("a role that is not there", err, "AccessDenied", "sts:AssumeRole on resource: "+*elsewhere.RoleArn)
	bob, err := s.handOut("bob", "111122223333", "ReadOnly")
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.client(bob).AssumeRole(t.Context(), &in)
	s.refused("a role that is not trusted", err, "AccessDenied", "not authorized")
}
