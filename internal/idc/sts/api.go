package sts

import (
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/refusals"
	"rolecall/internal/idc/store"
	"rolecall/internal/idc/wire"
)

// A Refusal is an error in AWS's words.
type Refusal struct {
	Status        int
	Code, Message string
}

func (e *Refusal) say(message string) *Refusal { return &Refusal{e.Status, e.Code, message} }

var (
	errInvalidToken = &Refusal{403, "InvalidClientTokenId", "The security token included in the request is invalid"}
	errExpiredToken = &Refusal{403, "ExpiredToken", "The security token included in the request is expired"}
	errSignature    = &Refusal{
		403, "SignatureDoesNotMatch",
		"The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key " +
			"and signing method. Consult the service documentation for details.",
	}
	errMissingToken = &Refusal{403, "MissingAuthenticationToken", "Request is missing Authentication Token"}
	errIncomplete   = &Refusal{400, "IncompleteSignature", "The request signature does not conform to AWS standards"}
	errDenied       = &Refusal{403, "AccessDenied", ""}
	errValidation   = &Refusal{400, "ValidationError", ""}
	errAction       = &Refusal{400, "InvalidAction", ""}
	errInternal     = &Refusal{500, "InternalFailure", "Internal error"}
)

// ServeHTTP answers the query protocol, with a form in the body or in the URL.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := wire.Body(r)
	if err != nil {
		writeError(w, &Refusal{413, "RequestEntityTooLarge", "The request is too large"})
		return
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || r.Method == http.MethodGet {
		form = r.URL.Query()
	}
	run, known := s.actions()[form.Get("Action")]
	if !known {
		action := cmp.Or(strings.Map(printable, form.Get("Action")), "a request without Action")
		writeError(w, errAction.say(wire.Missing(cmp.Or(ServiceOf(r), "sts"), action)))
		return
	}
	caller, e := s.Authenticate(r, body, "sts")
	if e != nil {
		s.Refused(r, "", "sts:"+form.Get("Action"), e)
		writeError(w, e)
		return
	}
	answer, e := run(r.Context(), caller, form)
	if e != nil {
		s.Refused(r, caller.ARN, "sts:"+form.Get("Action"), e)
		writeError(w, e)
		return
	}
	write(w, answer)
}

// Refused records a refused call of a known action in the audit. Mistakes in its input are not recorded.
func (s *Server) Refused(r *http.Request, actor, action string, e *Refusal) {
	if e.Status == http.StatusForbidden || e.Code == errIncomplete.Code {
		s.o.Refusals.Note(refusals.Refusal{
			Actor: actor, Action: "RefuseCall", Target: action, Reason: e.Code, Address: r.RemoteAddr,
		})
	}
}

// An answer can include the request id.
type answer interface{ with(requestID string) any }

// An action answers a caller with a valid signature.
type action func(ctx context.Context, caller Caller, form url.Values) (answer, *Refusal)

func (s *Server) actions() map[string]action {
	return map[string]action{
		"GetCallerIdentity":  callerIdentity,
		"AssumeRole":         s.assumeRole,
		"GetSessionToken":    s.sessionToken,
		"GetFederationToken": federationToken,
	}
}

func callerIdentity(_ context.Context, caller Caller, _ url.Values) (answer, *Refusal) {
	return callerIdentityAnswer{Result: callerIdentityResult{caller.ARN, caller.UserID, caller.Account}}, nil
}

// federationToken is refused to everybody: no IAM user here has policies.
func federationToken(_ context.Context, caller Caller, _ url.Values) (answer, *Refusal) {
	if caller.Session {
		return nil, errDenied.say("Cannot call GetFederationToken with session credentials")
	}
	return nil, errDenied.say("User: " + caller.ARN + " is not authorized to perform: sts:GetFederationToken")
}

func printable(r rune) rune {
	if r < ' ' || r > '~' {
		return '?'
	}
	return r
}

type callerIdentityResult struct {
	Arn     string
	UserID  string `xml:"UserId"`
	Account string
}

type callerIdentityAnswer struct {
	XMLName  xml.Name             `xml:"https://sts.amazonaws.com/doc/2011-06-15/ GetCallerIdentityResponse"`
	Result   callerIdentityResult `xml:"GetCallerIdentityResult"`
	Metadata metadata             `xml:"ResponseMetadata"`
}

type metadata struct {
	RequestID string `xml:"RequestId"`
}

func (a callerIdentityAnswer) with(id string) any { a.Metadata.RequestID = id; return a }

type assumeRoleAnswer struct {
	XMLName xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ AssumeRoleResponse"`
	Result  struct {
		User struct {
			AssumedRoleID string `xml:"AssumedRoleId"`
			Arn           string
		} `xml:"AssumedRoleUser"`
		Credentials      credentials
		PackedPolicySize int `xml:",omitempty"`
	} `xml:"AssumeRoleResult"`
	Metadata metadata `xml:"ResponseMetadata"`
}

func (a assumeRoleAnswer) with(id string) any { a.Metadata.RequestID = id; return a }

type credentials struct {
	AccessKeyID     string `xml:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
	Expiration      string
}

func inXML(c Credentials) credentials {
	return credentials{c.AccessKeyID, c.SecretAccessKey, c.SessionToken, c.Expiration.Format(time.RFC3339)}
}

type sessionTokenAnswer struct {
	XMLName xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ GetSessionTokenResponse"`
	Result  struct {
		Credentials credentials
	} `xml:"GetSessionTokenResult"`
	Metadata metadata `xml:"ResponseMetadata"`
}

func (a sessionTokenAnswer) with(id string) any { a.Metadata.RequestID = id; return a }

// write answers with XML.
func write(w http.ResponseWriter, a answer) {
	writeXML(w, http.StatusOK, a.with(wire.RequestID(w)))
}

func writeError(w http.ResponseWriter, e *Refusal) {
	type inner struct{ Type, Code, Message string }
	writeXML(w, e.Status, struct {
		XMLName   xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ ErrorResponse"`
		Error     inner
		RequestID string `xml:"RequestId"`
	}{Error: inner{fault(e.Status), e.Code, e.Message}, RequestID: wire.RequestID(w)})
}

// fault names the party at fault.
func fault(status int) string {
	if status >= http.StatusInternalServerError {
		return "Receiver"
	}
	return "Sender"
}

func writeXML(w http.ResponseWriter, status int, v any) {
	body, err := xml.Marshal(v)
	if err != nil { // cannot be: plain structs
		status = http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

const maxTags = 50 // of the API's model

func invalid(name, value, constraint string) *Refusal {
	return errValidation.say("1 validation error detected: Value '" + strings.Map(printable, value) + "' at '" + name +
		"' failed to satisfy constraint: " + constraint)
}

func checkAssumeRole(form url.Values) *Refusal {
	if arn := form.Get("RoleArn"); len(arn) < 20 || len(arn) > 2048 {
		return invalid("roleArn", arn, "Member must have length between 20 and 2048")
	}
	if name := form.Get("RoleSessionName"); !isWord(name, "+=,.@-", 2, 64) {
		return invalid("roleSessionName", name, `Member must satisfy regular expression pattern: [\w+=,.@-]*`)
	}
	if form.Has("ExternalId") && !isWord(form.Get("ExternalId"), "+=,.@:/-", 2, 1224) {
		return invalid("externalId", form.Get("ExternalId"), `Member must satisfy regular expression pattern: [\w+=,.@:\/-]*`)
	}
	if form.Has("Tags.member." + strconv.Itoa(maxTags+1) + ".Key") {
		return invalid("tags", "[...]", "Member must have length less than or equal to 50")
	}
	return nil
}

// isWord reports whether text consists of letters, digits, _ and extra, with a length from least to most: the model's
// [\w+=…]*.
func isWord(text, extra string, least, most int) bool {
	return len(text) >= least && len(text) <= most && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' &&
			!strings.ContainsRune(extra, r)
	})
}

// lifeOf reads DurationSeconds: at least 15 minutes, and at most the given number of seconds.
func lifeOf(form url.Values, standard time.Duration, most int) (time.Duration, *Refusal) {
	text := form.Get("DurationSeconds")
	if text == "" {
		return standard, nil
	}
	seconds, err := strconv.Atoi(text)
	if err != nil || seconds < 900 || seconds > most {
		return 0, invalid("durationSeconds", text, "Member must have value between 900 and "+strconv.Itoa(most))
	}
	return time.Duration(seconds) * time.Second, nil
}

// assumeRole returns keys of a role that trusts the caller. A chained session lasts an hour at most; assuming a role
// from an Identity Center role is chaining, too.
func (s *Server) assumeRole(ctx context.Context, caller Caller, form url.Values) (answer, *Refusal) {
	if e := checkAssumeRole(form); e != nil {
		return nil, e
	}
	life, e := lifeOf(form, time.Hour, 43200)
	if e != nil {
		return nil, e
	}
	if caller.Session && life > time.Hour {
		return nil,
			errValidation.say("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role " +
				"chaining.")
	}
	arn, session := form.Get("RoleArn"), form.Get("RoleSessionName")
	var role directory.Role
	err := s.o.Store.Update(ctx, func(tx store.Tx) (err error) {
		role, err = directory.Roles().Get(tx, arn)
		switch {
		case err != nil:
			return err
		case !allows(role, caller, form.Get("ExternalId")):
			return store.ErrNotFound
		case !caller.Session && role.MaxDuration > 0 && life > role.MaxDuration:
			return errLongSession
		}
		return tx.Record(store.Event{Time: s.o.Now(), Actor: caller.ARN, Action: "AssumeRole", Target: arn, Details: session})
	})
	switch {
	case errors.Is(err, errLongSession):
		return nil, errValidation.say("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	case errors.Is(err, store.ErrNotFound):
		return nil, errDenied.say("User: " + caller.ARN + " is not authorized to perform: sts:AssumeRole on resource: " +
			strings.Map(printable, arn))
	case err != nil:
		return nil, errInternal
	}
	user := roleID(arn) + ":" + session
	c := s.mint(Caller{
		Account: strings.Split(arn, ":")[4], RoleARN: arn, ARN: sessionARN(arn, session), UserID: user,
		Chained: caller.Session,
	}, life)
	var a assumeRoleAnswer
	a.Result.User.AssumedRoleID, a.Result.User.Arn = user, sessionARN(arn, session)
	a.Result.Credentials = inXML(c)
	if form.Has("Tags.member.1.Key") || form.Has("Policy") {
		a.Result.PackedPolicySize = 1
	}
	return a, nil
}

var errLongSession = errors.New("longer than the role allows")

// allows reports whether a role trusts the caller, or the caller's whole account.
func allows(role directory.Role, caller Caller, externalID string) bool {
	root := "arn:" + strings.SplitN(caller.RoleARN, ":", 3)[1] + ":iam::" + caller.Account + ":root"
	trusted := slices.Contains(role.Trusted, caller.RoleARN) || slices.Contains(role.Trusted, root)
	return trusted && (role.ExternalID == "" || role.ExternalID == externalID)
}

// sessionToken returns temporary keys for long-term ones.
func (s *Server) sessionToken(ctx context.Context, caller Caller, form url.Values) (answer, *Refusal) {
	if caller.Session {
		return nil, errDenied.say("Cannot call GetSessionToken with session credentials")
	}
	life, e := lifeOf(form, 12*time.Hour, 129600)
	if e != nil {
		return nil, e
	}
	err := s.o.Store.Update(ctx, func(tx store.Tx) error {
		return tx.Record(store.Event{Time: s.o.Now(), Actor: caller.ARN, Action: "GetSessionToken"})
	})
	if err != nil {
		return nil, errInternal
	}
	var a sessionTokenAnswer
	a.Result.Credentials = inXML(s.mint(caller, life))
	return a, nil
}
