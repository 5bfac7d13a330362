package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// siblingProgram returns the path of a program beside rolecall: the one by which PATH finds it, if it is the same file,
// since that one stays when an upgrade moves the file.
func siblingProgram(name string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	beside := filepath.Join(filepath.Dir(self), name)
	found, err := exec.LookPath(name)
	if err != nil {
		return beside, nil
	}
	its, err := os.Stat(found)
	if err != nil {
		return beside, nil
	}
	resolved, err := filepath.EvalSymlinks(self)
	if err != nil {
		return beside, nil
	}
	for _, path := range []string{beside, filepath.Join(filepath.Dir(resolved), name)} {
		if own, err := os.Stat(path); err == nil && os.SameFile(own, its) {
			return found, nil
		}
	}
	return beside, nil
}
