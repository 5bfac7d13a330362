package seed

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/pattern"
)

// A rule returns what is wrong with a text, or "".
type rule func(text string) string

// AWS's bounds of durations.
const (
	leastRole, mostRole       = time.Hour, 12 * time.Hour
	leastSession, mostSession = 15 * time.Minute, 90 * 24 * time.Hour
)

// maxInlinePolicy is AWS's bound for an inline policy, in characters.
const maxInlinePolicy = 32768

// Patterns are AWS's own where it has any.
var (
	accountIDs    = pattern.New(`^[0-9]{12}$`)
	setNames      = pattern.New(`^[\w+=,.@-]{1,32}$`)
	instanceNames = pattern.New(`^[\w+=,.@-]{0,255}$`)
	regions       = pattern.New(`^[a-z]{2,5}(-[a-z]+)+-[0-9]{1,2}$`)
	policyNames   = pattern.New(`^[\w+=,.@-]{1,128}$`)
	policyPaths   = pattern.New(`^/([!-.0-~]+/)*$`)
	policyARNs    = pattern.New(`^arn:aws[a-z-]*:iam::(aws|[0-9]{12}):policy/[\w+=,.@/-]+$`)
	roleARNs      = pattern.New(`^arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+$`)
	trustedARNs   = pattern.New(`^arn:aws[a-z-]*:iam::[0-9]{12}:(root|(role|user)/[\w+=,.@/-]+)$`)
	externalIDs   = pattern.New(`^[\w+=,.@:/-]{2,}$`)
	tagTexts      = pattern.New(`^[\pL\pZ\pN_.:/=+@-]*$`)
)

func matches(p pattern.Pattern, what string) rule {
	return func(text string) string {
		if p().MatchString(text) {
			return ""
		}
		return quote(short(text)) + " is not " + what
	}
}

func isAccountID(text string) string {
	return matches(accountIDs, "an account id of 12 digits")(text)
}

func isAccountRef(text string) string {
	if text == "*" {
		return ""
	}
	return isAccountID(text)
}

func isSetName(text string) string {
	return matches(setNames, "a permission set's name: 1 to 32 letters, digits and _+=,.@-")(text)
}

func isEmail(text string) string {
	if !directory.IsEmail(text) {
		return quote(short(text)) + " is not an e-mail address"
	}
	return ""
}

// isExternalID checks the external id of a role's trust, not of a person.
func isExternalID(text string) string {
	if len(text) > 1224 {
		return quote(short(text)) + " is longer than 1224 characters"
	}
	return matches(externalIDs, "an external id: 2 to 1224 letters, digits and _+=,.@:/-")(text)
}

func isUserName(text string) string {
	if r := directory.UserName(); !r.Fits(text) || !r.Matches(text) {
		return fmt.Sprintf("%s is not a user name: 1 to %d characters without spaces", quote(short(text)), r.Max)
	}
	return ""
}

// between checks the number of characters.
func between(least, most int) rule {
	return func(text string) string {
		switch n := utf8.RuneCountInString(text); {
		case n == 0 && least == 1:
			return "is empty"
		case n < least || n > most:
			return fmt.Sprintf("has %d characters, not %d to %d", n, least, most)
		}
		return ""
	}
}

// isTag checks a tag's key or value.
func isTag(least, most int) rule {
	return func(text string) string {
		if wrong := between(least, most)(text); wrong != "" {
			return wrong
		}
		return matches(tagTexts, "letters, digits, spaces and _.:/=+@-")(text)
	}
}

// isOU checks a path of names: Workloads/Prod.
func isOU(text string) string {
	for name := range strings.SplitSeq(text, "/") {
		if n := utf8.RuneCountInString(name); text != "" && (n < 1 || n > 128) {
			return quote(short(text)) + " is not a path of organizational units like Workloads/Prod"
		}
	}
	return ""
}

// isPolicy checks for a JSON object.
func isPolicy(text string) string {
	if utf8.RuneCountInString(text) > maxInlinePolicy {
		return fmt.Sprintf("is longer than %d characters", maxInlinePolicy)
	}
	if !json.Valid([]byte(text)) || !bytes.HasPrefix(bytes.TrimSpace([]byte(text)), []byte("{")) {
		return "is not a policy document: a JSON object"
	}
	return ""
}
