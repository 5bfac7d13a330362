package admin_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rolecall/internal/idc/awsmodel"
)

// services maps the prefixes of targets to their models. testdata has what botocore 1.43.11 knows and Debian's does
// not.
var services = map[string]string{
	"SWBExternalService": "sso-admin", "AWSIdentityStore": "identitystore", "AWSOrganizationsV20161128": "organizations",
}

func models(t *testing.T) map[string]*awsmodel.Model {
	t.Helper()
	all := map[string]*awsmodel.Model{}
	for prefix, name := range services {
		newer, err := os.ReadFile(filepath.Join("testdata", name+"-newer.json"))
		if err != nil {
			t.Fatal(err)
		}
		if all[prefix], err = awsmodel.Load(name, newer); err != nil {
			t.Fatal(err)
		}
		if all[prefix].Metadata.TargetPrefix != prefix {
			t.Errorf("%s has the prefix %s", name, all[prefix].Metadata.TargetPrefix)
		}
	}
	return all
}

// TestOperationsOfModel: each operation is in its model. It accepts a minimal input, or answers with one of its
// exceptions. Inputs that the model forbids get the service's validation exception, and change nothing.
func TestOperationsOfModel(t *testing.T) {
	all := models(t)
	w := newWorld(t)
	values := map[string]any{"InstanceArn": w.instance.ARN(), "IdentityStoreId": w.instance.IdentityStoreID}
	cases := 0
	for _, target := range w.api.Operations() {
		prefix, operation, _ := strings.Cut(target, ".")
		model := all[prefix]
		input, err := model.MinimalInput(operation, values)
		if err != nil {
			t.Error(err)
			continue
		}
		checkAnswer(t, model, operation, w.call(target, input))
		invalid, err := model.Invalid(operation, values)
		if err != nil {
			t.Error(err)
		}
		want, words := "ValidationException", " detected: Value "
		if services[prefix] == "organizations" {
			want, words = "InvalidInputException", ""
		}
		before := len(w.events())
		for _, c := range invalid {
			got := w.call(target, c.Input)
			if code := got.header.Get("x-amzn-ErrorType"); code != want || !strings.Contains(string(got.body), words) {
				t.Errorf("%s: %s: got %d %s %s", target, c.Name, got.status, code, got.body)
			}
			checkAnswer(t, model, operation, got)
		}
		cases += len(invalid)
		if after := len(w.events()); after != before {
			t.Errorf("%s: invalid inputs are in the audit", target)
		}
	}
	if cases < 500 {
		t.Errorf("only %d invalid inputs were made", cases)
	}
}

func checkAnswer(t *testing.T, model *awsmodel.Model, operation string, got answer) {
	t.Helper()
	problems := model.CheckOutput(operation, got.body)
	if got.status != 200 {
		problems = model.CheckError(operation, got.header.Get("x-amzn-ErrorType"), got.body)
	}
	for _, p := range problems {
		t.Errorf("%s: %s\n%s", operation, p, got.body)
	}
}

// A scenario makes successful calls, checks the answers, and remembers the operations.
type scenario struct {
	*world
	models  map[string]*awsmodel.Model
	done    map[string]bool
	service string
}

// run also checks that each change is in the audit, once.
func (s *scenario) run(operation string, input object) object {
	s.Helper()
	target := s.service + "." + operation
	before := len(s.events())
	whole := object{}
	switch s.service {
	case "SWBExternalService":
		if operation != "ListInstances" {
			whole["InstanceArn"] = s.instance.ARN()
		}
	case "AWSIdentityStore":
		whole["IdentityStoreId"] = s.instance.IdentityStoreID
	}
	maps.Copy(whole, input)
	got := s.call(target, whole)
	if got.status != 200 {
		s.Fatalf("%s %v: %d %s", target, whole, got.status, got.body)
	}
	checkAnswer(s.T, s.models[s.service], operation, got)
	s.done[target] = true
	s.audited(operation, before)
	out := object{}
	if err := json.Unmarshal(got.body, &out); err != nil {
		s.Fatal(err)
	}
	return out
}

func (s *scenario) audited(operation string, before int) {
	s.Helper()
	events := s.events()[before:]
	reads := slices.ContainsFunc([]string{"List", "Describe", "Get", "Is"}, func(verb string) bool {
		return strings.HasPrefix(operation, verb)
	})
	switch {
	case reads && len(events) == 0:
	case !reads && len(events) == 1 && events[0].Action == operation && events[0].Actor == "admin" &&
		events[0].Target != "":
	default:
		s.Errorf("%s: audit %+v", operation, events)
	}
}

// TestEveryOperation calls each operation successfully at least once.
func TestEveryOperation(t *testing.T) {
	s := &scenario{world: newWorld(t), models: models(t), done: map[string]bool{}}
	s.service = "AWSIdentityStore"
	user, group := s.identities()
	s.service = "SWBExternalService"
	s.permissions(user, group)
	s.service = "AWSOrganizationsV20161128"
	s.organization()
	s.service = "AWSIdentityStore"
	s.run("DeleteUser", object{"UserId": user})
	s.run("DeleteGroup", object{"GroupId": group})
	for _, target := range s.api.Operations() {
		if !s.done[target] {
			t.Errorf("%s was not answered with success", target)
		}
	}
}

func (s *scenario) identities() (user, group any) {
	user = s.run("CreateUser", object{
		"UserName": "alice", "DisplayName": "Alice <Liddell> & co", "Name": object{
			"GivenName": "Alice", "FamilyName": "Liddell", "Formatted": "A. Liddell",
		},
		"NickName": "Al", "ProfileUrl": "https://example.com/alice", "UserType": "staff", "Title": "Dr",
		"PreferredLanguage": "en", "Locale": "en-GB", "Timezone": "Europe/London",
		"Emails": []object{{"Value": "alice@example.com", "Type": "work", "Primary": true}},
		"Addresses": []object{
			{
				"StreetAddress": "1 Street", "Locality": "Oxford", "Region": "Oxon", "PostalCode": "OX1", "Country": "UK",
				"Formatted": "1 Street", "Type": "home",
			},
		},
		"PhoneNumbers": []object{{"Value": "+44 1", "Type": "work"}},
	})["UserId"]
	group = s.run("CreateGroup", object{"DisplayName": "Developers", "Description": "who develop"})["GroupId"]
	s.run("DescribeUser", object{"UserId": user})
	s.run("DescribeGroup", object{"GroupId": group})
	s.run("UpdateUser", object{
		"UserId": user, "Operations": []object{
			{"AttributePath": "name.middleName", "AttributeValue": "P"}, {"AttributePath": "title"},
		},
	})
	s.run("UpdateGroup", object{
		"GroupId": group, "Operations": []object{{"AttributePath": "description", "AttributeValue": "all of them"}},
	})
	s.run("ListUsers", nil)
	s.run("ListGroups", nil)
	s.run("GetUserId", object{
		"AlternateIdentifier": object{"UniqueAttribute": object{"AttributePath": "userName", "AttributeValue": "alice"}},
	})
	s.run("GetGroupId", object{
		"AlternateIdentifier": object{
			"UniqueAttribute": object{"AttributePath": "displayName", "AttributeValue": "Developers"},
		},
	})
	member := object{"UserId": user}
	membership := s.run("CreateGroupMembership", object{"GroupId": group, "MemberId": member})["MembershipId"]
	s.run("DescribeGroupMembership", object{"MembershipId": membership})
	s.run("GetGroupMembershipId", object{"GroupId": group, "MemberId": member})
	s.run("ListGroupMemberships", object{"GroupId": group})
	s.run("ListGroupMembershipsForMember", object{"MemberId": member})
	s.run("IsMemberInGroups", object{"MemberId": member, "GroupIds": []any{group}})
	s.run("DeleteGroupMembership", object{"MembershipId": membership})
	s.run("CreateGroupMembership", object{"GroupId": group, "MemberId": member})
	return user, group
}

func (s *scenario) permissions(user, group any) {
	s.run("ListInstances", nil)
	s.run("UpdateInstance", object{"Name": "corp"})
	s.run("DescribeInstance", nil)
	s.run("ListInstances", nil)
	set := s.run("CreatePermissionSet", object{
		"Name": "Admin", "Description": "all", "SessionDuration": "PT2H", "RelayState": "https://example.com/",
		"Tags": []object{{"Key": "team", "Value": "a"}, {"Key": "empty", "Value": ""}},
	})["PermissionSet"].(object)["PermissionSetArn"]
	p := func(more object) object {
		in := object{"PermissionSetArn": set}
		maps.Copy(in, more)
		return in
	}
	s.run("DescribePermissionSet", p(nil))
	s.run("UpdatePermissionSet", p(object{"Description": "everything"}))
	s.run("ListPermissionSets", nil)
	s.run("TagResource", object{"ResourceArn": set, "Tags": []object{{"Key": "team", "Value": "b"}}})
	s.run("ListTagsForResource", object{"ResourceArn": set})
	s.run("UntagResource", object{"ResourceArn": set, "TagKeys": []string{"team"}})
	s.policies(p)
	s.assign(p, user, group)
	s.run("DeletePermissionSet", p(nil))
}

func (s *scenario) policies(p func(object) object) {
	managed := object{"ManagedPolicyArn": "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"}
	customer := object{"CustomerManagedPolicyReference": object{"Name": "Deploy", "Path": "/ours/"}}
	s.run("PutInlinePolicyToPermissionSet", p(object{"InlinePolicy": `{"Version":"2012-10-17","Statement":[]}`}))
	s.run("GetInlinePolicyForPermissionSet", p(nil))
	s.run("DeleteInlinePolicyFromPermissionSet", p(nil))
	s.run("AttachManagedPolicyToPermissionSet", p(managed))
	s.run("ListManagedPoliciesInPermissionSet", p(nil))
	s.run("DetachManagedPolicyFromPermissionSet", p(managed))
	s.run("AttachCustomerManagedPolicyReferenceToPermissionSet", p(customer))
	s.run("ListCustomerManagedPolicyReferencesInPermissionSet", p(nil))
	s.run("DetachCustomerManagedPolicyReferenceFromPermissionSet", p(customer))
	for _, boundary := range []object{managed, customer} {
		s.run("PutPermissionsBoundaryToPermissionSet", p(object{"PermissionsBoundary": boundary}))
		s.run("GetPermissionsBoundaryForPermissionSet", p(nil))
	}
	s.run("DeletePermissionsBoundaryFromPermissionSet", p(nil))
}

func (s *scenario) assign(p func(object) object, user, group any) {
	to := func(kind string, id any) object {
		return p(object{"TargetId": dev, "TargetType": "AWS_ACCOUNT", "PrincipalType": kind, "PrincipalId": id})
	}
	created := s.run("CreateAccountAssignment", to("USER", user))["AccountAssignmentCreationStatus"].(object)["RequestId"]
	s.run("CreateAccountAssignment", to("GROUP", group))
	s.run("DescribeAccountAssignmentCreationStatus", object{"AccountAssignmentCreationRequestId": created})
	s.run("ListAccountAssignmentCreationStatus", nil)
	s.run("ListAccountAssignments", p(object{"AccountId": dev}))
	s.run("ListAccountAssignmentsForPrincipal", object{"PrincipalType": "USER", "PrincipalId": user})
	s.run("ListAccountsForProvisionedPermissionSet", p(nil))
	s.run("ListPermissionSetsProvisionedToAccount", object{"AccountId": dev})
	for _, target := range []object{
		{"TargetType": "ALL_PROVISIONED_ACCOUNTS"},
		{"TargetType": "AWS_ACCOUNT", "TargetId": dev},
	} {
		id := s.run("ProvisionPermissionSet", p(target))["PermissionSetProvisioningStatus"].(object)["RequestId"]
		s.pass(time.Second)
		s.run("DescribePermissionSetProvisioningStatus", object{"ProvisionPermissionSetRequestId": id})
	}
	s.run("ListPermissionSetProvisioningStatus", object{"Filter": object{"Status": "SUCCEEDED"}})
	s.run("DeleteAccountAssignment", to("GROUP", group))
	deleted := s.run("DeleteAccountAssignment", to("USER", user))["AccountAssignmentDeletionStatus"].(object)["RequestId"]
	s.run("DescribeAccountAssignmentDeletionStatus", object{"AccountAssignmentDeletionRequestId": deleted})
	s.run("ListAccountAssignmentDeletionStatus", nil)
}

func (s *scenario) organization() {
	s.run("DescribeOrganization", nil)
	s.run("ListAccounts", nil)
	s.run("DescribeAccount", object{"AccountId": dev})
	root := s.run("ListRoots", nil)["Roots"].([]any)[0].(object)["Id"]
	unit := s.run("ListOrganizationalUnitsForParent",
		object{"ParentId": root})["OrganizationalUnits"].([]any)[0].(object)["Id"]
	s.run("DescribeOrganizationalUnit", object{"OrganizationalUnitId": unit})
	s.run("ListChildren", object{"ParentId": root, "ChildType": "ACCOUNT"})
	s.run("ListChildren", object{"ParentId": unit, "ChildType": "ORGANIZATIONAL_UNIT"})
	s.run("ListParents", object{"ChildId": unit})
	s.run("ListAccountsForParent", object{"ParentId": root})
	s.run("ListTagsForResource", object{"ResourceId": dev})
	s.run("ListAWSServiceAccessForOrganization", nil)
	s.run("ListDelegatedAdministrators", nil)
}
