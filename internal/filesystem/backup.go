package filesystem

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// keptBackups is how many older versions of one file stay.
const keptBackups = 10

// ErrNoBackup means that there is nothing to go back to.
var ErrNoBackup = errors.New("there is no backup")

// Backups keeps what stood in shared files before rolecall wrote them. Each is a
// plain copy, whose name says of which file, when, and what was written over it.
type Backups struct {
	Files  Files
	Folder string
}

// A Backup is one older version.
type Backup struct {
	Path    string // of the copy
	written string // hash of what took its place
}

// backupTime sorts as time does.
const backupTime = "20060102T150405.000000000Z"

// Save keeps what was read of a file that is about to become written.
func (b Backups) Save(s Shared, written []byte, now time.Time) (Backup, error) {
	name := hash([]byte(s.target))[:12] + "-" + now.UTC().Format(backupTime) + "-" + hash(written)
	backup := Backup{filepath.Join(b.Folder, name), hash(written)}
	if err := b.Files.WriteSecret(backup.Path, s.Data); err != nil {
		return backup, err
	}
	all, err := b.list(s.target)
	for len(all) > keptBackups && err == nil {
		err = b.Files.Remove(all[0].Path)
		all = all[1:]
	}
	return backup, err
}

// list gives the backups of a file, the oldest first.
func (b Backups) list(path string) ([]Backup, error) {
	entries, err := os.ReadDir(b.Folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var all []Backup
	for _, e := range entries {
		parts := strings.Split(e.Name(), "-")
		if len(parts) == 3 && parts[0] == hash([]byte(path))[:12] {
			all = append(all, Backup{filepath.Join(b.Folder, e.Name()), parts[2]})
		}
	}
	slices.SortFunc(all, func(a, b Backup) int { return strings.Compare(a.Path, b.Path) })
	return all, err
}

// Last gives the newest backup of a file and its content. One whose content stands in
// the file already, after an undo that did not come to its end, is passed over.
func (b Backups) Last(s Shared) (Backup, []byte, error) {
	all, err := b.list(s.target)
	for err == nil && len(all) > 0 {
		last := all[len(all)-1]
		data, _, readError := readWhole(last.Path)
		if readError != nil {
			return last, nil, readError
		}
		if hash(data) != hash(s.Data) {
			return last, data, nil
		}
		all = all[:len(all)-1]
		err = b.Files.Remove(last.Path)
	}
	if err == nil {
		err = ErrNoBackup
	}
	return Backup{}, nil, err
}

// Before reports whether the file is still what was written over the backup.
func (b Backup) Before(s Shared) bool { return b.written == hash(s.Data) }

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
