package client

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"rolecall/internal/identitycenter"
)

const (
	maxTokenLength = 16 << 10
	minTokenLife   = 1 // seconds: a local Identity Center may play short ones
	maxTokenLife   = 366 * 24 * 3600
	minRoleLife    = 15 * time.Second
	maxDeviceLife  = 24 * 3600
)

// visible reports whether text is non-empty visible ASCII of a token's length:
// nothing else may get into a header or a file.
func visible(text string) bool {
	if text == "" || len(text) > maxTokenLength {
		return false
	}
	for i := range len(text) {
		if text[i] <= ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

func (c *Client) checkRegistration(r identitycenter.ClientRegistration) error {
	switch {
	case !visible(r.ClientID) || !visible(r.ClientSecret.Reveal()):
		return errors.New("no usable client id and secret")
	case !r.ExpiresAt.After(c.now()):
		return errors.New("the registration has already expired")
	}
	return nil
}

// checkDevice also sets the interval that RFC 8628 section 3.5 gives when the
// server names none: five seconds.
func checkDevice(d *identitycenter.DeviceAuthorization, expiresIn int32) error {
	if !visible(d.DeviceCode.Reveal()) || !visible(d.UserCode) {
		return errors.New("no usable device code and user code")
	}
	if expiresIn < 1 || expiresIn > maxDeviceLife {
		return fmt.Errorf("a code's life of %d seconds", expiresIn)
	}
	if d.Interval <= 0 {
		d.Interval = 5 * time.Second
	}
	d.Interval = min(d.Interval, time.Minute)
	for _, text := range []string{d.VerificationURI, d.VerificationURIComplete} {
		if text != "" && !isWeb(text) {
			return errors.New("a verification address that is neither https nor on this machine")
		}
	}
	if d.VerificationURI == "" && d.VerificationURIComplete == "" {
		return errors.New("no verification address")
	}
	return nil
}

// isWeb accepts https, and http to this machine.
func isWeb(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || len(text) > 8<<10 || !visible(text) {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && identitycenter.IsLoopback(u.Hostname())
}

func checkToken(t identitycenter.Token, expiresIn int32) error {
	if !visible(t.AccessToken.Reveal()) {
		return errors.New("no usable access token")
	}
	if !t.RefreshToken.IsZero() && !visible(t.RefreshToken.Reveal()) {
		return errors.New("no usable refresh token")
	}
	if expiresIn < minTokenLife || expiresIn > maxTokenLife {
		return fmt.Errorf("a token's life of %d seconds", expiresIn)
	}
	return nil
}

func isAccountID(id string) bool {
	if len(id) != 12 {
		return false
	}
	for i := range len(id) {
		if id[i] < '0' || id[i] > '9' {
			return false
		}
	}
	return true
}
