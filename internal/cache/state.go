package cache

import (
	"path/filepath"
	"runtime"
)

// SettingsFile is the person's config.toml; empty without a home folder.
func SettingsFile(getenv func(string) string, home string) string {
	dir := getenv("XDG_CONFIG_HOME")
	switch {
	case filepath.IsAbs(dir):
	case home == "":
		return "" // no file: no settings
	default:
		dir = filepath.Join(home, ".config")
	}
	return filepath.Join(dir, "rolecall", "config.toml")
}

// StateFolder is where rolecall keeps its own files.
func StateFolder(getenv func(string) string, home string) string {
	if dir := getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "rolecall")
	}
	switch runtime.GOOS {
	case "darwin":
		return filepath.Join(home, "Library", "Application Support", "rolecall")
	case "windows":
		if dir := getenv("LocalAppData"); dir != "" {
			return filepath.Join(dir, "rolecall")
		}
	}
	return filepath.Join(home, ".local", "state", "rolecall")
}
