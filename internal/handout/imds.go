package handout

import (
	"cmp"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	ttlHeader   = "X-Aws-Ec2-Metadata-Token-Ttl-Seconds"
	tokenHeader = "X-Aws-Ec2-Metadata-Token"
	longestTTL  = 21600 // six hours, as EC2's
	tokenPath   = "/latest/api/token"
	rolesPath   = "/latest/meta-data/iam/security-credentials"
)

// IMDS answers as EC2's instance metadata service, with the keys of one target. Whoever may connect can get a token, so
// it is for programs that know nothing else. Only version 2 is there: version 1 would also answer requests that a
// server was tricked into.
type IMDS struct {
	Target  *Target
	Explain func(error) Refusal
	// Unknown is told which path somebody asked for in vain; it may be nil.
	Unknown func(path string)
	Now     func() time.Time

	secret [32]byte // signs tokens
}

// NewIMDS makes a service with a secret of its own.
func NewIMDS(t *Target, explain func(error) Refusal, unknown func(string), now func() time.Time) *IMDS {
	i := &IMDS{Target: t, Explain: explain, Unknown: unknown, Now: now}
	_, _ = rand.Read(i.secret[:]) // never fails
	return i
}

// ServeHTTP answers one request. Who connected, and the Host, have been checked.
func (i *IMDS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimSuffix(r.URL.Path, "/")
	switch {
	case !FromProgram(r):
		forbidden.write(w)
	case r.Method == http.MethodPut && path == tokenPath:
		i.giveToken(w, r)
	case r.Method != http.MethodGet:
		wrongMethod.write(w)
	case !i.knows(r.Header[tokenHeader]):
		Refusal{http.StatusUnauthorized, "Unauthorized", "an IMDSv2 token is required"}.write(w)
	default:
		i.answer(w, r, path)
	}
}

// giveToken answers with a token, and repeats its life: without that the Go SDK asks for one each time.
func (i *IMDS) giveToken(w http.ResponseWriter, r *http.Request) {
	seconds, err := strconv.ParseUint(r.Header.Get(ttlHeader), 10, 16)
	if err != nil || seconds < 1 || seconds > longestTTL || len(r.Header[ttlHeader]) != 1 {
		Refusal{http.StatusBadRequest, "BadRequest", ttlHeader + " is 1 to 21600"}.write(w)
		return
	}
	end := i.Now().Unix() + int64(seconds)
	w.Header().Set(ttlHeader, strconv.FormatUint(seconds, 10))
	writeText(w, i.token(end))
}

// token returns a token: its end, and the proof that it was made here.
func (i *IMDS) token(end int64) string {
	raw := binary.BigEndian.AppendUint64(nil, uint64(end))
	mac := hmac.New(sha256.New, i.secret[:])
	mac.Write(raw)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(raw))
}

func (i *IMDS) knows(given []string) bool {
	if len(given) != 1 {
		return false
	}
	raw, err := base64.RawURLEncoding.DecodeString(given[0])
	if err != nil || len(raw) != 8+sha256.Size {
		return false
	}
	end := int64(binary.BigEndian.Uint64(raw))
	return hmac.Equal([]byte(i.token(end)), []byte(given[0])) && i.Now().Unix() < end
}

func (i *IMDS) answer(w http.ResponseWriter, r *http.Request, path string) {
	switch path {
	case rolesPath:
		writeText(w, i.RoleName())
	case rolesPath + "/" + i.RoleName():
		i.answerKeys(w, r)
	case "/latest/meta-data/placement/availability-zone":
		writeText(w, i.Target.Region+"a")
	case "/latest/meta-data/placement/region":
		writeText(w, i.Target.Region)
	case "/latest/dynamic/instance-identity/document":
		writeJSON(w, http.StatusOK, map[string]string{
			"region": i.Target.Region, "availabilityZone": i.Target.Region + "a", "accountId": i.Target.Account,
		})
	default:
		if i.Unknown != nil {
			i.Unknown(r.URL.Path)
		}
		unknownPath.write(w)
	}
}

// RoleName returns a valid name of a role: the target's role, or the target itself if another tool makes its keys.
func (i *IMDS) RoleName() string {
	return strings.Map(func(r rune) rune {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if letter || r >= '0' && r <= '9' || strings.ContainsRune("+=,.@_-", r) {
			return r
		}
		return '-'
	}, cmp.Or(i.Target.Role, i.Target.Name))
}

func (i *IMDS) answerKeys(w http.ResponseWriter, r *http.Request) {
	keys, err := i.Target.keys(r.Context())
	if err != nil { // never the old keys: botocore and JavaScript's SDK would lengthen their life
		refusal := refusalOf(err, i.Explain)
		refusal.Status = http.StatusServiceUnavailable
		refusal.write(w)
		return
	}
	a := answerOf(keys, "", i.Now())
	a.AccountID = ""
	writeJSON(w, http.StatusOK, a)
}

func writeText(w http.ResponseWriter, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write([]byte(text))
}
