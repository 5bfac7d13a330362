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

// ErrNoBackup means that there is no version to go back to.
var ErrNoBackup = errors.New("there is no backup")

// Backups keeps the content of shared files from before rolecall wrote them. Each is a plain copy, whose name says
// which file it is of, when it was made, and what was written over it. For a file that did not exist it is empty, and
// its name says so.
type Backups struct {
	Files  Files
	Folder string
}

// A Backup is one older version.
type Backup struct {
	Path    string // of the copy
	written string // hash of what replaced it
	none    bool   // there was no file
}

// noFile ends the name of a backup of a file that was not there.
const noFile = "new"

// backupTime sorts as time does.
const backupTime = "20060102T150405.000000000Z"

// Save keeps what was read from a file, before written replaces it.
func (b Backups) Save(s Shared, written []byte, now time.Time) (Backup, error) {
	name := hash([]byte(s.target))[:12] + "-" + now.UTC().Format(backupTime) + "-" + hash(written)
	if s.Missing {
		name += "-" + noFile
	}
	backup := Backup{filepath.Join(b.Folder, name), hash(written), s.Missing}
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

// list returns the backups of a file, the oldest first.
func (b Backups) list(path string) ([]Backup, error) {
	entries, err := os.ReadDir(b.Folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var all []Backup
	for _, e := range entries {
		parts := strings.Split(e.Name(), "-")
		none := len(parts) == 4 && parts[3] == noFile
		if (len(parts) == 3 || none) && parts[0] == hash([]byte(path))[:12] {
			all = append(all, Backup{filepath.Join(b.Folder, e.Name()), parts[2], none})
		}
	}
	slices.SortFunc(all, func(a, b Backup) int { return strings.Compare(a.Path, b.Path) })
	return all, err
}

// Last returns the newest backup of a file and its content. One whose content is in the file already is skipped, with
// all newer ones: somebody restored it by hand, or an undo did not finish.
func (b Backups) Last(s Shared) (last Backup, data []byte, passed []Backup, err error) {
	all, err := b.list(s.target)
	for i, older := range slices.Backward(all) {
		var content []byte
		if content, _, err = readWhole(older.Path); err != nil {
			return older, nil, nil, err
		}
		if older.none == s.Missing && hash(content) == hash(s.Data) {
			last, passed = Backup{}, all[i:]
		} else if last.Path == "" {
			last, data = older, content
		}
		if last.Before(s) {
			break
		}
	}
	if err == nil && last.Path == "" {
		err = ErrNoBackup
	}
	return last, data, passed, err
}

// Before reports whether the file still has what was written over the backup.
func (b Backup) Before(s Shared) bool { return !s.Missing && b.written == hash(s.Data) }

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
