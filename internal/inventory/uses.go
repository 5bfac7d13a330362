package inventory

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"rolecall/internal/identitycenter"
)

// halfLife is the time in which a use counts half: what is used daily comes before
// what was used all day a month ago.
const halfLife = 7 * 24 * time.Hour

// maxUses bounds the log: beyond it, the older half goes.
const maxUses = 4000

// RowKey names a row among those of a session.
func RowKey(accountID, role string) string { return accountID + "/" + role }

// Used notes that a role was used now: a line at the end of a file, which several
// processes may write at once.
func (s *Store) Used(session identitycenter.SSOSession, accountID, role string) error {
	path := filepath.Join(s.Dir, "uses.log")
	file, err := s.Files.OpenOwn(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = fmt.Fprintf(file, "%d\t%s\t%s\n", s.Now().Unix(), RowKey(accountID, role), strconv.Quote(session.Label()))
	if info, statErr := file.Stat(); err == nil && statErr == nil && info.Size() > maxUses*80 {
		return s.shorten(path)
	}
	return err
}

// shorten keeps the newer half. A use that another process notes at this moment may
// be lost, which harms nobody.
func (s *Store) shorten(path string) error {
	data, err := s.Files.ReadSecret(path)
	if err != nil {
		return err
	}
	newer := string(data[len(data)/2:])
	_, newer, _ = strings.Cut(newer, "\n")
	return s.Files.WriteSecret(path, []byte(newer))
}

// Last returns the role of a session that was used last; ok is false if none was.
func (s *Store) Last(session identitycenter.SSOSession) (accountID, role string, ok bool) {
	for _, used := range s.uses(session) {
		accountID, role, ok = strings.Cut(used.row, "/")
	}
	return accountID, role, ok
}

// A use is one line of the log.
type use struct {
	row string // a RowKey
	at  time.Time
}

// uses returns the uses of a session, the oldest first; none if nobody knows.
func (s *Store) uses(session identitycenter.SSOSession) (all []use) {
	data, err := s.Files.ReadSecret(filepath.Join(s.Dir, "uses.log"))
	if err != nil {
		return nil
	}
	label := strconv.Quote(session.Label())
	for line := range strings.Lines(string(data)) {
		fields := strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", 3)
		if len(fields) != 3 || fields[2] != label {
			continue
		}
		if at, err := strconv.ParseInt(fields[0], 10, 64); err == nil {
			all = append(all, use{fields[1], time.Unix(at, 0)})
		}
	}
	return all
}

// Frecency scores the roles of a session that were used, by RowKey: each use counts
// one, and half as much for each week since.
func (s *Store) Frecency(session identitycenter.SSOSession) map[string]float64 {
	scores := map[string]float64{}
	now := s.Now()
	for _, used := range s.uses(session) {
		age := max(0, now.Sub(used.at))
		scores[used.row] += math.Exp2(-float64(age) / float64(halfLife))
	}
	return scores
}
