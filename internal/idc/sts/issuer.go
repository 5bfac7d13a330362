// Package sts is the Security Token Service of the Identity Center: it mints role
// credentials, verifies what is signed with them (Signature Version 4), and
// answers GetCallerIdentity and AssumeRole as AWS does.
package sts

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"strings"
	"sync"
	"time"

	"rolecall/internal/idc/directory"
)

// Options are what the service is made of.
type Options struct {
	Region    string
	Directory directory.Store
	Now       func() time.Time
	ClockSkew time.Duration // of signed requests; zero is 15 minutes
}

// A Server mints and knows temporary keys. It is safe for concurrent use. Secret
// keys are derived from the key id, session tokens kept as hashes.
type Server struct {
	o      Options
	secret []byte

	mu     sync.Mutex
	keys   map[string]*key // by access key id
	counts map[string]int
}

// maxKeys bounds the table; keys that have ended go first.
const maxKeys = 200_000

// A key is one set of temporary credentials.
type key struct {
	token  [sha256.Size]byte
	ends   time.Time
	caller Caller
}

// A Caller is who signed a request.
type Caller struct {
	Account string
	ARN     string // of the role session
	RoleARN string // of the role behind it, with its path
	UserID  string
	Assumed bool // by AssumeRole: a chain
}

// Credentials are temporary keys, in clear for the answer that carries them.
type Credentials struct {
	AccessKeyID, SecretAccessKey, SessionToken string
	Expiration                                 time.Time
}

// New makes a server that knows no keys.
func New(o Options) *Server {
	if o.ClockSkew == 0 {
		o.ClockSkew = 15 * time.Minute
	}
	s := &Server{o: o, secret: make([]byte, 32), keys: map[string]*key{}, counts: map[string]int{}}
	_, _ = rand.Read(s.secret) // never fails
	return s
}

// Partition is the first part of ARNs in a region.
func Partition(region string) string {
	switch {
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "eusc-"):
		return "aws-eusc"
	}
	return "aws"
}

// RoleARN is the IAM role that a permission set becomes in an account. In
// us-east-1 it has no region in its path.
func (s *Server) RoleARN(permissionSet, account string) string {
	path := "aws-reserved/sso.amazonaws.com/"
	if s.o.Region != "us-east-1" {
		path += s.o.Region + "/"
	}
	return "arn:" + Partition(s.o.Region) + ":iam::" + account + ":role/" + path + directory.RoleName(permissionSet, account)
}

// MintRole gives keys of a permission set in an account for user.
func (s *Server) MintRole(user, account string, set directory.PermissionSet) Credentials {
	role := s.RoleARN(set.Name, account)
	return s.mint(Caller{
		Account: account, RoleARN: role, ARN: sessionARN(role, user), UserID: roleID(role) + ":" + user,
	}, set.Duration)
}

// sessionARN is the ARN of a role's session: it drops the role's path.
func sessionARN(role, session string) string {
	parts := strings.SplitN(role, ":", 6)
	name := role[strings.LastIndexByte(role, '/')+1:]
	return "arn:" + parts[1] + ":sts::" + parts[4] + ":assumed-role/" + name + "/" + session
}

// roleID is a role's unique id, the same each time.
func roleID(role string) string {
	sum := sha256.Sum256([]byte(role))
	return "AROA" + base32.StdEncoding.EncodeToString(sum[:])[:17]
}

func (s *Server) mint(caller Caller, life time.Duration) Credentials {
	id, token := make([]byte, 10), make([]byte, 180)
	_, _ = rand.Read(id)
	_, _ = rand.Read(token)
	c := Credentials{
		AccessKeyID:  "ASIA" + base32.StdEncoding.EncodeToString(id),
		SessionToken: "IQoJb3JpZ2luX2Vj" + base64.StdEncoding.EncodeToString(token),
		Expiration:   s.o.Now().Add(life).UTC().Truncate(time.Second),
	}
	c.SecretAccessKey = s.secretKey(c.AccessKeyID)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.keys) >= maxKeys {
		s.sweep()
	}
	s.keys[c.AccessKeyID] = &key{token: sha256.Sum256([]byte(c.SessionToken)), ends: c.Expiration, caller: caller}
	s.counts["mint"]++
	return c
}

// sweep drops keys that have ended, and any others while the table is full.
func (s *Server) sweep() {
	now := s.o.Now()
	for id, k := range s.keys {
		if !now.Before(k.ends) {
			delete(s.keys, id)
		}
	}
	for id := range s.keys {
		if len(s.keys) < maxKeys {
			return
		}
		delete(s.keys, id)
	}
}

// secretKey derives the secret access key: 40 characters.
func (s *Server) secretKey(accessKeyID string) string {
	m := hmac.New(sha256.New, s.secret)
	m.Write([]byte(accessKeyID))
	return base64.StdEncoding.EncodeToString(m.Sum(nil))[:40]
}

// key finds a key by its id; the session token must be its own.
func (s *Server) key(accessKeyID, sessionToken string) (*key, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.keys[accessKeyID]
	if k == nil {
		return nil, false
	}
	presented := sha256.Sum256([]byte(sessionToken))
	return k, subtle.ConstantTimeCompare(presented[:], k.token[:]) == 1
}
