// The contract of package credentials: what a caller may rely on. Read this file first.
package credentials_test

import (
	"errors"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rolecall/internal/awsconfig"
	"rolecall/internal/credentials"
	"rolecall/internal/idc/idctest"
	"rolecall/internal/identitycenter"
	"rolecall/internal/testbed"
)

func role(account, name string) awsconfig.Profile {
	return awsconfig.Profile{Name: "dev", Session: testbed.Corp(), AccountID: account, RoleName: name, Region: "us-east-1"}
}

// Keys come from the portal once; while they have 15 minutes left, the cache answers.
func TestKeysComeFromTheCacheWhileTheyAreGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		first := s.retrieve(t, role(payments, "Admin"))
		time.Sleep(44 * time.Minute) // the role's session lasts an hour
		if again := s.retrieve(t, role(payments, "Admin")); again.AccessKeyID != first.AccessKeyID ||
			s.asked["/federation/credentials"] != 1 {
			t.Errorf("asked %d times for %v and %v", s.asked["/federation/credentials"], first, again)
		}
		time.Sleep(2 * time.Minute)
		if newer := s.retrieve(t, role(payments, "Admin")); newer.AccessKeyID == first.AccessKeyID {
			t.Error("keys with 14 minutes left were handed out")
		}
	})
}

// With a session that has ended, or without a network, cached keys serve until a minute
// before their end, and it is said.
func TestTheLastResort(t *testing.T) {
	for name, answer := range map[string]func(w http.ResponseWriter) bool{
		"the session has ended": func(w http.ResponseWriter) bool { return testbed.Refuse(w, 401, "UnauthorizedException") },
		"the portal fails":      func(w http.ResponseWriter) bool { return testbed.Refuse(w, 503, "ServiceUnavailable") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t)
				first := s.retrieve(t, role(payments, "Admin"))
				time.Sleep(58 * time.Minute)
				s.answer(func(w http.ResponseWriter, r *http.Request) bool {
					if r.URL.Path == "/token" {
						return testbed.Refuse(w, 400, "InvalidGrantException")
					}
					return answer(w)
				})
				if got := s.retrieve(t, role(payments, "Admin")); got.AccessKeyID != first.AccessKeyID || len(s.warned) == 0 {
					t.Errorf("%v, warned of %v", got, s.warned)
				}
				time.Sleep(90 * time.Second)
				if got, err := s.source.Retrieve(t.Context(), role(payments, "Admin")); err == nil {
					t.Errorf("keys with half a minute left: %v", got)
				}
			})
		})
	}
}

// AWS says "No access" to everything. The error says what is the person's instead.
func TestARefusalIsExplained(t *testing.T) {
	for name, c := range map[string]struct {
		account, role string
		known         []identitycenter.Account
		says          string
	}{
		"a mistyped role":         {payments, "Admn", nil, "did you mean Admin?"},
		"no role in that account": {"999900001111", "Admin", nil, "your accounts: "},
		"a mistyped account":      {"111122223334", "Admin", nil, "did you mean 111122223333?"},
		"accounts that are known": {"999900001111", "Admin", []identitycenter.Account{{
			ID:   "123456789012",
			Name: "known",
		}}, "123456789012 known"},
		"a role that lags behind":     {payments, "Developer", nil, "your roles in that account: "},
		"an account that has no name": {"000000000000", "Admin", nil, `no access to role "Admin" in account 000000000000`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t)
				s.source.Accounts = c.known
				_, err := s.source.Retrieve(t.Context(), role(c.account, c.role))
				var refused *credentials.NoAccessError
				if !errors.As(err, &refused) || !errors.Is(err, identitycenter.ErrNoAccess) {
					t.Fatal(err)
				}
				if text := err.Error() + "\n" + strings.Join(refused.Facts(), "\n"); !strings.Contains(text, c.says) {
					t.Errorf("%q is not in:\n%s", c.says, text)
				}
				if c.known != nil && s.asked["/assignment/accounts"] > 0 {
					t.Error("known accounts were asked for again")
				}
			})
		})
	}
}

// Many who want the same role ask once.
func TestManyAskOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() { s.retrieve(t, role(payments, "Admin")) })
		}
		all.Wait()
		if n := s.asked["/federation/credentials"]; n != 1 {
			t.Errorf("asked %d times", n)
		}
	})
}

// A chained role is assumed with its source's keys, and cached for itself. Source keys
// that STS no longer accepts are replaced once.
func TestChainedRoles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		source := role(payments, "Admin")
		chained := awsconfig.Profile{Name: "deploy", Region: "us-east-1", Chain: &awsconfig.Chain{
			RoleARN: "arn:aws:iam::444455556666:role/ops/Deploy", ExternalID: "rolecall-sample", Source: &source,
		}}
		keys := s.retrieve(t, chained)
		identity, err := s.source.STS.CallerIdentity(t.Context(), keys, credentials.Region(chained))
		if err != nil || identity.Account != "444455556666" ||
			!strings.Contains(identity.ARN, ":assumed-role/Deploy/alice") {
			t.Fatalf("%+v, %v", identity, err)
		}
		if again := s.retrieve(t, chained); again.AccessKeyID != keys.AccessKeyID {
			t.Error("it was assumed again")
		}
		if chained.Root().Session.Name != "corp" || credentials.Region(chained) != "us-east-1" {
			t.Errorf("root %+v", chained.Root())
		}
		stale := s.retrieve(t, source)
		stale.AccessKeyID, stale.SessionToken = "ASIAOLDOLDOLDOLDOLDO", identitycenter.NewSecret("old")
		if err := s.source.Cache.SaveRoleCredentials(testbed.Corp(), payments, "Admin", stale); err != nil {
			t.Fatal(err)
		}
		if err := s.source.Cache.RemoveChained(testbed.Corp().Label()); err != nil {
			t.Fatal(err)
		}
		if newer := s.retrieve(t, chained); newer.AccessKeyID == keys.AccessKeyID {
			t.Error("the old keys came back")
		}
		chained.Chain.RoleARN = "arn:aws:iam::444455556666:role/Nothing"
		if _, err := s.source.Retrieve(t.Context(), chained); !errors.Is(err, identitycenter.ErrNoAccess) ||
			!strings.Contains(err.Error(), `role arn:aws:iam::444455556666:role/Nothing of profile "deploy"`) {
			t.Errorf("a role that trusts nobody: %v", err)
		}
	})
}

// STS is asked for each link of a chain in the region of the profile that was named.
func TestARegionForTheWholeChain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		var signed []string
		s.answer(func(w http.ResponseWriter, r *http.Request) bool {
			if _, scope, isSTS := strings.Cut(r.Header.Get("Authorization"), "Credential="); isSTS {
				signed = append(signed, strings.Split(scope, "/")[2])
				return testbed.Refuse(w, http.StatusForbidden, "AccessDenied")
			}
			return false
		})
		source := role(payments, "Admin")
		source.Region = "us-east-1"
		for _, region := range []string{"eu-west-1", ""} {
			middle := chainedFrom(source, "arn:aws:iam::444455556666:role/Middle", "us-west-2")
			last := chainedFrom(middle, "arn:aws:iam::444455556666:role/Last", region)
			if _, err := s.source.Retrieve(t.Context(), last); err == nil {
				t.Error("a refused role was handed out")
			}
		}
		if got := strings.Join(signed, " "); got != "eu-west-1 eu-west-1 us-east-1 us-east-1" {
			t.Errorf("signed for %s", got)
		}
	})
}

func chainedFrom(source awsconfig.Profile, arn, region string) awsconfig.Profile {
	return awsconfig.Profile{
		Name: "chained", Region: region, Chain: &awsconfig.Chain{RoleARN: arn, Source: &source},
	}
}

// A cache that cannot be read or written costs a warning, never the keys.
func TestCachesThatFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.source.Cache.Files.Fault = func(step, path string) error {
			if step == "create" && strings.Contains(path, "cli") {
				return errors.New("no space left on device")
			}
			return nil
		}
		if s.retrieve(t, role(payments, "Admin")); len(s.warned) != 1 ||
			!strings.Contains(s.warned[0].Error(), "no space left") {
			t.Errorf("warned of %v", s.warned)
		}
		s.source.Cache.Files.Fault, s.warned = nil, nil
		s.retrieve(t, role(payments, "Admin"))
		path := s.source.Cache.RolePath(testbed.Corp(), payments, "Admin")
		if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
		s.retrieve(t, role(payments, "Admin"))
		if _, err := os.Stat(path + ".damaged-1"); err != nil || len(s.warned) != 1 {
			t.Errorf("the damaged file: %v, warned of %v", err, s.warned)
		}
	})
}

// A profile without an account or a role is no target.
func TestAProfileWithoutARole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if _, err := newScene(t).source.Retrieve(t.Context(), role("", "")); err == nil {
			t.Error("it was taken")
		}
	})
}

// Keys that live for some minutes more are not served once the role has been taken away: the portal's 403 counts,
// however good they are.
func TestCachedKeysOfARoleThatWasTakenAway(t *testing.T) {
	for _, left := range []time.Duration{14 * time.Minute, 5 * time.Minute, 2 * time.Minute, 70 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			s := newScene(t)
			first := s.retrieve(t, role(payments, "Admin"))
			if existed, err := idctest.Unassign(s.Data, "alice", payments, "Admin"); err != nil || !existed {
				t.Fatalf("%v, %v", existed, err)
			}
			time.Sleep(time.Until(first.Expiration.Add(-left)))
			got, err := s.source.Retrieve(t.Context(), role(payments, "Admin"))
			if !errors.Is(err, identitycenter.ErrNoAccess) || !got.SecretAccessKey.IsZero() || got.AccessKeyID != "" {
				t.Errorf("with %v left: %v, %v", left, got.AccessKeyID, err)
			}
			if s.asked["/federation/credentials"] != 2 {
				t.Errorf("with %v left: asked %d times", left, s.asked["/federation/credentials"])
			}
		})
	}
}
