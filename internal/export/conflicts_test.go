package export

import (
	"slices"
	"strings"
	"testing"
)

// Whatever could make a child somebody else is removed: the names are those of the AWS CLI and the SDKs, written down
// here once more.
func TestNothingMakesAChildSomebodyElse(t *testing.T) {
	names := strings.Fields(`AWS_ACCESS_KEY_ID AWS_ACCESS_KEY AWS_SECRET_ACCESS_KEY AWS_SECRET_KEY AWS_SESSION_TOKEN
		AWS_SECURITY_TOKEN AWS_CREDENTIAL_EXPIRATION AWS_PROFILE AWS_DEFAULT_PROFILE AWS_ROLE_ARN AWS_ROLE_SESSION_NAME
		AWS_WEB_IDENTITY_TOKEN_FILE AWS_CONTAINER_CREDENTIALS_RELATIVE_URI AWS_CONTAINER_CREDENTIALS_FULL_URI
		AWS_CONTAINER_AUTHORIZATION_TOKEN AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE AWS_ACCOUNT_ID`)
	var environ []string
	for _, name := range names {
		environ = append(environ, name+"=theirs", name+"=theirs-again")
	}
	child, err := ChildEnvironment(environ, anEnvironment())
	if err != nil {
		t.Fatal(err)
	}
	if i := slices.IndexFunc(child, func(entry string) bool { return strings.Contains(entry, "theirs") }); i >= 0 {
		t.Errorf("the child has %s", child[i])
	}
	_, unset := Variables(anEnvironment())
	for _, name := range []string{"AWS_PROFILE", "AWS_DEFAULT_PROFILE"} {
		if !slices.Contains(unset, name) {
			t.Errorf("a switch leaves %s", name)
		}
	}
}
