//go:build linux

package e2e

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/smithy-go"

	"rolecall/internal/idc/visitor"
	"rolecall/internal/proof"
)

// Someone restarts the Identity Center while a person signs in: at the page, between its forms, and before the
// browser's answer arrives. Nobody has to start over.
func TestRestartInTheMiddleOfASignIn(t *testing.T) {
	for _, x := range []struct {
		name string
		argv []string
	}{
		{"PKCE", []string{"rolecall", "login", matrixProfile}},
		{"device code", []string{"rolecall", "login", "--device-code", matrixProfile}},
		{"device code of the AWS CLI", []string{
			"sh", "-c", `exec "$@" >&2`, "sh", oldAWS, "sso", "login", "--profile",
			matrixProfile,
		}},
	} {
		for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
			t.Run(fmt.Sprint(x.name, " ", signal), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				s := serveSample(t, dir)
				s.must(t, nil, "rolecall", "idc", "configure", "--url", s.url, "--user", "alice")
				ctx, cancel := context.WithTimeout(t.Context(), storyTimeout)
				defer cancel()
				person := aTerminal{opens: func(page string) {
					s.restart(t, signal)
					v := visitor.Visitor{
						User: "alice", Password: "correct-horse-alice",
						Client: &http.Client{Transport: &restarting{t: t, s: s, signal: signal}},
					}
					if title, err := v.Visit(ctx, page); err != nil {
						t.Errorf("the browser ended on %q: %v", title, err)
					}
				}}
				var stdout strings.Builder
				code, screen, err := person.run(ctx, s.in("endpoints", x.argv...), s.environ(), &stdout)
				if err != nil || code != 0 {
					t.Fatalf("exit code %d, %v\n%s", code, err, screen)
				}
				s.restart(t, signal)
				s.endToken(t)
				if out := s.must(t, nil, "rolecall", "whoami", matrixProfile); !isAlice.MatchString(out) {
					t.Errorf("after the next restart: %s", out)
				}
			})
		}
	}
}

// serveSample serves the sample from a data directory.
func serveSample(t *testing.T, dir string) *served {
	t.Helper()
	sample := filepath.Join(dir, "seed.yaml")
	s := &served{home: filepath.Join(dir, "home")}
	if err := os.MkdirAll(s.home, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(sample, []byte(s.must(t, nil, "rolecall", "idc", "sample")), 0o600); err != nil {
		t.Fatal(err)
	}
	return serve(t, s.home, "--data", filepath.Join(dir, "data"), "--seed", sample)
}

// restarting restarts the server before each form is sent, and before the browser
// brings the code to the program.
type restarting struct {
	t      *testing.T
	s      *served
	signal syscall.Signal
}

func (r *restarting) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Method == http.MethodPost || strings.HasPrefix(request.URL.Path, "/oauth/callback") {
		r.s.restart(r.t, r.signal)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	return transport.RoundTrip(request)
}

// crashRounds returns 20, or ROLECALL_CRASH_ROUNDS: 200 in make soak.
func crashRounds(t *testing.T) int { return times(t, "ROLECALL_CRASH_ROUNDS", 20) }

// kill -9 while administrators write: all that was acknowledged is there afterwards, and the audit verifies.
func TestNoAcknowledgedWriteIsLost(t *testing.T) {
	dir := t.TempDir()
	s := serveSample(t, dir)
	acknowledged := &names{}
	client, id := s.identityStore(t)
	// A failed change is not retried: it may have been made. Elsewhere retries are needed: the SDK closes a request's
	// body when the answer begins, and net/http drops the connection if it notices that when it last reads the body.
	client = identitystore.New(client.Options(), func(o *identitystore.Options) { o.Retryer = aws.NopRetryer{} })
	for round := range crashRounds(t) {
		stop := make(chan struct{})
		var writers sync.WaitGroup
		for worker := range 4 {
			writers.Go(func() { createUsers(t, client, id, stop, fmt.Sprintf("r%d-w%d", round, worker), acknowledged) })
		}
		life := 20 + rand.N(120)
		if round%4 == 0 {
			life += 900 // until the audit is sealed, a second after the first write
		}
		time.Sleep(time.Duration(life) * time.Millisecond)
		s.stop(syscall.SIGKILL)
		close(stop)
		writers.Wait()
		s.start(t, s.url[strings.LastIndexByte(s.url, ':')+1:])
		s.must(t, nil, "rolecall", "idc", "audit", "verify", "--url", s.url) // a crash raises no alarm
	}
	if len(acknowledged.list) < 2*crashRounds(t) {
		t.Fatalf("only %d writes were acknowledged: that proves little", len(acknowledged.list))
	}
	there := s.userNames(t)
	lost := 0
	for _, name := range acknowledged.list {
		if !there[name] {
			lost++
		}
	}
	if lost > 0 {
		t.Errorf("%d of %d acknowledged users are lost", lost, len(acknowledged.list))
	}
	t.Logf("%d rounds of kill -9, %d acknowledged writes, %d lost", crashRounds(t), len(acknowledged.list), lost)
	proof.Note(t, "store", len(acknowledged.list), len(acknowledged.list)-lost)
	if out := s.must(t, nil, "rolecall", "idc", "audit", "verify", "--url", s.url); !strings.Contains(out, "intact") {
		t.Errorf("the audit: %s", out)
	}
}

type names struct {
	mu   sync.Mutex
	list []string
}

func (n *names) add(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list = append(n.list, name)
}

// admin returns a config for the administrator's SDK clients.
func (s *served) admin() aws.Config {
	var id, secret string
	for _, entry := range s.adminEnviron {
		if value, ok := strings.CutPrefix(entry, "AWS_ACCESS_KEY_ID="); ok {
			id = value
		}
		if value, ok := strings.CutPrefix(entry, "AWS_SECRET_ACCESS_KEY="); ok {
			secret = value
		}
	}
	return aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(s.url), RetryMaxAttempts: 5,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}, nil
		}),
	}
}

func (s *served) identityStore(t *testing.T) (*identitystore.Client, *string) {
	t.Helper()
	out, err := ssoadmin.NewFromConfig(s.admin()).ListInstances(t.Context(), nil)
	if err != nil || len(out.Instances) != 1 {
		t.Fatalf("%v, %v", out, err)
	}
	return identitystore.NewFromConfig(s.admin()), out.Instances[0].IdentityStoreId
}

// createUsers creates users one after the other, and notes those that were
// acknowledged, until the server is gone.
func createUsers(t *testing.T, client *identitystore.Client, id *string, stop chan struct{}, prefix string,
	acknowledged *names,
) {
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		default:
		}
		name := fmt.Sprintf("%s-%d", prefix, i)
		_, err := client.CreateUser(t.Context(), &identitystore.CreateUserInput{
			IdentityStoreId: id, UserName: &name, DisplayName: &name, Name: &types.Name{GivenName: &name, FamilyName: &name},
		})
		if err != nil {
			var refused smithy.APIError
			if errors.As(err, &refused) {
				t.Errorf("%s: %v", name, err)
			}
			return
		}
		acknowledged.add(name)
	}
}

func (s *served) userNames(t *testing.T) map[string]bool {
	t.Helper()
	client, id := s.identityStore(t)
	there := map[string]bool{}
	pages := identitystore.NewListUsersPaginator(client, &identitystore.ListUsersInput{IdentityStoreId: id})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range page.Users {
			there[*u.UserName] = true
		}
	}
	return there
}
