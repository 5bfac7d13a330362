package oidc

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"rolecall/internal/idc/refusals"
	"rolecall/internal/idc/store"
	"rolecall/internal/idc/wire"
)

// An accessToken opens the portal.
type accessToken struct {
	Token   string // hashed
	Session string
	Family  string
	Scopes  []string
	Ends    time.Time
}

func accessTokens() store.Table[accessToken] {
	return store.Table[accessToken]{Kind: "access-token", Index: func(t accessToken) store.Entry {
		return store.Entry{ID: t.Token, Owners: []string{ownerFamily(t.Family)}, Ends: t.Ends}
	}}
}

func ownerFamily(id string) string { return "family:" + id }

type tokenRequest struct {
	ClientID     string `json:"clientId"`
	ClientSecret string `json:"clientSecret"`
	GrantType    string `json:"grantType"`
	DeviceCode   string `json:"deviceCode"`
	Code         string `json:"code"`
	RedirectURI  string `json:"redirectUri"`
	CodeVerifier string `json:"codeVerifier"`
	RefreshToken string `json:"refreshToken"`
}

type tokenAnswer struct {
	AccessToken  string  `json:"accessToken"`
	TokenType    string  `json:"tokenType"`
	ExpiresIn    int     `json:"expiresIn"`
	RefreshToken *string `json:"refreshToken"`
	IDToken      *string `json:"idToken"` // never filled, as in AWS
}

func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("aws_iam") != "" {
		errRequest.missing("CreateTokenWithIAM").write(w)
		return
	}
	var in tokenRequest
	if e := read(r, &in); e != nil {
		e.write(w)
		return
	}
	if !s.tokens.Allow(in.ClientID) {
		tooMany(w, s.tokens.Wait(in.ClientID))
		return
	}
	answer, err := s.createToken(r.Context(), in)
	if err != nil {
		s.refused(r, in, err)
		writeError(w, err)
		return
	}
	s.count("CreateToken/" + in.GrantType)
	wire.JSON(w, http.StatusOK, answer)
}

// refused brings a refused grant into the audit, unless a person has not answered yet, or the request is no grant.
func (s *Server) refused(r *http.Request, in tokenRequest, err error) {
	var e *oauthError
	if !errors.As(err, &e) || e == errPending || e == errRequest {
		return
	}
	target := "an unknown client"
	if e != errClient && e != errDeviceCode { // these come before the client is checked
		target = "client:" + in.ClientID
	}
	s.o.Refusals.Note(refusals.Refusal{
		Action: "RefuseToken", Target: target, Reason: e.description, Address: r.RemoteAddr,
	})
}

// keep is a refusal whose transaction is committed: a replayed token revoked others.
type keep struct{ *oauthError }

func (k *keep) Unwrap() error { return k.oauthError }

// createToken is CreateToken in one transaction.
func (s *Server) createToken(ctx context.Context, in tokenRequest) (answer tokenAnswer, err error) {
	if in.ClientID == "" || in.ClientSecret == "" || in.GrantType == "" {
		return tokenAnswer{}, errRequest
	}
	var refused *keep
	err = s.o.Store.Update(ctx, func(tx store.Tx) (err error) {
		refused = nil
		if answer, err = s.grant(tx, in); errors.As(err, &refused) {
			return nil
		}
		return err
	})
	if err == nil && refused != nil {
		err = refused
	}
	return answer, err
}

func (s *Server) grant(tx store.Tx, in tokenRequest) (tokenAnswer, error) {
	// Like AWS, refuse an unknown device code before looking at the client.
	if in.GrantType == grantDevice && in.DeviceCode != "" {
		if _, _, err := devices().get(tx, s.hash(in.DeviceCode)); errors.Is(err, store.ErrNotFound) {
			return tokenAnswer{}, errDeviceCode
		}
	}
	c, _, err := s.client(tx, in.ClientID, in.ClientSecret)
	switch {
	case err != nil:
		return tokenAnswer{}, err
	case in.GrantType != grantDevice && in.GrantType != grantCode && in.GrantType != grantRefresh:
		return tokenAnswer{}, errGrantType
	case !slices.Contains(c.Grants, in.GrantType):
		return tokenAnswer{}, errGrantOfClient
	case in.GrantType == grantDevice && in.DeviceCode == "",
		in.GrantType == grantCode && (in.Code == "" || in.RedirectURI == "" || in.CodeVerifier == ""),
		in.GrantType == grantRefresh && in.RefreshToken == "":
		return tokenAnswer{}, errRequest
	}
	switch in.GrantType {
	case grantDevice:
		who, err := s.redeemDevice(tx, c, in.DeviceCode)
		if err != nil {
			return tokenAnswer{}, err
		}
		return s.begin(tx, c, who, c.Scopes, randomText(18))
	case grantCode:
		return s.redeemCode(tx, c, in.Code, in.RedirectURI, in.CodeVerifier)
	}
	return s.refresh(tx, c, in.RefreshToken)
}

// opensPortal accepts the scope that lists accounts, the portal's older scopes, or none at all (legacy profiles).
func opensPortal(scopes []string) bool {
	return slices.Contains(scopes, "sso:account:access") || isPlain(scopes)
}

func isPlain(scopes []string) bool {
	return !slices.ContainsFunc(scopes, func(s string) bool { return !strings.HasPrefix(s, "sso-portal:") })
}

// begin issues the first tokens of a sign-in: an hour and a refresh token with sso:account:access, eight hours and none
// without scopes.
func (s *Server) begin(tx store.Tx, c client, who Session, scopes []string, familyID string) (tokenAnswer, error) {
	answer, err := s.issueAccess(tx, who, scopes, familyID)
	if err == nil && !isPlain(scopes) {
		refresh := newRefreshToken()
		answer.RefreshToken = &refresh
		f := family{ID: familyID, Client: c.ID, Session: who.ID, Scopes: scopes, Present: s.hash(refresh), Ends: who.Ends}
		err = errors.Join(families().Put(tx, f),
			refreshTokens().Put(tx, refreshToken{Token: f.Present, Family: f.ID, Ends: f.Ends}))
	}
	return answer, errors.Join(err, s.record(tx, "user:"+who.UserName, "CreateToken", "client:"+c.ID, ""))
}

func (s *Server) issueAccess(tx store.Tx, who Session, scopes []string, familyID string) (tokenAnswer, error) {
	now := s.o.Now()
	life := s.o.AccessTokenLife
	if isPlain(scopes) {
		life = plainTokenLife
	}
	life = min(life, who.Ends.Sub(now)) // a token does not outlive its session
	token := "aoa" + randomText(48)
	err := accessTokens().Put(tx, accessToken{
		Token: s.hash(token), Session: who.ID, Family: familyID, Scopes: scopes, Ends: now.Add(life),
	})
	return tokenAnswer{AccessToken: token, TokenType: "Bearer", ExpiresIn: max(1, int(life.Seconds()))}, err
}
