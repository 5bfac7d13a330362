package identitycenter_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"rolecall/internal/identitycenter"
)

// A Secret prints as [secret], however it is printed, and whatever it is a part of.
func TestASecretPrintsAsOne(t *testing.T) {
	const text = "aoa-the-token"
	secret := identitycenter.NewSecret(text)
	token := identitycenter.Token{AccessToken: secret, Region: "us-east-1"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T %v", "%10s", "%p"} {
		args := []any{secret}
		if strings.HasPrefix(verb, "%T") {
			args = append(args, secret)
		}
		printed := fmt.Sprintf(verb, args...)
		if strings.Contains(printed, text) || strings.Contains(printed, fmt.Sprintf("%x", text)) ||
			!strings.Contains(printed, "[secret]") && verb != "%p" {
			t.Errorf("%s: %s", verb, printed)
		}
	}
	part := struct{ S identitycenter.Secret }{secret}
	for _, v := range []any{token, &token, []any{secret}, map[string]any{"a": token}, part} {
		if printed := fmt.Sprintf("%v %+v %#v %s", v, v, v, v); strings.Contains(printed, text) {
			t.Errorf("%T: %s", v, printed)
		}
		out, err := json.Marshal(v)
		if err != nil || bytes.Contains(out, []byte(text)) {
			t.Errorf("%T as JSON: %s, %v", v, out, err)
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("message", "value", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("message", "value", v)
		if strings.Contains(log.String(), text) {
			t.Errorf("%T in a log: %s", v, log.String())
		}
	}
	out, err := json.Marshal(secret)
	if err != nil || string(out) != `"[secret]"` {
		t.Errorf("%s, %v", out, err)
	}
}

// Only names and addresses of this machine are local.
func TestWhatIsLocal(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "LOCALHOST": true, "127.0.0.1": true, "127.9.9.9": true, "::1": true, "[::1]": true,
		"localhost.evil.example": false, "localhost.": false, "127.0.0.1.evil.example": false, "192.0.2.1": false,
		"0.0.0.0": false, "": false, "evil.example": false,
	} {
		if got := identitycenter.IsLoopback(host); got != want {
			t.Errorf("%q: %v", host, got)
		}
	}
}

// Start URLs are the same in their host and path, whatever their case and end.
func TestStartURLsThatAreTheSame(t *testing.T) {
	const own = "https://d-1234567890.awsapps.com/start"
	for other, want := range map[string]bool{
		own + "/": true, own + "/#/": true, "https://D-1234567890.AWSAPPS.com:443/start": true,
		"https://d-1234567890.awsapps.com/": false, "https://d-1234567890.awsapps.com/Start": false,
		"http://d-1234567890.awsapps.com/start": false, "https://d-0000000000.awsapps.com/start": false,
	} {
		if got := identitycenter.SameStartURL(own, other); got != want {
			t.Errorf("%s: %v", other, got)
		}
	}
}

// Keys that end later than AWS's do were written under another clock, or by somebody else.
func TestHowLongKeysLive(t *testing.T) {
	now := time.Now()
	for left, want := range map[time.Duration]bool{
		time.Minute: false, 15 * time.Minute: true, 12 * time.Hour: true, 15 * time.Hour: false, 365 * 24 * time.Hour: false,
		-time.Hour: false,
	} {
		c := identitycenter.RoleCredentials{Expiration: now.Add(left)}
		if got := c.LiveFor(now, identitycenter.CachedRoleMinimum); got != want {
			t.Errorf("%v left: %v", left, got)
		}
	}
}
