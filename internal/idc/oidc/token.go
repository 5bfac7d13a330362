package oidc

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"rolecall/internal/idc/wire"
)

// A family is all refresh tokens that descend from one sign-in. The present one
// works; the one before it gets the same answer for a while, since many processes
// refresh at once and answers get lost; any older one revokes the family
// (RFC 9700 section 4.14.2).
type family struct {
	client  string
	session string
	scopes  []string
	present hash
	before  hash
	rotated time.Time
	sealed  []byte // the answer to before, under a key derived from it
	all     []hash // refresh tokens, to take away with the family
	access  []hash // access tokens, the latest few
	revoked bool
}

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
	if r.URL.Query().Get("aws_iam") != "" { // CreateTokenWithIAM: no client that signs in uses it
		errRequest.write(w)
		return
	}
	var in tokenRequest
	if e := read(r, &in); e != nil {
		e.write(w)
		return
	}
	s.mu.Lock()
	answer, e := s.createToken(in)
	if e == nil {
		s.count("CreateToken/" + in.GrantType)
	}
	s.mu.Unlock()
	if e != nil {
		e.write(w)
		return
	}
	wire.JSON(w, http.StatusOK, answer)
}

func (s *Server) createToken(in tokenRequest) (tokenAnswer, *oauthError) {
	if in.ClientID == "" || in.ClientSecret == "" || in.GrantType == "" {
		return tokenAnswer{}, errRequest
	}
	// An unknown device code is refused before the client is looked at, as AWS
	// does.
	if in.GrantType == grantDevice && in.DeviceCode != "" && s.devices[s.hash(in.DeviceCode)] == nil {
		return tokenAnswer{}, errDeviceCode
	}
	c, e := s.client(in.ClientID, in.ClientSecret)
	if e != nil {
		return tokenAnswer{}, e
	}
	if in.GrantType != grantDevice && in.GrantType != grantCode && in.GrantType != grantRefresh {
		return tokenAnswer{}, errGrantType
	}
	if !slices.Contains(c.grants, in.GrantType) {
		return tokenAnswer{}, errGrantOfClient
	}
	switch in.GrantType {
	case grantDevice:
		if in.DeviceCode == "" {
			return tokenAnswer{}, errRequest
		}
		found, e := s.redeemDevice(c, in.DeviceCode)
		if e != nil {
			return tokenAnswer{}, e
		}
		answer, _ := s.begin(c, found.id, c.scopes)
		return answer, nil
	case grantCode:
		if in.Code == "" || in.RedirectURI == "" || in.CodeVerifier == "" {
			return tokenAnswer{}, errRequest
		}
		grant, e := s.redeemCode(c, in.Code, in.RedirectURI, in.CodeVerifier)
		if e != nil {
			return tokenAnswer{}, e
		}
		answer, issued := s.begin(c, grant.session, grant.scopes)
		grant.issued = issued
		return answer, nil
	}
	if in.RefreshToken == "" {
		return tokenAnswer{}, errRequest
	}
	return s.refresh(c, in.RefreshToken)
}

// opensPortal: the scope that lists accounts, the older ones of the portal, or
// none at all (legacy profiles).
func opensPortal(scopes []string) bool {
	return refreshes(scopes) || isPlain(scopes)
}

func refreshes(scopes []string) bool { return slices.Contains(scopes, "sso:account:access") }

func isPlain(scopes []string) bool {
	return !slices.ContainsFunc(scopes, func(s string) bool { return !strings.HasPrefix(s, "sso-portal:") })
}

// begin issues the first tokens of a sign-in: with sso:account:access an hour and
// a refresh token, without scopes eight hours and none.
func (s *Server) begin(c *client, sessionID string, scopes []string) (tokenAnswer, []hash) {
	access, expiresIn := s.issueAccess(sessionID, scopes)
	answer := tokenAnswer{AccessToken: access, TokenType: "Bearer", ExpiresIn: expiresIn}
	issued := []hash{s.hash(access)}
	if !isPlain(scopes) {
		refresh := "aor" + randomText(48)
		f := &family{client: c.id, session: sessionID, scopes: scopes, present: s.hash(refresh), access: issued}
		f.all = []hash{f.present}
		s.families[f.present] = f
		answer.RefreshToken = &refresh
		issued = append(issued, f.present)
	}
	return answer, issued
}

func (s *Server) issueAccess(sessionID string, scopes []string) (token string, expiresIn int) {
	now := s.o.Now()
	life := s.o.AccessTokenLife
	if isPlain(scopes) {
		life = plainTokenLife
	}
	if left := s.sessions[sessionID].ends.Sub(now); left < life {
		life = left // a token does not outlive its session
	}
	if len(s.tokens) >= maxTokens {
		s.sweep(now)
	}
	token = "aoa" + randomText(48)
	s.tokens[s.hash(token)] = &accessToken{session: sessionID, scopes: scopes, ends: now.Add(life)}
	return token, max(1, int(life.Seconds()))
}

// sweep drops what has ended.
func (s *Server) sweep(now time.Time) {
	for h, t := range s.tokens {
		if !now.Before(t.ends) || s.session(t.session) == nil {
			delete(s.tokens, h)
		}
	}
	for _, f := range s.families {
		if s.session(f.session) == nil {
			s.revoke(f)
		}
	}
}

// keptTokens bounds how many replaced refresh tokens of a family are remembered
// to notice their reuse.
const keptTokens = 64

func (s *Server) refresh(c *client, refreshToken string) (tokenAnswer, *oauthError) {
	h := s.hash(refreshToken)
	f := s.families[h]
	if f == nil || f.client != c.id || f.revoked || s.session(f.session) == nil {
		return tokenAnswer{}, errRefresh
	}
	now := s.o.Now()
	switch {
	case h == f.present:
	case h == f.before && now.Sub(f.rotated) < s.o.RefreshGrace:
		return open(f.sealed, refreshToken), nil
	default:
		s.revoke(f)
		return tokenAnswer{}, errRefresh
	}
	access, expiresIn := s.issueAccess(f.session, f.scopes)
	next := "aor" + randomText(48)
	answer := tokenAnswer{AccessToken: access, TokenType: "Bearer", ExpiresIn: expiresIn, RefreshToken: &next}
	f.before, f.present, f.rotated = h, s.hash(next), now
	f.sealed = seal(answer, refreshToken)
	f.all = append(f.all, f.present)
	if len(f.all) > keptTokens {
		delete(s.families, f.all[0])
		f.all = f.all[1:]
	}
	s.families[f.present] = f
	f.access = append(f.access, s.hash(access))
	if len(f.access) > keptTokens {
		f.access = f.access[1:]
	}
	return answer, nil
}

// revoke ends a family with all its tokens.
func (s *Server) revoke(f *family) {
	f.revoked = true
	for _, h := range f.all {
		delete(s.families, h)
	}
	for _, h := range f.access {
		delete(s.tokens, h)
	}
}

// seal keeps an answer so that only who presents secret can read it.
func seal(answer tokenAnswer, secret string) []byte {
	text, _ := json.Marshal(answer) // plain strings and numbers
	return aead(secret).Seal(nil, nil, text, nil)
}

func open(sealed []byte, secret string) tokenAnswer {
	var answer tokenAnswer
	text, err := aead(secret).Open(nil, nil, sealed, nil)
	if err == nil {
		_ = json.Unmarshal(text, &answer)
	}
	return answer
}

// aead: the key is derived from a random token of 384 bits and the nonce is
// random, so one key seals one answer.
func aead(secret string) cipher.AEAD {
	key := sha256.Sum256([]byte("refresh answer\x00" + secret))
	block, _ := aes.NewCipher(key[:]) // 32 bytes are a valid key
	sealed, _ := cipher.NewGCMWithRandomNonce(block)
	return sealed
}
