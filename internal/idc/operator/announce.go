package operator

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"syscall"

	"rolecall/internal/filesystem"
)

// An announcement is how this user's other commands find a running server: in a file that nobody else can write. What
// answers on the server's port is no proof, as any user may listen there when the server does not (issue 12).
type announcement struct {
	URL    string `json:"url"`
	Socket string `json:"socket"`
}

func announced(folder, url string) string {
	sum := sha256.Sum256([]byte(url))
	return filepath.Join(folder, hex.EncodeToString(sum[:8])+".json")
}

// Announce notes in folder that the server at url has its operator's socket at path, until remove is called.
func Announce(folder, url, path string) (remove func() error, err error) {
	text, err := json.Marshal(announcement{url, path})
	if err != nil {
		return nil, err
	}
	prune(folder)
	file := announced(folder, url)
	var files filesystem.Files
	if err := files.WriteSecret(file, append(text, '\n')); err != nil {
		return nil, err
	}
	return func() error {
		if now, err := Find(folder, url); err == nil && now != path {
			return nil // the next server at url has announced itself
		}
		return files.Remove(file)
	}, nil
}

// prune removes what killed servers have left.
func prune(folder string) {
	files, _ := filepath.Glob(filepath.Join(folder, "*.json"))
	for _, file := range files {
		var a announcement
		text, err := filesystem.Files{}.ReadSecret(file)
		if err != nil || json.Unmarshal(text, &a) != nil {
			continue
		}
		if _, err := Dial(a.Socket); errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
			_ = filesystem.Files{}.Remove(file)
		}
	}
}

// Find returns the operator's socket of the server at url as it was announced, or ErrNobody. The server may have ended
// since.
func Find(folder, url string) (path string, err error) {
	text, err := filesystem.Files{}.ReadSecret(announced(folder, url))
	if errors.Is(err, os.ErrNotExist) {
		return "", ErrNobody
	}
	var a announcement
	if err == nil {
		err = json.Unmarshal(text, &a)
	}
	if err != nil || a.URL != url {
		return "", errors.Join(ErrNobody, err)
	}
	return a.Socket, nil
}
