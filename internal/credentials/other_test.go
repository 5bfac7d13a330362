package credentials_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rolecall/internal/awsconfig"
	"rolecall/internal/credentials"
)

// forms calls back with each form that STS gets; true means that it is answered.
func (s *scene) forms(answer func(http.ResponseWriter, url.Values, *http.Request) bool) {
	s.answer(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/" {
			return false
		}
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		form, _ := url.ParseQuery(string(body))
		return answer(w, form, r)
	})
}

// The token of a web identity is read from its file each time, and sent without a signature.
func TestWebIdentity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		file := filepath.Join(t.TempDir(), "token")
		asked := 0
		s.forms(func(w http.ResponseWriter, form url.Values, r *http.Request) bool {
			asked++
			want := fmt.Sprintf("token-%d", asked)
			if form.Get("Action") != "AssumeRoleWithWebIdentity" || form.Get("WebIdentityToken") != want ||
				form.Get("RoleArn") != deployARN || form.Get("RoleSessionName") != "ci" || r.Header.Get("Authorization") != "" {
				t.Errorf("asked %v, %q", form, r.Header.Get("Authorization"))
			}
			fmt.Fprintf(w, "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"+
				"<AccessKeyId>ASIAWEB%d</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"+
				"<Expiration>%s</Expiration></Credentials></AssumeRoleWithWebIdentityResult>"+
				"</AssumeRoleWithWebIdentityResponse>", asked, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
			return true
		})
		web := awsconfig.Profile{Name: "web", Region: "us-east-1", Chain: &awsconfig.Chain{
			RoleARN: deployARN, RoleSessionName: "ci", TokenFile: file,
		}}
		if _, err := s.source.Retrieve(t.Context(), web); !errors.Is(err, credentials.ErrNoKeys) {
			t.Errorf("without the file: %v", err)
		}
		for n := 1; n <= 2; n++ {
			if err := os.WriteFile(file, fmt.Appendf(nil, "token-%d", n), 0o600); err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second time from the cache
				if c := s.retrieve(t, web); c.AccessKeyID != fmt.Sprintf("ASIAWEB%d", n) || c.AccountID != "444455556666" {
					t.Errorf("%d: %s of %s", n, c.AccessKeyID, c.AccountID)
				}
			}
			time.Sleep(50 * time.Minute)
		}
	})
}

// A device's code goes to STS with the device, once for as long as the role's keys live; refused keys are not asked for
// again with a code that is spent.
func TestMFA(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		refused, codes := false, 0
		var sent []string
		s.source.Others.Code = func(_ context.Context, serial string) (string, error) {
			codes++
			return fmt.Sprintf("%06d", codes), nil
		}
		s.forms(func(w http.ResponseWriter, form url.Values, _ *http.Request) bool {
			if form.Get("Action") != "AssumeRole" {
				return false
			}
			sent = append(sent, form.Get("SerialNumber")+" "+form.Get("TokenCode"))
			if refused {
				w.WriteHeader(http.StatusForbidden)
				fmt.Fprint(w, "<ErrorResponse><Error><Code>ExpiredToken</Code><Message>x</Message></Error></ErrorResponse>")
			}
			return refused
		})
		profile := deployFrom(role(payments, "Admin"))
		profile.Chain.MFASerial = "arn:aws:iam::111122223333:mfa/alice"
		s.retrieve(t, profile)
		s.retrieve(t, profile)
		time.Sleep(50 * time.Minute)
		refused = true
		if _, err := s.source.Retrieve(t.Context(), profile); err == nil && codes < 2 {
			t.Error("nobody was asked again")
		}
		if got := strings.Join(sent, ", "); got != "arn:aws:iam::111122223333:mfa/alice 000001, "+
			"arn:aws:iam::111122223333:mfa/alice 000002" {
			t.Errorf("sent %s", got)
		}
	})
}

// The output of a credential_process is checked like a server's answer.
func TestWhatAProcessPrints(t *testing.T) {
	const keys = `"AccessKeyId":"ASIAX","SecretAccessKey":"s"`
	for out, says := range map[string]string{
		`{"Version":1,` + keys + `}`: "", `{"Version":1,` + keys + `,"SessionToken":"t"}`: "",
		`{"Version":1,` + keys + `,"SessionToken":"t","Expiration":"2100-01-01T00:00:00Z","Other":[]}`: "",
		`{"Version":1,` + keys + `,"SessionToken":"t","Expiration":"2100-01-01T00:00:00.5+02:00"}`:     "",
		``: "not in the format of", `null`: "not in the format of", `[]`: "not in the format of",
		`<html>`: "not in the format of", `{}`: "version 0",
		`{"Version":2,` + keys + `}`: "version 2", `{"Version":"1",` + keys + `}`: "wrong type",
		`{"Version":1,"AccessKeyId":"ASIAX"}`: "secret access key", `{"Version":1,"SecretAccessKey":"s"}`: "access key id",
		`{"Version":1,` + keys + `,"Expiration":"2100-01-01T00:00:00Z"}`:                              "session token",
		`{"Version":1,` + keys + `,"SessionToken":"t","Expiration":"2000-01-01T00:00:00Z"}`:           "expired at",
		`{"Version":1,` + keys + `,"SessionToken":"t","Expiration":"tomorrow"}`:                       "RFC 3339",
		`{"Version":1,"AccessKeyId":"A$(id)","SecretAccessKey":"s"}`:                                  "access key id",
		`{"Version":1,"AccessKeyId":"A\nB","SecretAccessKey":"s"}`:                                    "access key id",
		`{"Version":1,` + keys + `} more`:                                                             "not in the format of",
		`{"Version":1,"AccessKeyId":"A","AccessKeyId":"B","SecretAccessKey":"s"}`:                     "not in the format of",
		`{"Version":1,` + keys + `,"Deep":` + strings.Repeat("[", 99) + strings.Repeat("]", 99) + `}`: "not in the format of",
	} {
		s := credentials.Source{Now: time.Now, Others: credentials.Others{
			Process: func(context.Context, awsconfig.Profile) ([]byte, error) { return []byte(out), nil },
		}}
		c, err := s.Retrieve(t.Context(), awsconfig.Profile{Name: "p", CredentialProcess: "x"})
		if (err != nil) != (says != "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", out, err, says)
		}
		if err == nil && c.AccessKeyID != "ASIAX" || err != nil && !errors.Is(err, credentials.ErrBadProcess) {
			t.Errorf("%q: %q, %v", out, c.AccessKeyID, err)
		}
	}
}
