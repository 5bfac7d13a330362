package cli

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"rolecall/internal/filesystem"
)

// The config is read once for a command, and again after the command itself has changed it.
func TestTheConfigIsReadOnce(t *testing.T) {
	home := t.TempDir()
	a := &App{World: World{Home: home, Now: time.Now}}
	file := filepath.Join(home, ".aws", "config")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	write := func(name string) {
		t.Helper()
		text := "[sso-session " + name + "]\nsso_start_url = https://x.awsapps.com/start\nsso_region = us-east-1\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	names := func() string {
		t.Helper()
		config, err := a.config()
		if err != nil || len(config.SessionNames()) != 1 {
			t.Fatal(config, err)
		}
		return config.SessionNames()[0]
	}
	write("first")
	if got := names(); got != "first" {
		t.Errorf("read %s", got)
	}
	write("second") // another program
	if got := names(); got != "first" {
		t.Errorf("read again: %s", got)
	}
	_, err := a.EditConfig(context.Background(), file, func(before filesystem.Shared) ([]byte, error) {
		return append(before.Data, "\n# ours\n"...), nil
	})
	if got := names(); err != nil || got != "second" {
		t.Errorf("after our own change: %s, %v", got, err)
	}
}
