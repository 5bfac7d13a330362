package cache

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"rolecall/internal/filesystem"
	"rolecall/internal/identitycenter"
)

var corp = identitycenter.SSOSession{
	Name: "corp", StartURL: "https://d-1234567890.awsapps.com/start",
	Region: "us-east-1",
}

func newStore(t *testing.T) *Store {
	t.Helper()
	home := t.TempDir()
	return &Store{Home: home, State: filepath.Join(home, ".local", "state", "rolecall"), Now: time.Now}
}

func aToken() identitycenter.Token {
	return identitycenter.Token{
		AccessToken:  identitycenter.NewSecret("aoa-access"),
		RefreshToken: identitycenter.NewSecret("aor-refresh"),
		ExpiresAt:    time.Date(2026, 11, 23, 12, 44, 15, 0, time.UTC),
		Registration: identitycenter.ClientRegistration{
			ClientID: "client", ClientSecret: identitycenter.NewSecret("se<cr>&et\u00e9"),
			ExpiresAt: time.Date(2027, 2, 21, 12, 44, 15, 0, time.UTC),
		},
	}
}

func save(t *testing.T, s *Store, session identitycenter.SSOSession, token identitycenter.Token) {
	t.Helper()
	room, err := s.ReserveToken(t.Context(), session)
	if err != nil {
		t.Fatal(err)
	}
	defer room.Discard()
	if err := room.Save(t.Context(), token); err != nil {
		t.Fatal(err)
	}
}

// The names are those that the AWS CLI writes for the same input.
func TestSharedFileNames(t *testing.T) {
	s := newStore(t)
	legacy := identitycenter.SSOSession{StartURL: corp.StartURL, Region: "us-east-1"}
	for want, got := range map[string]string{
		"ee0bfd2552fbd840c02cc48b6e823320543c450f": s.TokenPath(corp),
		"7487b5b67d5fa1132cf33fa93ae51ef38cc37752": s.TokenPath(legacy),
		"0cdbf32b99792a73981dd3f142bc63ab50240b44": s.RolePath(corp, "111122223333", "Admin"),
		"6abb896b6ccaa651ce726de776d08638a3e78017": s.RolePath(legacy, "111122223333", "Admin"),
	} {
		if base := filepath.Base(got); base != want+".json" {
			t.Errorf("got %s, want %s.json", base, want)
		}
	}
}

// The bytes are those of Python's json.dumps in the AWS CLI's order.
func TestTokenFileBytes(t *testing.T) {
	s := newStore(t)
	save(t, s, corp, aToken())
	want := `{"startUrl": "https://d-1234567890.awsapps.com/start", "region": "us-east-1", "accessToken": "aoa-access", ` +
		`"expiresAt": "2026-11-23T12:44:15Z", "clientId": "client", "clientSecret": "se<cr>&et\u00e9", ` +
		`"registrationExpiresAt": "2027-02-21T12:44:15Z", "refreshToken": "aor-refresh"}`
	got, err := os.ReadFile(s.TokenPath(corp))
	if err != nil || string(got) != want {
		t.Errorf("err %v, got\n%s\nwant\n%s", err, got, want)
	}
	for path, mode := range map[string]os.FileMode{s.TokenPath(corp): 0o600, filepath.Dir(s.TokenPath(corp)): 0o700} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != mode && runtime.GOOS != "windows" {
			t.Errorf("%s: mode %v, err %v; want %v", path, info.Mode().Perm(), err, mode)
		}
	}
}

func TestUnknownMembersAreKept(t *testing.T) {
	s := newStore(t)
	write(t, s.TokenPath(corp),
		`{"accessToken": "old", "refreshToken": "gone", "futureThing": {"a": [1, 2.50]}, "expiresAt": "x"}`)
	token := aToken()
	token.RefreshToken = identitycenter.Secret{}
	save(t, s, corp, token)
	got, _ := os.ReadFile(s.TokenPath(corp))
	if text := string(got); !strings.Contains(text, `"futureThing": {"a": [1, 2.50]}`) ||
		strings.Contains(text, "refreshToken") || strings.Contains(text, "null") {
		t.Errorf("got %s", text)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestExpiresAtInEveryForm(t *testing.T) {
	whole := time.Date(2026, 11, 23, 4, 33, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"2026-11-23T04:33:00Z":           whole,
		"2026-11-23T04:33:00UTC":         whole,
		"2026-11-23T06:33:00+02:00":      whole,
		"2026-11-23T04:33:00.123456789Z": whole.Add(123456789),
		"2026-11-23T04:33:00":            {},
		"2026-11-23":                     {},
		"":                               {},
		"soon":                           {},
	} {
		if got := parseTime(text); !got.Equal(want) {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

func TestForeignTokensAreToldApart(t *testing.T) {
	s := newStore(t)
	for key, text := range map[string]string{
		"region":   `{"startUrl": "https://D-1234567890.awsapps.com/start/#/", "region": "eu-west-1", "accessToken": "a"}`,
		"startUrl": `{"startUrl": "https://d-9999999999.awsapps.com/start", "region": "us-east-1", "accessToken": "a"}`,
	} {
		write(t, s.TokenPath(corp), text)
		_, err := s.Token(t.Context(), corp)
		var foreign *ForeignTokenError
		if !errors.As(err, &foreign) || foreign.Key != key {
			t.Errorf("%s: got %v", key, err)
		}
	}
	write(t, s.TokenPath(corp),
		`{"startUrl": "https://D-1234567890.awsapps.com/start/#/", "region": "us-east-1", "accessToken": "a"}`)
	token, err := s.Token(t.Context(), corp)
	if err != nil || !token.ExpiresAt.IsZero() {
		t.Errorf("a token without expiresAt: %v, %v", token.ExpiresAt, err)
	}
}

func TestDamagedFilesAreNamedAndSetAside(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "cut": `{"accessToken": "a`, "html": "<html>", "list": "[]", "twice": "{} {}", "no token": "{}",
		"huge": strings.Repeat(" ", filesystem.MaxSecretFile+1),
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			path := s.TokenPath(corp)
			write(t, path, text)
			_, err := s.Token(t.Context(), corp)
			var damaged *DamagedError
			if !errors.As(err, &damaged) || damaged.Path != path {
				t.Fatalf("got %v", err)
			}
			aside, err := s.SetAsideToken(&DamagedError{Path: s.TokenPath(corp)})
			if err != nil || aside != path+".damaged-1" {
				t.Fatalf("set aside as %q: %v", aside, err)
			}
			if kept, err := os.ReadFile(aside); err != nil || string(kept) != text {
				t.Errorf("its content is gone: %v", err)
			}
			if _, err := s.Token(t.Context(), corp); !errors.Is(err, ErrNotFound) {
				t.Errorf("after it was set aside: %v", err)
			}
		})
	}
}

// A tool that rewrites its file in place leaves it torn for a moment.
func TestATornFileIsReadAgain(t *testing.T) {
	s := newStore(t)
	write(t, s.TokenPath(corp), `{"accessTok`)
	go func() {
		time.Sleep(60 * time.Millisecond)
		_ = os.WriteFile(s.TokenPath(corp), []byte(`{"accessToken": "a"}`), 0o600)
	}()
	token, err := s.Token(t.Context(), corp)
	if err != nil || token.AccessToken.Reveal() != "a" {
		t.Errorf("got %v", err)
	}
}

// On a full disk the old content stays, and nothing else is left behind.
func TestAFullDiskHarmsNothing(t *testing.T) {
	for _, step := range []string{"mkdir", "create", "write", "sync", "rename"} {
		t.Run(step, func(t *testing.T) {
			s := newStore(t)
			save(t, s, corp, aToken())
			before, _ := os.ReadFile(s.TokenPath(corp))
			s.Files.Fault = func(at, _ string) error {
				if at == step {
					return syscall.ENOSPC
				}
				return nil
			}
			room, err := s.ReserveToken(t.Context(), corp)
			if err == nil {
				err = room.Save(t.Context(), identitycenter.Token{AccessToken: identitycenter.NewSecret("new")})
				room.Discard()
			}
			if !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("got %v", err)
			}
			after, _ := os.ReadFile(s.TokenPath(corp))
			if string(before) != string(after) {
				t.Errorf("the file changed to %s", after)
			}
			if left, _ := filepath.Glob(filepath.Join(filepath.Dir(s.TokenPath(corp)), ".*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestRoleCredentialsRoundTrip(t *testing.T) {
	s := newStore(t)
	c := identitycenter.RoleCredentials{
		AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: identitycenter.NewSecret("secret"),
		SessionToken: identitycenter.NewSecret("token"),
		Expiration:   time.Date(2026, 11, 23, 5, 44, 16, 0, time.UTC), AccountID: "111122223333",
	}
	if err := s.SaveRoleCredentials(corp, "111122223333", "Admin", c); err != nil {
		t.Fatal(err)
	}
	want := `{"ProviderType": "sso", "Credentials": {"AccessKeyId": "ASIAEXAMPLE", ` +
		`"SecretAccessKey": "secret", "SessionToken": "token", ` +
		`"Expiration": "2026-11-23T05:44:16Z", "AccountId": "111122223333"}}`
	if got, err := os.ReadFile(s.RolePath(corp, "111122223333", "Admin")); err != nil || string(got) != want {
		t.Errorf("err %v, got\n%s\nwant\n%s", err, got, want)
	}
	got, err := s.RoleCredentials(corp, "111122223333", "Admin")
	if err != nil || got.SecretAccessKey.Reveal() != "secret" || !got.Expiration.Equal(c.Expiration) {
		t.Errorf("got %v, %v", got, err)
	}
	// What another tool has cached and no shell can carry is as good as not there.
	write(t, s.RolePath(corp, "111122223333", "Odd"),
		strings.NewReplacer("token\"", "$(id)\"", "2026", "2099").Replace(want))
	var damaged *DamagedError
	if _, err := s.RoleCredentials(corp, "111122223333", "Odd"); !errors.As(err, &damaged) ||
		strings.Contains(err.Error(), "$(id)") {
		t.Errorf("odd keys: %v", err)
	}
	if err := os.Remove(s.RolePath(corp, "111122223333", "Odd")); err != nil {
		t.Fatal(err)
	}
	// The AWS CLI keeps AssumeRole results in the same folder.
	write(t, filepath.Join(filepath.Dir(s.RolePath(corp, "1", "x")), "0123.json"),
		`{"Credentials": {"Expiration": "2026-11-23T05:44:16+00:00"}}`)
	roles, err := s.CachedRoles()
	if err != nil || len(roles) != 1 || roles[0].Role != "Admin" || roles[0].Session != "corp" {
		t.Errorf("got %v, %v", roles, err)
	}
}

func TestARegistrationGoesOnlyToItsEndpoint(t *testing.T) {
	s := newStore(t)
	r := identitycenter.ClientRegistration{
		ClientID: "c", ClientSecret: identitycenter.NewSecret("s"),
		ExpiresAt: time.Now().Add(90 * 24 * time.Hour),
	}
	if err := s.SaveRegistration(corp, "https://oidc.us-east-1.amazonaws.com", "code", r); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Registration(corp, "https://oidc.us-east-1.amazonaws.com", "code"); err != nil ||
		got.ClientID != "c" {
		t.Errorf("got %v, %v", got.ClientID, err)
	}
	for _, other := range [][2]string{{"https://elsewhere.example", "code"}, {
		"https://oidc.us-east-1.amazonaws.com",
		"device",
	}} {
		if _, err := s.Registration(corp, other[0], other[1]); !errors.Is(err, ErrNotFound) {
			t.Errorf("%v: got %v", other, err)
		}
	}
	s.Now = func() time.Time { return r.ExpiresAt.Add(-30 * time.Minute) }
	if _, err := s.Registration(corp, "https://oidc.us-east-1.amazonaws.com", "code"); !errors.Is(err, ErrNotFound) {
		t.Errorf("shortly before its end: %v", err)
	}
}
