// Package sts is the Security Token Service of the Identity Center: it mints role credentials, verifies Signature
// Version 4, and answers GetCallerIdentity, AssumeRole and GetSessionToken as AWS does.
package sts

import (
	"cmp"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync/atomic"
	"time"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/partition"
	"rolecall/internal/idc/refusals"
	"rolecall/internal/idc/store"
)

// Options configure the service.
type Options struct {
	Store  store.Store
	Secret []byte // what keys are derived from and session tokens are sealed with
	Now    func() time.Time
	// Region is that of the instance, in one of Partitions: signatures are for regions of its partition. Empty and nil:
	// us-east-1, AWS's.
	Region     string
	Partitions partition.Table
	Refusals   *refusals.Book // for the audit
	ClockSkew  time.Duration  // of signed requests; zero is 15 minutes
}

// A Server mints and recognizes keys. It is safe for concurrent use, and stateless: a secret key is derived from its
// key id, and a session token contains what it stands for, sealed. So keys outlive the process.
type Server struct {
	o      Options
	secret []byte      // of the secret keys
	seal   cipher.AEAD // of the session tokens

	handedOut atomic.Int64
}

// A Caller is who signed a request.
type Caller struct {
	Account string
	ARN     string // of the role session
	RoleARN string // of the role behind it, with its path
	UserID  string
	// Session reports whether the keys are temporary; assuming a role with them is chaining.
	Session bool
	// Chained reports whether the keys come from AssumeRole with other temporary keys.
	Chained bool `json:",omitempty"`
	// Administrator reports whether the caller may call the admin APIs.
	Administrator bool
}

// Credentials are temporary keys, in clear, for the answer.
type Credentials struct {
	AccessKeyID, SecretAccessKey, SessionToken string
	Expiration                                 time.Time
}

// New makes a server.
func New(o Options) (*Server, error) {
	if o.ClockSkew == 0 {
		o.ClockSkew = 15 * time.Minute
	}
	o.Region = cmp.Or(o.Region, "us-east-1")
	if o.Partitions == nil {
		o.Partitions = partition.AWS()
	}
	secret, err := hkdf.Key(sha256.New, o.Secret, nil, "secret access keys", 32)
	if err != nil {
		return nil, err
	}
	key, err := hkdf.Key(sha256.New, o.Secret, nil, "session tokens", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	seal, err := cipher.NewGCMWithRandomNonce(block)
	return &Server{o: o, secret: secret, seal: seal}, err
}

// HandOut mints keys of a permission set that a user has in an account, records that in the audit, and then returns
// them. It finds the user, with who, and the assignment in one state of the store. Its error is who's, or
// store.ErrNotFound.
func (s *Server) HandOut(
	ctx context.Context, account, permissionSet string, who func(store.Reader) (directory.User, error),
) (c Credentials, err error) {
	var user directory.User
	err = s.o.Store.View(ctx, func(r store.Reader) (err error) {
		if user, err = who(r); err != nil {
			return err
		}
		c, err = s.roleCredentials(r, user, account, permissionSet)
		return err
	})
	if err == nil {
		err = s.o.Store.Update(ctx, func(tx store.Tx) error {
			return tx.Record(store.Event{
				Time: s.o.Now(), Actor: "user:" + user.UserName, Action: "GetRoleCredentials",
				Target: account + "/" + permissionSet,
			})
		})
	}
	if err != nil {
		return Credentials{}, err
	}
	s.handedOut.Add(1)
	return c, nil
}

// HandedOut returns how many role credentials were handed out since the start.
func (s *Server) HandedOut() int { return int(s.handedOut.Load()) }

func (s *Server) roleCredentials(r store.Reader, user directory.User, account,
	permissionSet string,
) (Credentials, error) {
	set, err := directory.Assigned(r, user.ID, account, permissionSet)
	if err != nil {
		return Credentials{}, err
	}
	i, err := directory.TheInstance(r)
	if err != nil {
		return Credentials{}, err
	}
	return s.MintRole(i, user.UserName, account, set), nil
}

// MintRole makes keys of a permission set in an account for a user. The caller must record that they are handed out, as
// HandOut does.
func (s *Server) MintRole(i directory.Instance, userName, account string, set directory.PermissionSet) Credentials {
	role := i.RoleARN(set.Name, account)
	return s.mint(Caller{
		Account: account, RoleARN: role, ARN: sessionARN(role, userName), UserID: roleID(role) + ":" + userName,
	}, set.Duration)
}

// Administrator returns the long-term keys of the organization's administrator, which never change.
func (s *Server) Administrator() (accessKeyID, secretAccessKey string) {
	m := hmac.New(sha256.New, s.secret)
	m.Write([]byte("administrator"))
	accessKeyID = "AKIA" + base32.StdEncoding.EncodeToString(m.Sum(nil)[:10])
	return accessKeyID, s.secretKey(accessKeyID)
}

// sessionARN is the ARN of a role's session, which drops the role's path.
func sessionARN(role, session string) string {
	parts := strings.SplitN(role, ":", 6)
	name := role[strings.LastIndexByte(role, '/')+1:]
	return "arn:" + parts[1] + ":sts::" + parts[4] + ":assumed-role/" + name + "/" + session
}

// roleID is a role's unique id, derived from its ARN.
func roleID(role string) string {
	sum := sha256.Sum256([]byte(role))
	return "AROA" + base32.StdEncoding.EncodeToString(sum[:])[:17]
}

// A key is the content of a session token.
type key struct {
	Ends time.Time // zero for long-term keys
	Caller
}

const tokenPrefix = "IQoJb3JpZ2luX2Vj" // as AWS's begin

func (s *Server) mint(caller Caller, life time.Duration) Credentials {
	id := make([]byte, 10)
	_, _ = rand.Read(id) // never fails
	c := Credentials{
		AccessKeyID: "ASIA" + base32.StdEncoding.EncodeToString(id),
		Expiration:  s.o.Now().Add(life).UTC().Truncate(time.Second),
	}
	c.SecretAccessKey = s.secretKey(c.AccessKeyID)
	caller.Session = true
	text, _ := json.Marshal(key{c.Expiration, caller}) // plain strings and a time
	c.SessionToken = tokenPrefix + base64.StdEncoding.EncodeToString(s.seal.Seal(nil, nil, text, []byte(c.AccessKeyID)))
	return c
}

// key returns what a key id stands for. The session token must be its own.
func (s *Server) key(accessKeyID, sessionToken string) (key, *Refusal) {
	if own, _ := s.Administrator(); sessionToken == "" && accessKeyID == own {
		return s.administrator()
	}
	text, ok := strings.CutPrefix(sessionToken, tokenPrefix)
	sealed, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil {
		return key{}, errInvalidToken
	}
	opened, err := s.seal.Open(nil, nil, sealed, []byte(accessKeyID))
	var k key
	if err != nil || json.Unmarshal(opened, &k) != nil {
		return key{}, errInvalidToken
	}
	return k, nil
}

// Knows returns the holder of keys, and when the keys end (zero: never), or a refusal.
func (s *Server) Knows(accessKeyID, secretAccessKey,
	sessionToken string,
) (caller Caller, ends time.Time, refusal *Refusal) {
	k, e := s.key(accessKeyID, sessionToken)
	switch {
	case e != nil:
		return Caller{}, ends, e
	case !hmac.Equal([]byte(secretAccessKey), []byte(s.secretKey(accessKeyID))):
		return Caller{}, ends, errInvalidToken
	case !k.Ends.IsZero() && !s.o.Now().Before(k.Ends):
		return Caller{}, ends, errExpiredToken
	}
	return k.Caller, k.Ends, nil
}

func (s *Server) administrator() (key, *Refusal) {
	var i directory.Instance
	err := s.o.Store.View(context.Background(), func(r store.Reader) (err error) {
		i, err = directory.TheInstance(r)
		return err
	})
	if err != nil {
		return key{}, errInternal
	}
	arn := i.ARNOf("iam", i.OwnerAccount, "user/administrator")
	return key{
		Caller: Caller{
			Account: i.OwnerAccount, ARN: arn, RoleARN: arn, UserID: "AIDA" + roleID(arn)[4:], Administrator: true,
		},
	}, nil
}

// secretKey derives a secret access key of 40 characters.
func (s *Server) secretKey(accessKeyID string) string {
	m := hmac.New(sha256.New, s.secret)
	m.Write([]byte(accessKeyID))
	return base64.StdEncoding.EncodeToString(m.Sum(nil))[:40]
}
