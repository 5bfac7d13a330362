package sts

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/wire"
)

// An stsError is a refusal in AWS's words.
type stsError struct {
	status        int
	code, message string
}

func (e *stsError) say(message string) *stsError { return &stsError{e.status, e.code, message} }

var (
	errInvalidToken = &stsError{403, "InvalidClientTokenId", "The security token included in the request is invalid"}
	errExpiredToken = &stsError{403, "ExpiredToken", "The security token included in the request is expired"}
	errSignature    = &stsError{403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."}
	errMissingToken = &stsError{403, "MissingAuthenticationToken", "Request is missing Authentication Token"}
	errIncomplete   = &stsError{400, "IncompleteSignature", "The request signature does not conform to AWS standards"}
	errDenied       = &stsError{403, "AccessDenied", ""}
	errValidation   = &stsError{400, "ValidationError", ""}
	errAction       = &stsError{400, "InvalidAction", ""}
)

// ServeHTTP answers a call of the query protocol: a form in the body, or in the
// address.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := wire.Body(r)
	if err != nil {
		writeError(w, &stsError{413, "RequestEntityTooLarge", "The request is too large"})
		return
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || r.Method == http.MethodGet {
		form = r.URL.Query()
	}
	caller, e := s.verify(r, body)
	if e != nil {
		writeError(w, e)
		return
	}
	switch action := form.Get("Action"); action {
	case "GetCallerIdentity":
		write(w, callerIdentityAnswer{Result: callerIdentityResult{caller.ARN, caller.UserID, caller.Account}})
	case "AssumeRole":
		answer, e := s.assumeRole(caller, form)
		if e != nil {
			writeError(w, e)
			return
		}
		write(w, answer)
	default:
		writeError(w, errAction.say("Could not find operation "+strings.Map(printable, action)+" for version "+strings.Map(printable, form.Get("Version"))))
	}
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
		Credentials struct {
			AccessKeyID     string `xml:"AccessKeyId"`
			SecretAccessKey string
			SessionToken    string
			Expiration      string
		}
		PackedPolicySize int `xml:",omitempty"`
	} `xml:"AssumeRoleResult"`
	Metadata metadata `xml:"ResponseMetadata"`
}

func (a assumeRoleAnswer) with(id string) any { a.Metadata.RequestID = id; return a }

// write answers with XML.
func write(w http.ResponseWriter, answer interface{ with(string) any }) {
	writeXML(w, http.StatusOK, answer.with(wire.RequestID(w)))
}

func writeError(w http.ResponseWriter, e *stsError) {
	type inner struct{ Type, Code, Message string }
	writeXML(w, e.status, struct {
		XMLName   xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ ErrorResponse"`
		Error     inner
		RequestID string `xml:"RequestId"`
	}{Error: inner{"Sender", e.code, e.message}, RequestID: wire.RequestID(w)})
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

func invalid(name, value, constraint string) *stsError {
	return errValidation.say("1 validation error detected: Value '" + strings.Map(printable, value) + "' at '" + name + "' failed to satisfy constraint: " + constraint)
}

func checkAssumeRole(form url.Values) *stsError {
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

// isWord reports whether text is letters, digits, _ and extra, of a length from
// least to most: the model's [\w+=…]*.
func isWord(text, extra string, least, most int) bool {
	return len(text) >= least && len(text) <= most && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && !strings.ContainsRune(extra, r)
	})
}

// assumeRole gives keys of a role that trusts the caller's role. A chain's
// session lasts an hour at most; a role session of Identity Center that assumes a
// role is one already.
func (s *Server) assumeRole(caller Caller, form url.Values) (assumeRoleAnswer, *stsError) {
	var answer assumeRoleAnswer
	if e := checkAssumeRole(form); e != nil {
		return answer, e
	}
	arn, session := form.Get("RoleArn"), form.Get("RoleSessionName")
	life := time.Hour
	if text := form.Get("DurationSeconds"); text != "" {
		seconds, err := strconv.Atoi(text)
		if err != nil || seconds < 900 || seconds > 43200 {
			return answer, invalid("durationSeconds", text, "Member must have value between 900 and 43200")
		}
		if seconds > 3600 {
			return answer, errValidation.say("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
		}
		life = time.Duration(seconds) * time.Second
	}
	role, err := s.o.Directory.Role(arn)
	if err != nil || !trusts(role, caller) || role.ExternalID != "" && role.ExternalID != form.Get("ExternalId") {
		return answer, errDenied.say("User: " + caller.ARN + " is not authorized to perform: sts:AssumeRole on resource: " + strings.Map(printable, arn))
	}
	account := strings.Split(arn, ":")[4]
	c := s.mint(Caller{
		Account: account, RoleARN: arn, ARN: sessionARN(arn, session), UserID: roleID(arn) + ":" + session, Assumed: true,
	}, life)
	answer.Result.User.AssumedRoleID = roleID(arn) + ":" + session
	answer.Result.User.Arn = sessionARN(arn, session)
	answer.Result.Credentials.AccessKeyID = c.AccessKeyID
	answer.Result.Credentials.SecretAccessKey = c.SecretAccessKey
	answer.Result.Credentials.SessionToken = c.SessionToken
	answer.Result.Credentials.Expiration = c.Expiration.Format(time.RFC3339)
	if form.Has("Tags.member.1.Key") || form.Has("Policy") {
		answer.Result.PackedPolicySize = 1
	}
	return answer, nil
}

func trusts(role directory.Role, caller Caller) bool {
	root := "arn:" + strings.SplitN(caller.RoleARN, ":", 3)[1] + ":iam::" + caller.Account + ":root"
	return slices.Contains(role.Trusted, caller.RoleARN) || slices.Contains(role.Trusted, root)
}
