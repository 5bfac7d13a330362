package credentials_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rolecall/internal/identitycenter"
	"rolecall/internal/testbed"
)

// What a wrong clock breaks is explained as that, with the difference, and never as a missing role. Keys that have
// ended by then are not handed out.
func TestAWrongClock(t *testing.T) {
	const day = 24 * time.Hour
	refuse := func(code, message string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "text/xml")
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, "<ErrorResponse><Error><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>", code, message)
		}
	}
	for _, c := range []struct {
		ahead  time.Duration // our clock
		dated  bool          // the answer has a date
		answer func(http.ResponseWriter)
		says   string // "" is no wrong clock
	}{
		{day, true, refuse("SignatureDoesNotMatch", "Signature expired: 20000101T000000Z is now earlier"), "24h0m ahead"},
		{day, false, refuse("SignatureDoesNotMatch", "Signature expired: 20000101T000000Z is now earlier"), "clock is wrong"},
		{-day, true, refuse("SignatureDoesNotMatch", "Signature not yet current: 20000101T000000Z is later"), "24h0m behind"},
		{20 * time.Minute, true, refuse("RequestExpired", "Request has expired."), "20m ahead"},
		{-time.Hour, true, refuse("RequestTimeTooSkewed", "The difference is too large."), "1h0m behind"},
		{-time.Hour, true, refuse("InvalidSignatureException", "Signature not yet current: x"), "1h0m behind"},
		{0, true, refuse("SignatureDoesNotMatch", "The request signature we calculated does not match"), ""},
		{0, true, refuse("AccessDenied", "not authorized"), ""},
		{day, true, assumed(day, time.Hour), "24h0m ahead"},
		{day, false, assumed(day, time.Hour), "clock is wrong"},
		{-day, true, assumed(-day, time.Hour), "24h0m behind"},
		{0, true, assumed(0, -time.Hour), ""}, // the service's own fault
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newScene(t)
			s.answer(func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-") {
					return false
				}
				if c.dated {
					w.Header().Set("Date", time.Now().Add(-c.ahead).UTC().Format(http.TimeFormat))
				}
				c.answer(w)
				return true
			})
			profile := chainedFrom(role(payments, "Admin"), "arn:aws:iam::444455556666:role/Deploy", "us-east-1")
			_, err := s.source.Retrieve(t.Context(), profile)
			if wrong := errors.Is(err, identitycenter.ErrWrongClock); wrong != (c.says != "") || err == nil ||
				!strings.Contains(err.Error(), c.says) || wrong && errors.Is(err, identitycenter.ErrNoAccess) {
				t.Errorf("%s ahead, %q: %v", c.ahead, c.says, err)
			}
		})
	}
}

// assumed answers AssumeRole with keys that live that long by the service's clock.
func assumed(ahead, life time.Duration) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "text/xml")
		fmt.Fprintf(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>ASIAEXAMPLEEXAMPLE12</AccessKeyId><SecretAccessKey>c2VjcmV0IHNlY3JldCBzZWNyZXQ</SecretAccessKey>
<SessionToken>token</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
			time.Now().Add(life-ahead).UTC().Format(time.RFC3339))
	}
}

// The portal's keys are judged by the date of its answer, too.
func TestAWrongClockAtThePortal(t *testing.T) {
	for _, c := range []struct {
		ahead, life time.Duration
		dated       bool
		says        string // "": the keys are handed out
	}{
		{0, time.Hour, true, ""},
		{5 * time.Minute, time.Hour, true, ""},
		{0, time.Hour, false, ""},
		{0, 12 * time.Hour, true, ""},
		{-time.Hour, 12 * time.Hour, true, ""}, // good enough
		{24 * time.Hour, time.Hour, true, "24h0m ahead"},
		{24 * time.Hour, 12 * time.Hour, false, "clock is wrong"},
		{-24 * time.Hour, time.Hour, true, "24h0m behind"},
		{-24 * time.Hour, 12 * time.Hour, true, "24h0m behind"},
		{0, -time.Hour, true, "keys that end at"},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newScene(t)
			s.answer(func(w http.ResponseWriter, r *http.Request) bool {
				if !testbed.Portal(r) {
					return false
				}
				if c.dated {
					w.Header().Set("Date", time.Now().Add(-c.ahead).UTC().Format(http.TimeFormat))
				}
				fmt.Fprintf(w, `{"roleCredentials":{"accessKeyId":"ASIAEXAMPLEEXAMPLE12",`+
					`"secretAccessKey":"c2VjcmV0IHNlY3JldCBzZWNyZXQ","sessionToken":"token","expiration":%d}}`,
					time.Now().Add(c.life-c.ahead).UnixMilli())
				return true
			})
			_, err := s.source.Retrieve(t.Context(), role(payments, "Admin"))
			if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("%+v: %v", c, err)
			}
			if _, good := s.source.Cache.GoodRole(s.source.Session, payments, "Admin"); good != (c.says == "") {
				t.Errorf("%+v: in the cache: %v", c, good)
			}
		})
	}
}
