package profiles

import (
	"strings"
	"testing"

	"rolecall/internal/awsconfig"
)

const assumed = "role_arn = arn:aws:iam::111122223333:role/x\n"

// Each of these profiles of the person's own gets its keys from Prod-Admin, by the key, through the other profile.
func onProdAdmin() []struct{ text, key, through string } {
	const process, source = "credential_process", "source_profile"
	mine := func(line string) string { return "[profile mine]\n" + line + "\n" }
	chained := "[profile chained]\n" + assumed + "source_profile = Prod-Admin\n"
	exported := "[profile exported]\ncredential_process = aws configure export-credentials --profile Prod-Admin\n"
	return []struct{ text, key, through string }{
		{mine(assumed + "source_profile = Prod-Admin"), source, ""},
		{mine(assumed+"source_profile = chained") + chained, source, "chained"},
		{
			mine(assumed+"source_profile = further") + "[profile further]\n" + assumed + "source_profile = chained\n" + chained,
			source, "further",
		},
		{mine(assumed+"source_profile = exported") + exported, source, "exported"},
		{mine("credential_process = /usr/bin/rolecall-process --profile=exported") + exported, process, "exported"},
		{mine("credential_process = /home/me/bin/rolecall-process --profile Prod-Admin"), process, ""},
		{mine(`credential_process = "/home/a b/rolecall-process" --profile "Prod-Admin"`), process, ""},
		{mine("credential_process = rolecall-process --profile=Prod-Admin"), process, ""},
		{mine("credential_process = rolecall process --profile Prod-Admin"), process, ""},
		{mine("credential_process = rolecall --debug process Prod-Admin"), process, ""},
		{mine(`credential_process = C:\bin\rolecall-process.exe --profile Prod-Admin`), process, ""},
		{mine("credential_process = aws configure export-credentials --profile Prod-Admin"), process, ""},
		{mine("credential_process = aws --profile=Prod-Admin configure export-credentials --format process"), process, ""},
		{mine("credential_process = sh -c 'aws configure export-credentials --profile Prod-Admin 2>/dev/null'"), process, ""},
		{mine("credential_process = env AWS_PROFILE=Prod-Admin aws configure export-credentials"), process, ""},
		{mine("credential_process = aws configure export-credentials\n  --profile Prod-Admin"), process, ""},
		{mine("credential_process = env AWS_DEFAULT_PROFILE=Prod-Admin aws configure export-credentials"), process, ""},
		{mine(`credential_process = bash -c "export AWS_PROFILE='Prod-Admin'; aws x"`), process, ""},
		{mine(`credential_process = bash -c "export AWS_PROFILE=\"Prod-Admin\"; aws x"`), process, ""},
		{mine("credential_process = sh -c 'export AWS_PROFILE=Prod-Admin;aws x'"), process, ""},
		{mine("credential_process = sh -c 'other=$(tool Prod-Admin)'"), process, ""},
		{mine("credential_process = saml2aws script --profile=Prod-Admin"), process, ""},
		{mine("credential_process = other-tool --profile Prod-Admin"), process, ""},
		{mine("credential_process = other-tool -p exported") + exported, process, "exported"},
		{mine("credential_process = aws-vault exec Prod-Admin --json"), process, ""},
		{mine("credential_process = granted credential-process -p Prod-Admin"), process, ""},
		{mine("credential_process = aws2 configure export-credentials --profile Prod-Admin"), process, ""},
		{mine("credential_process = it's --profile Prod-Admin"), process, ""},
		{"[default]\ncredential_process = rolecall-process --profile Prod-Admin\n", process, ""},
	}
}

// swapped has the names of Prod-Admin and Dev-Admin exchanged; renamed has neither.
const (
	swapped = `{{ if eq .RoleName "Admin" }}{{ if eq .AccountName "Prod" }}Dev{{ else }}Prod{{ end }}-Admin` +
		`{{ else }}{{ .AccountName }}-{{ .RoleName }}{{ end }}`
	renamed = `{{ .AccountName }}.{{ .RoleName }}`
)

func TestProfilesOnGeneratedOnesAreNamed(t *testing.T) {
	for _, form := range []Form{SSOSession, CredentialProcess} {
		o := Options{Form: form, ProcessPath: "/opt/rolecall-process"}
		text, _ := made(t, mine, first, o)
		for _, c := range onProdAdmin() {
			name := "mine"
			if strings.HasPrefix(c.text, "[default]") {
				name = "default"
			}
			want := Reference{name, "Prod-Admin", c.key, c.through}
			at := func(template string) *Plan {
				o.Template = template
				_, plan := made(t, text+"\n"+c.text, first, o)
				return plan
			}
			if plan := at(swapped); len(plan.Turned) == 0 || plan.Turned[0] != (Turn{
				want,
				Anchor{"corp", "111122223333", "Admin"},
				Anchor{"corp", "444455556666", "Admin"},
			}) || plan.Dangling != nil {
				t.Errorf("%s: %q: turned %+v, dangling %+v", form, c.text, plan.Turned, plan.Dangling)
			}
			if plan := at(renamed); len(plan.Dangling) == 0 || plan.Dangling[0] != want || plan.Turned != nil {
				t.Errorf("%s: %q: turned %+v, dangling %+v", form, c.text, plan.Turned, plan.Dangling)
			}
			if plan := at(""); plan.Turned != nil || plan.Dangling != nil {
				t.Errorf("%s: %q: nothing changes, yet %+v %+v", form, c.text, plan.Turned, plan.Dangling)
			}
		}
	}
}

// These have nothing to do with the profiles that change.
func TestOtherProfilesAreNotNamed(t *testing.T) {
	text, _ := made(t, mine, first, Options{})
	text += "\n[profile round]\n" + assumed + "source_profile = round\n" +
		"[profile same]\n" + assumed + "source_profile = Prod-ReadOnly\n" +
		"[profile other]\ncredential_process = other-tool --profile Prod-Admin2 --path /Prod-Admin/x\n" +
		"[profile unused]\n" + assumed + "source_profile = same\n" +
		"credential_process = rolecall-process --profile Prod-Admin\n" +
		"[profile direct]\ncredential_process = rolecall-process --session corp --account 111122223333 --role Admin\n"
	if _, plan := made(t, text, first, Options{Template: swapped}); plan.Turned != nil || plan.Dangling != nil {
		t.Errorf("turned %+v, dangling %+v", plan.Turned, plan.Dangling)
	}
}

// A role of that name is no profile in a line of rolecall's own for a role.
func TestARoleInAnOwnLineIsNoProfile(t *testing.T) {
	o := Options{Template: `{{ if ne .AccountName "Prod" }}{{ .AccountName }}.{{ end }}{{ .RoleName }}`}
	text, _ := made(t, mine, first, o)
	if !strings.Contains(text, "[profile Admin]") {
		t.Fatal(text)
	}
	for _, line := range []string{"rolecall-process", "rolecall process"} {
		own := "\n[profile direct]\ncredential_process = " + line + " --session corp --account 111122223333 --role Admin\n"
		o.Template = renamed
		if _, plan := made(t, text+own, first, o); plan.Turned != nil || plan.Dangling != nil {
			t.Errorf("%s: turned %+v, dangling %+v", line, plan.Turned, plan.Dangling)
		}
	}
}

// The credentials file has profiles of the person's own, too, and its values win.
func TestProfilesOfTheCredentialsFileAreNamed(t *testing.T) {
	text, _ := made(t, mine, first, Options{})
	credentials := document(t, "[mine]\ncredential_process = rolecall-process --profile Prod-Admin\n")
	plan, err := Make(document(t, text), credentials, first, Options{Template: swapped})
	if err != nil || len(plan.Turned) != 1 || plan.Turned[0].Profile != "mine" {
		t.Errorf("%v, %+v", err, plan)
	}
	text += "\n[profile mine]\ncredential_process = rolecall-process --profile Prod-Admin\n"
	credentials = document(t, "[mine]\ncredential_process = rolecall-process --profile Prod-ReadOnly\n")
	plan, err = Make(document(t, text), credentials, first, Options{Template: swapped})
	if err != nil || plan.Turned != nil {
		t.Errorf("%v, %+v", err, plan)
	}
	none := &awsconfig.Document{}
	plan, err = Make(document(t, text), none, first, Options{Template: swapped})
	if err != nil || len(plan.Turned) != 1 {
		t.Errorf("%v, %+v", err, plan)
	}
}
