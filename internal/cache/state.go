package cache

import (
	"path/filepath"
	"runtime"
)

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
