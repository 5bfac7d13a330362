package reference

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Checkout returns the folder with go.mod, at the working folder or above it.
func Checkout() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil || !errors.Is(err, fs.ErrNotExist) {
			return dir, err
		}
		if filepath.Dir(dir) == dir {
			return "", errors.New("run it in a checkout of rolecall")
		}
		dir = filepath.Dir(dir)
	}
	return "", err
}
