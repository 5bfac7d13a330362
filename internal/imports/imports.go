// Package imports reads what other tools for IAM Identity Center keep in their files, and says what of it becomes
// sessions, profiles and settings here, and what does not. It reads only: no file of theirs is changed, no program that
// they name is run, nothing is asked over the network, and no secret is taken.
package imports

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"rolecall/internal/awsconfig"
	"rolecall/internal/filesystem"
	"rolecall/internal/identitycenter"
	"rolecall/internal/settings"
)

// A Home is where tools keep their files.
type Home struct {
	Getenv func(string) string
	Folder string
	// MachineIDs are files that hold the id of this machine; the first that there is counts.
	MachineIDs []string
	// Config and Credentials are the shared files as they stand.
	Config, Credentials *awsconfig.Document
}

// A Plan is what a tool's files become.
type Plan struct {
	Tool     string
	Files    []string // that were read
	Sessions []Session
	Profiles []Profile
	Settings settings.Additions
	Left     []Left
	Legacy   bool // profiles with their own start URL are this tool's, too
	// Data is the shared config file with the sessions and profiles; nil when it stays as it is.
	Data []byte
}

// A Session is an sso-session that the tool uses.
type Session struct {
	identitycenter.SSOSession
	New bool
}

// A Profile is new, or changes.
type Profile struct {
	Name    string
	New     bool
	Keys    []awsconfig.Key
	Removed string // the program of a credential_process that goes
}

// Left is what stays with the other tool, or has no equal here.
type Left struct {
	What, Reason string
	File         string // where it is; may be empty
	Line         int    // may be 0
}

// A FileError is a file that cannot be read as its tool would.
type FileError struct {
	File    string
	Line    int // 0: the file as a whole
	Problem string
}

func (e *FileError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Problem)
	}
	return e.File + ": " + e.Problem
}

// A tool is another program for IAM Identity Center.
type tool struct {
	name string
	// places are its own files, the most important first; without them it has none but the shared ones.
	places func(Home) []string
	// read reads into a plan, data of the file at b.file. It reports whether the tool is used here.
	read func(b *builder, data []byte) (bool, error)
}

func tools() []tool {
	return []tool{
		{"aws-sso-cli", awsSSOPlaces, (*builder).awsSSO},
		{"granted", grantedPlaces, (*builder).granted},
		{"leapp", leappPlaces, (*builder).leapp},
		{"aws-vault", nil, (*builder).awsVault},
		{"aws-sso-util", nil, (*builder).awsSSOUtil},
		{"yawsso", nil, (*builder).yawsso},
	}
}

// Names returns the tools that Read knows, in the order in which they are read.
func Names() []string {
	var all []string
	for _, t := range tools() {
		all = append(all, t.name)
	}
	return all
}

// Places returns the files that a tool keeps, besides the shared ones.
func Places(name string, h Home) []string {
	for _, t := range tools() {
		if t.name == name && t.places != nil {
			return t.places(h)
		}
	}
	return nil
}

// maxFile bounds the files of other tools.
const maxFile = 4 << 20

// Read reads a tool's files; file, if given, in place of its own. The plan is nil if the tool is not used here.
func Read(name, file string, h Home) (*Plan, error) {
	for _, t := range tools() {
		if t.name != name {
			continue
		}
		b := newBuilder(name, h)
		data, err := b.open(t, file)
		if err != nil {
			return nil, err
		}
		here, err := t.read(b, data)
		if err != nil || !here {
			return nil, err
		}
		return b.finish()
	}
	return nil, fmt.Errorf("unknown tool %q", name)
}

// open reads the first of a tool's files that there is, or the one that was named.
func (b *builder) open(t tool, file string) ([]byte, error) {
	all := []string{file}
	if file == "" {
		all = nil
		if t.places != nil {
			all = t.places(b.home)
		}
	}
	for _, place := range all {
		data, err := filesystem.Read(place, maxFile)
		if errors.Is(err, fs.ErrNotExist) && file == "" {
			continue
		}
		if err != nil {
			return nil, &FileError{File: place, Problem: "cannot be read: " + reason(err)}
		}
		b.file = place
		b.plan.Files = append(b.plan.Files, place)
		return append([]byte{}, bytes.TrimPrefix(data, []byte("\ufeff"))...), nil
	}
	return nil, nil
}

// reason is an error without the path that the message has already.
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

// expand replaces a leading ~ in a path from a variable.
func expand(path, home string) string {
	if rest, ok := strings.CutPrefix(path, "~"); ok && (rest == "" || strings.HasPrefix(rest, "/")) {
		return filepath.Join(home, rest)
	}
	return path
}
