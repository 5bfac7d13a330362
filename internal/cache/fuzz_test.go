package cache

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"rolecall/internal/identitycenter"
)

// Whatever other tools leave in a token file: it is read or refused, and what is read is written back the same.
func FuzzToken(f *testing.F) {
	for _, text := range []string{
		"", "null", "{}", `{"accessToken": "a", "expiresAt": "2026-11-28T12:00:00Z"}`,
		`{"accessToken": "a", "expiresAt": "2026-11-28T12:00:00UTC", "x": [1, {"y": "\ud800"}], "accessToken": "b"}`,
		`{"startUrl": "https://corp.awsapps.com/start", "region": "us-east-1", "refreshToken": "r\u0000"}`,
		" {\"a\\u0062\" : -1.5e+3 ,\t\"x\":null, \"\": true\r\n, \"y\":[\"]}\\\"\",{}], \"\xff\": \"\xfe,}\"}\n",
		`{"a": {"b": "}"} } x`, `{"a": tru`, `{"a":}`, `{"a" "b"}`, `{,}`, `{"a":1,}`, `["a"]`, "{\"a\": \"\x01\"}",
		"\u00a0{}",
	} {
		f.Add([]byte(text))
	}
	session := identitycenter.SSOSession{
		Name: "corp", StartURL: "https://corp.awsapps.com/start", Region: "us-east-1",
	}
	home := f.TempDir()
	s := &Store{Home: home, State: filepath.Join(home, "state"), Now: time.Now}
	path := s.TokenPath(session)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		o, err := parseObject(text)
		readsAsJSON(t, text, o, err)
		if err != nil {
			return // reading it again takes a quarter of a second
		}
		if again, err := parseObject(o.bytes()); err != nil || !bytes.Equal(again.bytes(), o.bytes()) {
			t.Errorf("%q became %q, then %q: %v", text, o.bytes(), again.bytes(), err)
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		token, err := s.Token(t.Context(), session)
		if err == nil && (token.AccessToken.IsZero() || token.AccessToken.Reveal() != o.text("accessToken")) {
			t.Errorf("%q is read as %q", text, token.AccessToken.Reveal())
		}
	})
}

// readsAsJSON compares what parseObject has read, or its error, with encoding/json.
func readsAsJSON(t *testing.T, text []byte, o object, err error) {
	t.Helper()
	var members map[string]json.RawMessage
	if jsonErr := json.Unmarshal(text, &members); (err == nil) != (jsonErr == nil && members != nil) {
		t.Fatalf("%q: %v, encoding/json: %v", text, err, jsonErr)
	}
	if err != nil {
		return
	}
	if len(o) != len(members) {
		t.Errorf("%q: %d members, want %d", text, len(o), len(members))
	}
	for name, raw := range members {
		var want string
		_ = json.Unmarshal(raw, &want)
		if got := o.raw(name); !bytes.Equal(got, raw) || o.text(name) != want {
			t.Errorf("%q: %q is %q, %q, want %q, %q", text, name, got, o.text(name), raw, want)
		}
	}
}

// Our own files: a note, a registration, role credentials.
func FuzzOwnFiles(f *testing.F) {
	for _, text := range []string{
		"{}", "[]", `{"session": "corp", "startUrl": "https://corp.awsapps.com/start", "region": "us-east-1"}`,
		`{"Credentials": {"AccessKeyId": "ASIAX", "SecretAccessKey": "x", "SessionToken": "y", "Expiration": "z"}}`,
		`{"endpoint": "e", "clientId": "c", "clientSecret": "s", "expiresAt": "2036-11-28T12:00:00Z"}`,
	} {
		f.Add([]byte(text))
	}
	session := identitycenter.SSOSession{
		Name: "corp", StartURL: "https://corp.awsapps.com/start", Region: "us-east-1",
	}
	home := f.TempDir()
	s := &Store{Home: home, State: filepath.Join(home, "state"), Now: time.Now}
	paths := []string{s.notePath(session), s.registrationPath(session, "e", "code")}
	for _, path := range paths {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			f.Fatal(err)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, path := range paths {
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if note := s.SessionNote(session); note != (SessionNote{}) && note.Region != session.Region {
			t.Errorf("%q: the note of another region is taken", text)
		}
		if r, err := s.Registration(session, "e", "code"); err == nil && (r.ClientID == "" || r.ClientSecret.IsZero()) {
			t.Errorf("%q: a registration without a client", text)
		}
	})
}
