package local

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"rolecall/internal/export"
	"rolecall/internal/idc"
)

// environ returns the variables that make clients use it.
func (l *localIDC) environ() []string {
	return idc.Environment(l.URL, filepath.Join(l.files, modelsFolder))
}

func (l *localIDC) variables() []export.Variable { return variablesOf(l.environ()) }

func variablesOf(environ []string) []export.Variable {
	variables := make([]export.Variable, len(environ))
	for i, entry := range environ {
		variables[i].Name, variables[i].Value, _ = strings.Cut(entry, "=")
	}
	return variables
}

// configText returns an sso-session section for it.
func (l *localIDC) configText(session string) string {
	return sessionText(session, l.Server.Instance.StartURL(), l.Server.Instance.Region)
}

func sessionText(session, startURL, region string) string {
	return fmt.Sprintf(`[sso-session %s]
sso_start_url = %s
sso_region = %s
sso_registration_scopes = sso:account:access
`, session, startURL, region)
}

func writeFile(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o600)
}
