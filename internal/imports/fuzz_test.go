package imports_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"rolecall/internal/awsconfig"
	"rolecall/internal/imports"
	"rolecall/internal/settings"
)

// Whatever is in a tool's file or in the config file, the result can be read, and added to config.toml.
func FuzzRead(f *testing.F) {
	f.Add(everywhere, "[profile a]\ngranted_sso_account_id = 1\n")
	f.Add(
		"[SSO.corp]\nStartURL = \"https://c.awsapps.com/start\"\nSSORegion = \"eu-west-1\"\n",
		"[profile a]\ninclude_profile = a\n",
	)
	f.Add(`{"_sessions": [{"type": "awsSsoRole"}]}`, "[profile a]\nsso_auto_populated = true\n")
	f.Add(sealed, "[profile a]\ncredential_process = aws-sso process --arn x\n")
	f.Fuzz(func(t *testing.T, text, config string) {
		d, err := awsconfig.Parse("config", []byte(config))
		if err != nil {
			return
		}
		h := imports.Home{Getenv: func(string) string { return "" }, Folder: t.TempDir(), Config: d}
		if h.Credentials, err = awsconfig.Parse("credentials", nil); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(h.Folder, "file")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, name := range imports.Names() {
			place := file
			if len(imports.Places(name, h)) == 0 {
				place = ""
			}
			p, err := imports.Read(name, place, h)
			var wrong *imports.FileError
			var sealed *imports.SealedError
			var bad *awsconfig.Error
			switch {
			case errors.As(err, &wrong), errors.As(err, &sealed), errors.As(err, &bad), p == nil && err == nil:
				continue
			case err != nil:
				t.Fatalf("%s: %v", name, err)
			}
			if _, err := awsconfig.Parse("config", p.Data); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if _, err := settings.Add("config.toml", nil, settings.Settings{}, p.Settings); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
