package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rolecall/internal/awsconfig"
)

// environment looks at variables that count more than the config files, and at those that contradict each other.
func environment() check {
	return check{environmentKinds(), func(m *Machine, found func(string, Finding)) {
		m.keysInEnvironment(found)
		m.namesInEnvironment(found)
		m.filesInEnvironment(found)
	}}
}

func environmentKinds() []Kind {
	return []Kind{
		{
			"environment.half-keys", Error, "Only one of the two variables of an access key is set.",
			"SDKs stop there with an error, or silently use other keys",
		},
		{
			"environment.keys-ended", Warning, "The keys in the environment have expired.",
			"they still take precedence over any profile, so everything in this shell fails",
		},
		{
			"environment.keys-override", Warning, "Keys in the environment override the profile named there.",
			"commands use the account of the keys, while the prompt may show the profile",
		},
		{
			"environment.other-credentials", Warning, "A variable names another source of credentials.",
			"SDKs that find no other credentials, and some that do, get their keys there",
		},
		{
			"environment.two-profiles", Warning, "AWS_PROFILE and AWS_DEFAULT_PROFILE name different profiles.",
			"boto3 uses the second; the AWS CLI, other SDKs and rolecall use the first",
		},
		{
			"environment.unknown-profile", Error, "AWS_PROFILE names a profile that does not exist.",
			"every tool fails unless it is given another profile",
		},
		{
			"environment.two-regions", Warning, "AWS_REGION and AWS_DEFAULT_REGION differ.",
			"boto3 uses the second; the AWS CLI, other SDKs and rolecall use the first",
		},
		{
			"environment.invalid-region", Error, "A variable's region is not a region.",
			"requests go to a host that does not exist",
		},
		{
			"environment.missing-file", Warning,
			"AWS_CONFIG_FILE or AWS_SHARED_CREDENTIALS_FILE names a file that does not exist.",
			"tools behave as if nothing were configured",
		},
		{
			"environment.config-in-tree", Warning, "The config file is inside the working tree.",
			"anyone who can change the tree, for instance by a commit, can run programs as you through credential_process",
		},
	}
}

func (m *Machine) keysInEnvironment(found func(string, Finding)) {
	keys := m.set("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
	unset := []string{"unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN"}
	if len(keys) == 1 {
		found("environment.half-keys", Finding{What: keys[0] + " is set without the other one", Where: keys, Remedy: unset})
	}
	ends, err := time.Parse(time.RFC3339, m.Getenv("AWS_CREDENTIAL_EXPIRATION"))
	profile := m.set("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
	switch ended := err == nil && ends.Before(m.Now); {
	case len(keys) == 2 && ended:
		remedy := unset
		if target := m.Getenv("ROLECALL_TARGET"); target != "" {
			remedy = append([]string{"rolecall env " + m.Quote(target) + ", evaluated again"}, unset...)
		}
		found("environment.keys-ended", Finding{
			What:  "this shell's keys expired at " + ends.Local().Format("2006-01-02 15:04"),
			Where: []string{"AWS_CREDENTIAL_EXPIRATION"}, Remedy: remedy,
		})
	case len(keys) == 2 && len(profile) > 0:
		found("environment.keys-override", Finding{
			What:  fmt.Sprintf("%s is %q, but the keys in AWS_ACCESS_KEY_ID are used", profile[0], m.Getenv(profile[0])),
			Where: append(keys, profile[0]), Remedy: append(unset, "or: unset "+profile[0]),
		})
	}
	others := m.set("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
	if len(others) > 0 && m.Getenv("ROLECALL_TARGET") == "" { // exec --serve sets one
		found("environment.other-credentials", Finding{
			What: listed(others) + " is set, but not by rolecall", Where: others,
			Remedy: []string{"unset " + strings.Join(others, " ") + ", unless this is a CI job or a container that needs it"},
		})
	}
}

// namesInEnvironment looks at the names of profiles and regions.
func (m *Machine) namesInEnvironment(found func(string, Finding)) {
	differ := func(id string, names ...string) {
		if a, b := m.Getenv(names[0]), m.Getenv(names[1]); a != "" && b != "" && a != b {
			found(id, Finding{
				What: fmt.Sprintf("%s is %q, %s is %q", names[0], a, names[1], b), Where: names,
				Remedy: []string{"unset " + names[1]},
			})
		}
	}
	differ("environment.two-profiles", "AWS_PROFILE", "AWS_DEFAULT_PROFILE")
	differ("environment.two-regions", "AWS_REGION", "AWS_DEFAULT_REGION")
	for _, name := range m.set("AWS_PROFILE", "AWS_DEFAULT_PROFILE") {
		profile := m.Getenv(name)
		if _, err := m.config.Profile(profile); errors.Is(err, awsconfig.ErrUnknownProfile) && len(m.refused) == 0 {
			f := Finding{
				What: fmt.Sprintf("profile %q does not exist", profile), Where: []string{name}, Remedy: []string{"unset " + name},
			}
			var unknown *awsconfig.Error
			if errors.As(err, &unknown) && unknown.Nearest() != "" {
				f.Remedy = append([]string{"export " + name + "=" + m.Quote(unknown.Nearest())}, f.Remedy...)
			}
			found("environment.unknown-profile", f)
		}
	}
	for _, name := range m.set("AWS_REGION", "AWS_DEFAULT_REGION") {
		if region := m.Getenv(name); !awsconfig.IsRegion(region) {
			found("environment.invalid-region", Finding{
				What: fmt.Sprintf("%q is not a region", region), Where: []string{name}, Remedy: []string{"unset " + name},
			})
		}
	}
}

// filesInEnvironment looks at where the shared files are said to be.
func (m *Machine) filesInEnvironment(found func(string, Finding)) {
	for _, at := range []struct{ variable, file string }{
		{"AWS_CONFIG_FILE", m.files.Config}, {"AWS_SHARED_CREDENTIALS_FILE", m.files.Credentials},
	} {
		if m.Getenv(at.variable) == "" || at.file == "" {
			continue
		}
		file, err := filepath.EvalSymlinks(at.file)
		if errors.Is(err, fs.ErrNotExist) {
			found("environment.missing-file", Finding{
				What: "no file " + at.file, Where: []string{at.variable}, Remedy: []string{"unset " + at.variable},
			})
			continue
		}
		tree := m.tree()
		if file, err = filepath.Abs(file); err == nil && tree != "" && within(file, tree) {
			found("environment.config-in-tree", Finding{
				What: fmt.Sprintf("%s is inside %s", at.file, tree), Where: []string{at.variable},
				Remedy: []string{"unset " + at.variable + ", or keep the file elsewhere"},
			})
		}
	}
}

// tree returns the working tree: the folder above the working directory that a version control system manages, or that
// directory itself. The home folder and the folders above it do not count: who can write there needs no config file.
func (m *Machine) tree() string {
	dir, err := filepath.EvalSymlinks(m.WorkingDir)
	if err != nil {
		return ""
	}
	home, _ := filepath.EvalSymlinks(m.Home)
	ours := func(dir string) bool { return home != "" && within(home, dir) }
	for at := dir; !ours(at); at = filepath.Dir(at) {
		if slices.ContainsFunc([]string{".git", ".hg", ".svn", ".jj"}, func(name string) bool {
			_, err := os.Lstat(filepath.Join(at, name))
			return err == nil
		}) {
			return at
		}
		if at == filepath.Dir(at) {
			break
		}
	}
	if ours(dir) || dir == filepath.Dir(dir) {
		return ""
	}
	return dir
}
