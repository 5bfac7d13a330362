package cache

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"rolecall/internal/filesystem"
	"rolecall/internal/identitycenter"
)

func someKeys() identitycenter.RoleCredentials {
	return identitycenter.RoleCredentials{
		AccessKeyID: "ASIAIOSFODNN7EXAMPLE", SecretAccessKey: identitycenter.NewSecret("secret"),
		SessionToken: identitycenter.NewSecret("token"), Expiration: time.Now().Add(time.Hour), AccountID: "111122223333",
	}
}

// Keys that were cached before the present sign-in may be another person's: they are not served, chained ones neither.
func TestKeysOfThePersonBefore(t *testing.T) {
	s := newStore(t)
	chain := []string{"corp", "role", "arn:aws:iam::444455556666:role/Deploy"}
	if err := errors.Join(s.SaveRoleCredentials(corp, "111122223333", "Admin", someKeys()),
		s.SaveChainedCredentials(chain, someKeys())); err != nil {
		t.Fatal(err)
	}
	look := func() (role, chained error) {
		_, role = s.RoleCredentials(corp, "111122223333", "Admin")
		_, chained = s.ChainedCredentials(corp, chain)
		return role, chained
	}
	if role, chained := look(); role != nil || chained != nil {
		t.Fatal(role, chained)
	}
	if err := s.SaveSessionNote(corp, SessionNote{Login: time.Now().Add(time.Second)}); err != nil {
		t.Fatal(err)
	}
	if role, chained := look(); !errors.Is(role, ErrNotFound) || !errors.Is(chained, ErrNotFound) {
		t.Errorf("after another sign-in: %v, chained %v", role, chained)
	}
}

// A policy bounds how long cached keys are used after they were written, whatever is left of them.
func TestCachedKeysAreUsedForALimitedTime(t *testing.T) {
	s := newStore(t)
	chain := []string{"corp", "role", "arn:aws:iam::444455556666:role/Deploy"}
	if err := errors.Join(s.SaveRoleCredentials(corp, "111122223333", "Admin", someKeys()),
		s.SaveChainedCredentials(chain, someKeys())); err != nil {
		t.Fatal(err)
	}
	written := time.Now()
	for _, c := range []struct {
		longest, age time.Duration
		want         error
	}{
		{0, 50 * time.Minute, nil},
		{15 * time.Minute, 14 * time.Minute, nil},
		{15 * time.Minute, 16 * time.Minute, ErrNotFound},
	} {
		s.Longest, s.Now = c.longest, func() time.Time { return written.Add(c.age) }
		_, role := s.RoleCredentials(corp, "111122223333", "Admin")
		_, chained := s.ChainedCredentials(corp, chain)
		if !errors.Is(role, c.want) || !errors.Is(chained, c.want) {
			t.Errorf("%v after %v: %v, chained %v", c.longest, c.age, role, chained)
		}
	}
}

// A note is of its session's start URL and region, and holds no token.
func TestNotesAreOfTheirSession(t *testing.T) {
	s := newStore(t)
	note := SessionNote{OIDC: "https://oidc.example", ClientID: "client"}
	token := aToken()
	note.Saved(token)
	note.Refuse(token, time.Now(), "invalid_grant")
	if err := s.SaveSessionNote(corp, note); err != nil {
		t.Fatal(err)
	}
	if got := s.SessionNote(corp); got.ClientID != "client" || !got.Refused(token) {
		t.Errorf("%+v", got)
	}
	elsewhere, moved := corp, corp
	elsewhere.StartURL, moved.Region = "https://d-0000000000.awsapps.com/start", "eu-west-1"
	for _, other := range []identitycenter.SSOSession{elsewhere, moved} {
		if got := s.SessionNote(other); got != (SessionNote{}) {
			t.Errorf("%s, %s: %+v", other.StartURL, other.Region, got)
		}
	}
	content, err := os.ReadFile(s.notePath(corp))
	for _, secret := range []identitycenter.Secret{token.AccessToken, token.RefreshToken} {
		if err != nil || bytes.Contains(content, []byte(secret.Reveal())) {
			t.Errorf("%v: the note holds a token:\n%s", err, content)
		}
	}
}

// A registration that stands in the place of another endpoint's is not used.
func TestARegistrationInAnothersPlace(t *testing.T) {
	s := newStore(t)
	r := identitycenter.ClientRegistration{
		ClientID: "c", ClientSecret: identitycenter.NewSecret("s"), ExpiresAt: time.Now().Add(24 * time.Hour),
	}
	const own, other = "https://oidc.us-east-1.amazonaws.com", "https://elsewhere.example"
	if err := s.SaveRegistration(corp, own, "code", r); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(s.registrationPath(corp, own, "code"), s.registrationPath(corp, other, "code")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Registration(corp, other, "code"); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

// The name of a file tells its parts apart, wherever one ends.
func TestNamesTellTheirPartsApart(t *testing.T) {
	s := newStore(t)
	if err := s.SaveChainedCredentials([]string{"corp", "ab", "c"}, someKeys()); err != nil {
		t.Fatal(err)
	}
	for _, chain := range [][]string{{"corp", "a", "bc"}, {"corp", "abc"}, {"corp", "ab", "c", ""}} {
		if _, err := s.ChainedCredentials(corp, chain); !errors.Is(err, ErrNotFound) {
			t.Errorf("%q: %v", chain, err)
		}
	}
}

// A process that does not finish its refresh, or its request, keeps nobody waiting for more than fifteen seconds.
func TestLocksHaveADeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore(t)
		refresh := func() (func(), error) { return s.LockRefresh(t.Context(), corp) }
		role := func() (func(), error) { return s.LockRole(t.Context(), corp, "111122223333", "Admin") }
		for name, lock := range map[string]func() (func(), error){"refresh": refresh, "role": role} {
			unlock, err := lock()
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			if _, err := lock(); !errors.Is(err, filesystem.ErrLocked) || time.Since(began) != 15*time.Second {
				t.Errorf("%s: %v after %v", name, err, time.Since(began))
			}
			unlock()
		}
	})
}

// logout --all removes whatever rolecall has saved, and what is damaged of it, and nothing of other tools.
func TestForgetAll(t *testing.T) {
	s := newStore(t)
	theirs := identitycenter.SSOSession{Name: "theirs", StartURL: corp.StartURL, Region: corp.Region}
	save(t, s, corp, aToken())
	save(t, s, theirs, aToken())
	note := SessionNote{}
	note.Saved(aToken())
	other := aToken()
	other.AccessToken = identitycenter.NewSecret("of-another-tool")
	save(t, s, theirs, other)
	if err := errors.Join(
		s.SaveSessionNote(corp, note), s.SaveSessionNote(theirs, note),
		s.SaveRoleCredentials(corp, "111122223333", "Admin", someKeys()),
		s.SaveChainedCredentials([]string{"corp", "a"}, someKeys()),
		s.SaveRegistration(corp, "https://oidc.example", "code", identitycenter.ClientRegistration{ClientID: "c"}),
	); err != nil {
		t.Fatal(err)
	}
	damaged := s.RolePath(corp, "111122223333", "Gone") + ".damaged-1"
	write(t, damaged, "{")
	if err := s.ForgetAll(); err != nil {
		t.Fatal(err)
	}
	var left []string
	err := filepath.WalkDir(s.Home, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			left = append(left, path)
		}
		return err
	})
	if err != nil || len(left) != 1 || left[0] != s.TokenPath(theirs) {
		t.Errorf("%v; left: %q", err, left)
	}
}
