package credentials_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rolecall/internal/awsconfig"
	"rolecall/internal/idc/idctest"
	"rolecall/internal/identitycenter"
	"rolecall/internal/testbed"
)

// With one to fifteen minutes left and the role taken away, cached keys are not served.
func TestKeysOfARoleThatWasTakenAway(t *testing.T) {
	for _, left := range []time.Duration{14 * time.Minute, 5 * time.Minute, 90 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			s := newScene(t)
			s.retrieve(t, role(payments, "Admin"))
			if existed, err := idctest.Unassign(s.Data, "alice", payments, "Admin"); err != nil || !existed {
				t.Fatal(existed, err)
			}
			time.Sleep(time.Hour - left)
			_, err := s.source.Retrieve(t.Context(), role(payments, "Admin"))
			if !errors.Is(err, identitycenter.ErrNoAccess) || len(s.warned) != 0 {
				t.Errorf("with %v left: %v, warned of %v", left, err, s.warned)
			}
		})
	}
}

func deployFrom(source awsconfig.Profile) awsconfig.Profile {
	return awsconfig.Profile{Name: "deploy", Region: "us-east-1", Chain: &awsconfig.Chain{
		RoleARN: "arn:aws:iam::444455556666:role/ops/Deploy", ExternalID: "rolecall-sample", Source: &source,
	}}
}

// Cached keys are those of the very same chain: its sources, external ids, names, lengths and tags.
func TestEachChainHasItsOwnKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.retrieve(t, deployFrom(role(payments, "Admin")))
		asked := s.asked["/"]
		s.retrieve(t, deployFrom(role(payments, "Admin")))
		if s.asked["/"] != asked {
			t.Error("the same chain was assumed again")
		}
		for name, change := range map[string]func(*awsconfig.Profile){
			"another external id": func(p *awsconfig.Profile) { p.Chain.ExternalID = "another" },
			"no external id":      func(p *awsconfig.Profile) { p.Chain.ExternalID = "" },
			"another source":      func(p *awsconfig.Profile) { p.Chain.Source.RoleName = "ReadOnly" },
			"another account":     func(p *awsconfig.Profile) { p.Chain.Source.AccountID = "222233334444" },
			"another role":        func(p *awsconfig.Profile) { p.Chain.RoleARN += "er" },
		} {
			other := deployFrom(role(payments, "Admin"))
			change(&other)
			if _, err := s.source.Retrieve(t.Context(), other); err == nil {
				t.Errorf("%s: keys of the first chain", name)
			}
		}
		for name, change := range map[string]func(*awsconfig.Profile){
			"another name":   func(p *awsconfig.Profile) { p.Chain.RoleSessionName = "another" },
			"another length": func(p *awsconfig.Profile) { p.Chain.Duration = time.Hour / 2 },
			"tags":           func(p *awsconfig.Profile) { p.Chain.Tags = []awsconfig.Tag{{Key: "team", Value: "a"}} },
			"other tags":     func(p *awsconfig.Profile) { p.Chain.Tags = []awsconfig.Tag{{Key: "team", Value: "b"}} },
			"transitive tags": func(p *awsconfig.Profile) {
				p.Chain.Tags, p.Chain.TransitiveTags = []awsconfig.Tag{{Key: "team", Value: "a"}}, []string{"team"}
			},
			"a policy": func(p *awsconfig.Profile) { p.Chain.Policy = `{"Version":"2012-10-17","Statement":[]}` },
			"a policy's ARN": func(p *awsconfig.Profile) {
				p.Chain.PolicyARNs = []string{"arn:aws:iam::aws:policy/ReadOnlyAccess"}
			},
			"a source identity": func(p *awsconfig.Profile) { p.Chain.SourceIdentity = "alice" },
		} {
			other := deployFrom(role(payments, "Admin"))
			change(&other)
			asked := s.asked["/"]
			s.retrieve(t, other)
			if s.asked["/"] == asked {
				t.Errorf("%s: keys of the first chain", name)
			}
		}
	})
}

// Keys that STS returns are looked at as the portal's are.
func TestKeysThatSTSDoesNotReturn(t *testing.T) {
	const right, secret = "ASIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	for name, c := range map[string]struct {
		id, secret string
		left       time.Duration
	}{
		"a command in the id":     {"ASIA$(id)", secret, time.Hour},
		"a line in the secret":    {right, "secret\nexport X=1", time.Hour},
		"no secret":               {right, "", time.Hour},
		"ended":                   {right, secret, -time.Hour},
		"longer than AWS's would": {right, secret, 48 * time.Hour},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newScene(t)
			s.answer(func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != "/" || !strings.Contains(r.Header.Get("Authorization"), "/sts/") {
					return false
				}
				w.Header().Set("Content-Type", "text/xml")
				fmt.Fprintf(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>`+
					`<Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s</SecretAccessKey>`+
					`<SessionToken>token</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleResult>`+
					`</AssumeRoleResponse>`, c.id, c.secret, time.Now().Add(c.left).UTC().Format(time.RFC3339))
				return true
			})
			chained := deployFrom(role(payments, "Admin"))
			got, err := s.source.Retrieve(t.Context(), chained)
			if err == nil || !errors.Is(err, identitycenter.ErrBadAnswer) && !errors.Is(err, identitycenter.ErrWrongClock) {
				t.Errorf("%s: %v, %v", name, got, err)
			}
		})
	}
}

// Whatever a chain's source needs, its refusal comes through, and nothing of it is kept.
func TestAChainWhoseSourceIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		if _, err := s.source.Retrieve(t.Context(), deployFrom(role(payments, "Nothing"))); !errors.Is(err,
			identitycenter.ErrNoAccess) || s.asked["/"] != 0 {
			t.Errorf("%v, STS was asked %d times", err, s.asked["/"])
		}
	})
}

// With an ended session, chained keys serve until a minute before their end, and it is said.
func TestTheLastResortOfAChain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		chained := deployFrom(role(payments, "Admin"))
		first := s.retrieve(t, chained)
		time.Sleep(50 * time.Minute)
		s.answer(func(w http.ResponseWriter, _ *http.Request) bool { return testbed.Refuse(w, 503, "ServiceUnavailable") })
		if got := s.retrieve(t, chained); got.AccessKeyID != first.AccessKeyID || len(s.warned) == 0 {
			t.Errorf("%v, warned of %v", got, s.warned)
		}
		time.Sleep(9*time.Minute + 30*time.Second)
		if got, err := s.source.Retrieve(t.Context(), chained); err == nil {
			t.Errorf("keys with half a minute left: %v", got)
		}
	})
}

// A cache of chained keys that cannot be written costs a warning; one that cannot be emptied, the keys.
func TestACacheOfChainsThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		chained := deployFrom(role(payments, "Admin"))
		s.source.Cache.Files.Fault = func(step, path string) error {
			if step == "create" && strings.Contains(path, "chained") {
				return errors.New("no space left on device")
			}
			return nil
		}
		if s.retrieve(t, chained); len(s.warned) != 1 || !strings.Contains(s.warned[0].Error(), "no space left") {
			t.Errorf("warned of %v", s.warned)
		}
		refused := errors.New("operation not permitted")
		s.source.Cache.Files.Fault = func(step, _ string) error {
			if step == "remove" {
				return refused
			}
			return nil
		}
		s.answer(func(w http.ResponseWriter, r *http.Request) bool {
			return r.URL.Path == "/" && testbed.Refuse(w, 403, "ExpiredToken")
		})
		_, err := s.source.Retrieve(t.Context(), chainedFrom(chained, "arn:aws:iam::444455556666:role/Last", ""))
		if err == nil {
			t.Error("keys of a refused chain")
		}
	})
}
