// Package project finds the .rolecall.toml files above a working folder, and knows which of them the person has
// trusted: by path and content, as direnv does it. It keeps to itself how that is remembered. What the files say is
// the business of package policy.
package project

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"path/filepath"
	"unicode/utf8"

	"rolecall/internal/filesystem"
)

// Name is that of the files.
const Name = ".rolecall.toml"

// maxFile bounds a file: it is written by hand, and a person reads all of it.
const maxFile = 16 << 10

// A File is one that was found. It is read once: what is shown, hashed and parsed are the same bytes.
type File struct {
	Path    string // absolute, with no link in its folder
	Text    []byte
	Hash    string // SHA-256 of Text
	Problem string // why it cannot count, whoever trusts it; then it has neither text nor hash
}

// Find returns the files of a folder and of those above it, the nearest first. It does not look above home, nor above
// the root of the file system; the folder that holds the homes of several people is nobody's project.
func Find(dir, home string) []File {
	dir, err := resolved(dir)
	if err != nil {
		return nil
	}
	above := ""
	if home, err = resolved(home); err == nil && filepath.Dir(home) != home {
		above = filepath.Dir(home)
	}
	var found []File
	for dir != above {
		if file, err := read(dir); err == nil {
			found = append(found, file)
		}
		if filepath.Dir(dir) == dir {
			break
		}
		dir = filepath.Dir(dir)
	}
	return found
}

// In returns the file of a folder. The error is fs.ErrNotExist if there is none.
func In(dir string) (File, error) {
	dir, err := resolved(dir)
	if err != nil {
		return File{}, err
	}
	return read(dir)
}

// resolved returns a folder as an absolute path without links.
func resolved(dir string) (string, error) {
	if dir == "" {
		return "", fs.ErrNotExist
	}
	dir, err := filepath.Abs(dir)
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	return dir, err
}

func read(dir string) (File, error) {
	path := filepath.Join(dir, Name)
	text, err := filesystem.ReadPlain(path, maxFile)
	f := File{Path: path}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return f, err
	case err != nil:
		f.Problem = problem(err)
	case !utf8.ValidString(path):
		f.Problem = "its path is not UTF-8"
	default:
		sum := sha256.Sum256(text)
		f.Text, f.Hash = text, hex.EncodeToString(sum[:])
	}
	return f, nil
}

func problem(err error) string {
	switch {
	case errors.Is(err, filesystem.ErrNoFile):
		return "it is a link, or not a regular file"
	case errors.Is(err, filesystem.ErrForeignOwner):
		return "it belongs to another user"
	case errors.Is(err, filesystem.ErrTooLarge):
		return "it is larger than 16 KiB"
	}
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		err = path.Err
	}
	return "it cannot be read: " + err.Error()
}
