package login

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"rolecall/internal/identitycenter"
)

// A StartURLError is an sso-session whose start URL is not at home in its region, or
// nowhere.
type StartURLError struct {
	Session  identitycenter.SSOSession
	Endpoint string // of the override that was asked; empty for AWS's own
	Found    string // the region that the start URL has; empty when it was not found
	Moved    bool   // the start URL is a host of the person's own, and leads to a portal in Found
	Cause    error  // the refusal, if it was asked; may be nil
}

// Error says which of the two it is, as far as it is known.
func (e *StartURLError) Error() string {
	switch {
	case e.Moved:
		return fmt.Sprintf("%s redirects to %s, but sso_region is %s", e.Session.StartURL, e.Found, e.Session.Region)
	case e.Endpoint != "":
		return fmt.Sprintf("%s does not know the start URL %s", e.Endpoint, e.Session.StartURL)
	case e.Found == "":
		return fmt.Sprintf(
			"sso_region %s is not the region of %s, or no such start URL exists",
			e.Session.Region,
			e.Session.StartURL,
		)
	case e.Found != e.Session.Region:
		return fmt.Sprintf("sso_region %s is not the region of %s, which is in %s",
			e.Session.Region, e.Session.StartURL, e.Found)
	}
	return fmt.Sprintf("no start URL %s exists in %s", e.Session.StartURL, e.Found)
}

// Unwrap returns the refusal.
func (e *StartURLError) Unwrap() error { return e.Cause }

// Check finds out whether the session's start URL is at home in its region, before
// anybody is asked anything. It registers a client, which the sign-in then uses.
func (l *Login) Check(ctx context.Context) error {
	if !l.Session.ReachesPortal() {
		return &ScopesError{l.Session}
	}
	session, err := l.issued(ctx)
	if err != nil {
		return err
	}
	flow, redirectURI := "code", registeredRedirect
	if l.DeviceCode {
		flow, redirectURI = "device", ""
	}
	_, err = l.registration(ctx, session, flow, redirectURI)
	return err
}

// issued returns the session with the start URL that AWS knows.
func (l *Login) issued(ctx context.Context) (identitycenter.SSOSession, error) {
	session := l.Session
	if l.FindIssuer == nil {
		return session, nil
	}
	issuer, region, err := l.FindIssuer(ctx, session.StartURL)
	switch {
	case err != nil || issuer == session.StartURL:
		return session, err
	case region != "" && region != session.Region:
		return session, &StartURLError{Session: session, Found: region, Moved: true}
	}
	session.Issuer = issuer
	return session, nil
}

// explainStartURL tells a start URL that is refused from other refusals: clients of the code flow are registered with
// it, the device flow begins with it, and a region that does not have it answers with one of these codes.
func (l *Login) explainStartURL(ctx context.Context, err error) error {
	codes := []string{
		"invalid_client_metadata",
		"InvalidClientMetadataException",
		"invalid_request",
		"InvalidRequestException",
	}
	var refusal *identitycenter.APIError
	if !errors.As(err, &refusal) || refusal.Status != 400 || !slices.Contains(codes, refusal.Code) {
		return err
	}
	e := &StartURLError{Session: l.Session, Cause: err}
	switch {
	case !l.standard(l.Service.Endpoints()):
		e.Endpoint = l.Service.Endpoints().OIDC
	case l.FindRegion != nil:
		e.Found, _ = l.FindRegion(ctx, l.Session.StartURL) // not found: the error says so
	}
	return e
}

// checkRegion compares the session's region with what the start URL says itself. The
// device flow needs it: a wrong region takes its registration, and shows nowhere but in
// the browser, while the program polls on.
func (l *Login) checkRegion(ctx context.Context) error {
	if l.FindRegion == nil || !l.standard(l.Service.Endpoints()) {
		return nil
	}
	found, err := l.FindRegion(ctx, l.Session.StartURL)
	if err != nil || found == l.Session.Region {
		return nil //nolint:nilerr // what is not known is no reason to refuse
	}
	return &StartURLError{Session: l.Session, Found: found}
}
