package cli

import (
	"os"
	"path/filepath"
	"testing"
)

// A container does not get a folder that holds more than the socket, or that might hold more later.
func TestFoldersForContainers(t *testing.T) {
	root := t.TempDir()
	folder := func(name string, files ...string) string {
		path := filepath.Join(root, name)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if err := os.WriteFile(filepath.Join(path, file), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return path
	}
	home, link := folder("home", "s.sock"), filepath.Join(root, "link")
	if err := os.Symlink(home, link); err != nil {
		t.Skip(err)
	}
	for path, good := range map[string]bool{
		folder("alone", "s.sock"): true, folder("hidden", "s.sock", ".other"): false, folder("two", "s.sock", "b"): false,
		home: false, link: false, filepath.Join(home, "..", "home"): false, "/": false, os.TempDir(): false,
		filepath.Join(root, "nothere"): false,
	} {
		if why := sharesMore(filepath.Join(path, "s.sock"), home); (why == "") != good {
			t.Errorf("%s: %q", path, why)
		}
	}
}
