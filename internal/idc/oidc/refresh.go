package oidc

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"time"

	"rolecall/internal/idc/store"
)

// A family is all tokens that descend from one sign-in. The present refresh token works. Its predecessor gets the same
// answer for a while, as processes refresh concurrently and answers get lost. Any older one revokes the family (RFC
// 9700 section 4.14.2).
type family struct {
	ID      string
	Client  string
	Session string
	Scopes  []string
	Present string // hashed, as Before
	Before  string
	Rotated time.Time
	Sealed  []byte // the answer to Before, under a key derived from it
	Ends    time.Time
}

func families() store.Table[family] {
	return store.Table[family]{Kind: "family", Index: func(f family) store.Entry {
		return store.Entry{ID: f.ID, Ends: f.Ends}
	}}
}

// A refreshToken is a present or past one of a family.
type refreshToken struct {
	Token, Family string // the token hashed
	Ends          time.Time
}

func refreshTokens() store.Table[refreshToken] {
	return store.Table[refreshToken]{Kind: "refresh-token", Index: func(t refreshToken) store.Entry {
		return store.Entry{ID: t.Token, Owners: []string{ownerFamily(t.Family)}, Ends: t.Ends}
	}}
}

func newRefreshToken() string { return "aor" + randomText(48) }

// refresh is CreateToken's refresh token grant.
func (s *Server) refresh(tx store.Tx, c client, presented string) (tokenAnswer, error) {
	h := s.hash(presented)
	t, err := refreshTokens().Get(tx, h)
	if err != nil {
		return tokenAnswer{}, refusedIfNotFound(err)
	}
	f, err := families().Get(tx, t.Family)
	if err == nil && f.Client != c.ID {
		err = errRefresh
	}
	if err != nil {
		return tokenAnswer{}, refusedIfNotFound(err)
	}
	who, err := s.holder(tx, f.Session)
	if err != nil {
		return tokenAnswer{}, refusedIfNotFound(err)
	}
	now := s.o.Now()
	switch {
	case h == f.Present:
	case h == f.Before && now.Sub(f.Rotated) < s.o.RefreshGrace:
		return unseal(f.Sealed, presented), nil
	default:
		return tokenAnswer{}, s.takeBack(tx, f.ID, "a replaced refresh token was used again", errRefresh)
	}
	answer, err := s.issueAccess(tx, who, f.Scopes, f.ID)
	next := newRefreshToken()
	answer.RefreshToken = &next
	f.Before, f.Present, f.Rotated, f.Sealed = h, s.hash(next), now, seal(answer, presented)
	return answer, errors.Join(err, families().Put(tx, f),
		refreshTokens().Put(tx, refreshToken{Token: f.Present, Family: f.ID, Ends: f.Ends}),
		s.record(tx, "user:"+who.UserName, "RefreshToken", "client:"+c.ID, ""))
}

func refusedIfNotFound(err error) error {
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, ErrNoSession) {
		return errRefresh
	}
	return err
}

// takeBack revokes a family with all its tokens, and returns the refusal.
func (s *Server) takeBack(tx store.Tx, familyID, why string, refusal *oauthError) error {
	err := families().Delete(tx, familyID)
	if errors.Is(err, store.ErrNotFound) {
		err = nil // it has no refresh token, or was revoked before
	}
	err = errors.Join(err, tx.DeleteOwned(refreshTokens().Kind, ownerFamily(familyID)),
		tx.DeleteOwned(accessTokens().Kind, ownerFamily(familyID)),
		s.record(tx, "server", "RevokeTokens", ownerFamily(familyID), why))
	if err != nil {
		return err
	}
	return &keep{refusal}
}

// seal encrypts an answer so that only the presenter of secret can read it.
func seal(answer tokenAnswer, secret string) []byte {
	text, _ := json.Marshal(answer) // plain strings and numbers
	return aead(secret).Seal(nil, nil, text, nil)
}

func unseal(sealed []byte, secret string) tokenAnswer {
	var answer tokenAnswer
	text, err := aead(secret).Open(nil, nil, sealed, nil)
	if err == nil {
		_ = json.Unmarshal(text, &answer)
	}
	return answer
}

// aead derives its key from a random token of 384 bits, and the nonce is random; one key seals one answer.
func aead(secret string) cipher.AEAD {
	key := sha256.Sum256([]byte("refresh answer\x00" + secret))
	block, _ := aes.NewCipher(key[:]) // 32 bytes are a valid key
	sealed, _ := cipher.NewGCMWithRandomNonce(block)
	return sealed
}
