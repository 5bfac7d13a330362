package doctor

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"rolecall/internal/filesystem"
)

// modes looks at who can read and write the files.
func modes() check {
	return check{[]Kind{
		{
			"mode.open-secret", Error, "Other users can read a file with tokens or keys.",
			"anyone who reads it can use them as you",
		},
		{
			"mode.open-config", Error, "Other users can change a config file.",
			"anyone who changes it can run programs as you through credential_process",
		},
		{
			"mode.open-folder", Error, "Other users can write to a folder of config files or secrets.",
			"anyone who can write there can replace the files, and run programs as you",
		},
		{
			"mode.read-only", Error, "A token file is read-only for its owner.",
			"the AWS CLI and boto3 use up its refresh token and cannot save the new one, so the session is lost",
		},
		{
			"mode.other-owner", Error, "A file or folder belongs to another user.",
			"rolecall does not use it, because its owner can read and change it",
		},
	}, func(m *Machine, found func(string, Finding)) {
		if m.System == "windows" { // the profile folder's access list decides there
			return
		}
		for _, f := range m.cached {
			m.mode(f.Path, f.Info, rights{0o077, "mode.open-secret", 0o600}, found)
			if mode := f.Info.Mode(); f.Token && mode.IsRegular() && mode.Perm()&0o200 == 0 {
				found("mode.read-only", Finding{
					What: fmt.Sprintf("its mode is %04o", mode.Perm()), Where: []string{f.Path},
					Remedy: []string{"chmod 600 " + m.Quote(f.Path)}, Fix: m.chmod(f.Path, f.Info, 0o600),
				})
			}
		}
		for _, f := range m.folders {
			m.mode(f.Path, f.Info, rights{0o022, "mode.open-folder", f.Info.Mode().Perm() &^ 0o022}, found)
		}
		m.configModes(found)
	}}
}

// rights are those that others must not have, the finding if they do, and the mode that fixes it.
type rights struct {
	denied fs.FileMode
	id     string
	remedy fs.FileMode
}

func (m *Machine) mode(path string, info fs.FileInfo, r rights, found func(string, Finding)) {
	mode := info.Mode()
	switch {
	case mode&fs.ModeSymlink != 0, !mode.IsDir() && !mode.IsRegular(): // other checks say so
	case m.OtherOwner(info):
		found("mode.other-owner", Finding{
			What: "it belongs to another user", Where: []string{path},
			Remedy: []string{`sudo chown "$(id -u)" ` + m.Quote(path)},
		})
	case mode.Perm()&r.denied != 0:
		f := Finding{
			What: fmt.Sprintf("its mode is %04o", mode.Perm()), Where: []string{path},
			Remedy: []string{fmt.Sprintf("chmod %o ", r.remedy) + m.Quote(path)},
		}
		f.Fix = m.chmod(path, info, r.remedy)
		found(r.id, f)
	}
}

// chmod returns what changes a mode. Elsewhere, and under other names, it may be meant.
func (m *Machine) chmod(path string, info fs.FileInfo, mode fs.FileMode) *Fix {
	ours := within(path, filepath.Join(m.Home, ".aws")) || within(path, m.State)
	if !ours || filesystem.OtherNames(info) {
		return nil
	}
	return &Fix{File: path, Mode: mode}
}

// configModes looks at the two shared files, where they really are, and at their folders.
func (m *Machine) configModes(found func(string, Finding)) {
	seen := map[string]bool{}
	for _, file := range []string{m.files.Credentials, m.files.Config} {
		path, err := filepath.EvalSymlinks(file)
		if err != nil || file == "" || seen[path] {
			continue
		}
		seen[path] = true
		info, err := os.Lstat(path)
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		perm := info.Mode().Perm()
		open := rights{0o022, "mode.open-config", perm &^ 0o022}
		if file == m.files.Credentials && info.Size() > 0 {
			open = rights{0o077, "mode.open-secret", perm &^ 0o077}
		}
		m.mode(path, info, open, found)
		dir := filepath.Dir(path)
		if info, err := os.Lstat(dir); err == nil && !seen[dir] && info.Mode()&fs.ModeSticky == 0 {
			seen[dir] = true
			m.mode(dir, info, rights{0o022, "mode.open-folder", info.Mode().Perm() &^ 0o022}, found)
		}
	}
}
