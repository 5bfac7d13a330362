package client

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"

	"rolecall/internal/identitycenter"
)

// Grant types of RegisterClient and CreateToken.
const (
	grantDeviceCode        = "urn:ietf:params:oauth:grant-type:device_code"
	grantAuthorizationCode = "authorization_code"
	grantRefreshToken      = "refresh_token"
)

// RegisterClient registers a public client for session. With a redirectURI it is
// one for the authorization code flow, without for the device flow; never both,
// so that a code client cannot be used for device phishing.
func (c *Client) RegisterClient(
	ctx context.Context,
	session identitycenter.SSOSession,
	redirectURI string,
) (identitycenter.ClientRegistration, error) {
	scopes := session.RegistrationScopes()
	in := &ssooidc.RegisterClientInput{
		ClientName: aws.String("rolecall"),
		ClientType: aws.String("public"),
		Scopes:     scopes,
		GrantTypes: []string{grantDeviceCode, grantRefreshToken},
	}
	if redirectURI != "" {
		in.GrantTypes = []string{grantAuthorizationCode, grantRefreshToken}
		in.RedirectUris = []string{redirectURI}
		in.IssuerUrl = aws.String(session.IssuerURL())
	}
	out, err := c.oidc.RegisterClient(ctx, in)
	if err != nil {
		return identitycenter.ClientRegistration{}, Translate(ctx, "RegisterClient", c.endpoints.OIDC, err)
	}
	r := identitycenter.ClientRegistration{
		ClientID:              aws.ToString(out.ClientId),
		ClientSecret:          identitycenter.NewSecret(aws.ToString(out.ClientSecret)),
		ExpiresAt:             time.Unix(out.ClientSecretExpiresAt, 0).UTC(),
		AuthorizationEndpoint: aws.ToString(out.AuthorizationEndpoint),
		GrantTypes:            in.GrantTypes,
		Scopes:                scopes,
	}
	if err := c.checkRegistration(r); err != nil {
		return identitycenter.ClientRegistration{}, c.badAnswer("RegisterClient", err)
	}
	return r, nil
}

// StartDeviceAuthorization begins a device login (RFC 8628 section 3.1).
func (c *Client) StartDeviceAuthorization(
	ctx context.Context,
	r identitycenter.ClientRegistration,
	startURL string,
) (identitycenter.DeviceAuthorization, error) {
	out, err := c.oidc.StartDeviceAuthorization(ctx, &ssooidc.StartDeviceAuthorizationInput{
		ClientId: &r.ClientID, ClientSecret: aws.String(r.ClientSecret.Reveal()), StartUrl: &startURL,
	})
	if err != nil {
		return identitycenter.DeviceAuthorization{}, Translate(ctx, "StartDeviceAuthorization", c.endpoints.OIDC, err)
	}
	d := identitycenter.DeviceAuthorization{
		DeviceCode:              identitycenter.NewSecret(aws.ToString(out.DeviceCode)),
		UserCode:                aws.ToString(out.UserCode),
		VerificationURI:         aws.ToString(out.VerificationUri),
		VerificationURIComplete: aws.ToString(out.VerificationUriComplete),
		ExpiresAt:               c.now().Add(time.Duration(out.ExpiresIn) * time.Second),
		Interval:                time.Duration(out.Interval) * time.Second,
	}
	if err := checkDevice(&d, out.ExpiresIn); err != nil {
		return identitycenter.DeviceAuthorization{}, c.badAnswer("StartDeviceAuthorization", err)
	}
	return d, nil
}

// DeviceToken asks once whether the person has answered. The errors to go on
// after are ErrAuthorizationPending and ErrSlowDown.
func (c *Client) DeviceToken(
	ctx context.Context,
	r identitycenter.ClientRegistration,
	deviceCode identitycenter.Secret,
) (identitycenter.Token, error) {
	return c.createToken(ctx, r, &ssooidc.CreateTokenInput{
		GrantType: aws.String(grantDeviceCode), DeviceCode: aws.String(deviceCode.Reveal()),
	})
}

// CodeToken redeems an authorization code with its PKCE verifier (RFC 7636
// section 4.5).
func (c *Client) CodeToken(
	ctx context.Context,
	r identitycenter.ClientRegistration,
	code, verifier identitycenter.Secret,
	redirectURI string,
) (identitycenter.Token, error) {
	return c.createToken(ctx, r, &ssooidc.CreateTokenInput{
		GrantType: aws.String(grantAuthorizationCode), Code: aws.String(code.Reveal()),
		CodeVerifier: aws.String(verifier.Reveal()), RedirectUri: &redirectURI,
	})
}

// RefreshToken renews an access token (RFC 6749 section 6). When the answer
// holds no new refresh token, the one that was sent stays good.
func (c *Client) RefreshToken(
	ctx context.Context,
	r identitycenter.ClientRegistration,
	refreshToken identitycenter.Secret,
) (identitycenter.Token, error) {
	token, err := c.createToken(ctx, r, &ssooidc.CreateTokenInput{
		GrantType: aws.String(grantRefreshToken), RefreshToken: aws.String(refreshToken.Reveal()),
	})
	if err == nil && token.RefreshToken.IsZero() {
		token.RefreshToken = refreshToken
	}
	return token, err
}

func (c *Client) createToken(
	ctx context.Context,
	r identitycenter.ClientRegistration,
	in *ssooidc.CreateTokenInput,
) (identitycenter.Token, error) {
	in.ClientId, in.ClientSecret = &r.ClientID, aws.String(r.ClientSecret.Reveal())
	out, err := c.oidc.CreateToken(ctx, in)
	if err != nil {
		err = Translate(ctx, "CreateToken", c.endpoints.OIDC, err)
		var refusal *identitycenter.APIError
		if errors.As(err, &refusal) && refusal.Kind == identitycenter.ErrSlowDown && in.DeviceCode == nil {
			refusal.Kind = identitycenter.ErrThrottled // nobody polls here
		}
		return identitycenter.Token{}, err
	}
	if kind := aws.ToString(out.TokenType); kind != "" && !strings.EqualFold(kind, "Bearer") {
		return identitycenter.Token{}, c.badAnswer(
			"CreateToken",
			errors.New("a token of another type than Bearer"),
		) // RFC 6749 section 7.1
	}
	t := identitycenter.Token{
		AccessToken:  identitycenter.NewSecret(aws.ToString(out.AccessToken)),
		RefreshToken: identitycenter.NewSecret(aws.ToString(out.RefreshToken)),
		ExpiresAt:    c.now().Add(time.Duration(out.ExpiresIn) * time.Second).UTC().Truncate(time.Second),
		Registration: r,
	}
	if err := checkToken(t, out.ExpiresIn); err != nil {
		return identitycenter.Token{}, c.badAnswer("CreateToken", err)
	}
	return t, nil
}

func (c *Client) badAnswer(operation string, err error) error {
	return &identitycenter.APIError{
		Operation: operation, Endpoint: c.endpoints.OIDC,
		Kind: identitycenter.ErrBadAnswer, Description: fmt.Sprint(err),
	}
}
