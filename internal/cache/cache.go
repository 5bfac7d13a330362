// Package cache keeps the results of sign-ins and GetRoleCredentials in the AWS CLI's own token and role credential
// files, byte-compatible, and rolecall's notes beside them: client registrations, the endpoints that issued a token,
// the locks. It never uses the network, and decides nothing about sign-ins.
package cache

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"path/filepath"
	"time"

	"rolecall/internal/filesystem"
	"rolecall/internal/identitycenter"
)

// ErrNotFound means that nothing is cached.
var ErrNotFound = errors.New("not in the cache")

// A Store is one person's caches. Its files:
//
//	Home/.aws/sso/cache/<sha1>.json    tokens, shared with the AWS CLI and SDKs
//	Home/.aws/cli/cache/<sha1>.json    role credentials, shared with the AWS CLI
//	State/registrations/<sha256>.json  our client registrations
//	State/sessions/<sha256>.json       which endpoint issued a session's token, and whose it is as a keyed hash
//	State/asked/HASH                   when a sign-in in the background came to nothing
//	State/watched/                     which sections a write --watch removes at its end
//	State/agreed/                      what the person has agreed to, once and for all
//	State/note.key                     the key of such hashes
//	State/roles/<sha1>.json            whose role credentials a shared file holds
//	State/chained/<sha256>.json        credentials of chained roles
//	State/locks/                       one lock per session for refreshes, one for sign-ins
//	State/vault/<sha256>.json          secrets of a session's token, encrypted, unless Mode is Shared
//	State/renewed/<sha256>             when a token was last renewed in the background
//	State/keys/<sha1>.json             role credentials, if Mode is Private
type Store struct {
	Home  string           // the person's home folder
	State string           // rolecall's state folder
	Files filesystem.Files // how files are touched
	Now   func() time.Time
	Mode  Mode
	// Vault encrypts, unless Mode is Shared; it opens in every mode what was encrypted before. Nil: neither.
	Vault vault
	// Longest is how long cached keys may be used after they were written; 0: as long as they are good.
	Longest time.Duration
}

// A DamagedError is a cache file whose content cannot be used.
type DamagedError struct {
	Path  string
	Aside string // where it was moved to; empty when it is still there
	Cause error
}

// Error names the file and where it is now.
func (e *DamagedError) Error() string {
	text := "cache file " + e.Path + " is damaged: " + e.Cause.Error()
	if e.Aside != "" {
		text += "; it was moved to " + filepath.Base(e.Aside)
	}
	return text
}

// Unwrap returns the cause.
func (e *DamagedError) Unwrap() error { return e.Cause }

// sharedName is the AWS CLI's file name for key: lower-case hex SHA-1.
func sharedName(key string) string {
	sum := sha1.Sum([]byte(key))
	return hex.EncodeToString(sum[:]) + ".json"
}

// ownName returns the name of one of our own files: it hashes the parts with their lengths, so that no two lists of
// parts share a name.
func ownName(parts ...string) string {
	h := sha256.New()
	for _, part := range parts {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		h.Write(length[:])
		h.Write([]byte(part))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// sessionParts are what a session's own files are named after.
func sessionParts(s identitycenter.SSOSession) []string {
	if s.Name != "" {
		return []string{"session", s.Name}
	}
	return []string{"start-url", s.StartURL}
}
