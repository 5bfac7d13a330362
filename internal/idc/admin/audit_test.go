package admin_test

import (
	"fmt"
	"strings"
	"testing"
)

type object = map[string]any

// TestAudit: each change is one line with who, what and which names, but without values of attributes. Refused changes
// are not recorded.
func TestAudit(t *testing.T) {
	w := newStoreWorld(t)
	alice, group := w.user("alice"), w.group("Developers")
	if err := w.updateUser(alice, "title", "a title that is nobody's business"); err != nil {
		t.Fatal(err)
	}
	if err := fails(w.ids.CreateUser(ctx, w.newUser("alice"))); err == nil {
		t.Fatal("a second alice")
	}
	sso := w.call("SWBExternalService.CreatePermissionSet", object{"InstanceArn": w.instance.ARN(), "Name": "Admin"})
	set := strings.Split(string(sso.body), `"`)[9]
	w.call("SWBExternalService.CreateAccountAssignment", object{
		"InstanceArn": w.instance.ARN(), "PermissionSetArn": set, "TargetId": dev, "TargetType": "AWS_ACCOUNT",
		"PrincipalType": "GROUP", "PrincipalId": group,
	})
	var got strings.Builder
	for _, e := range w.events() {
		fmt.Fprintf(&got, "%s %s %s (%s)\n", e.Actor, e.Action, e.Target, e.Details)
	}
	id := set[strings.LastIndex(set, "/")+1:]
	want := "admin CreateUser alice (" + *alice + ")\n" +
		"admin CreateGroup Developers (" + *group + ")\n" +
		"admin UpdateUser alice (title)\n" +
		"admin CreatePermissionSet Admin (" + id + ")\n" +
		"admin CreateAccountAssignment " + dev + "/Admin/" + *group + " ()\n"
	if got.String() != want {
		t.Errorf("audit\n%s\nwant\n%s", got.String(), want)
	}
}
