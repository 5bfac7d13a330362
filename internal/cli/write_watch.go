package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"rolecall/internal/awsconfig"
	"rolecall/internal/cache"
	"rolecall/internal/filesystem"
	"rolecall/internal/handout"
	"rolecall/internal/written"
)

// watchStep is how often a watch looks for new keys, which the keeper has renewed ahead.
const watchStep = 2 * time.Second

// watchWritten keeps sections fresh until ctx ends, and removes them then.
func (a *App) watchWritten(
	ctx context.Context, sections []written.Section, profiles []awsconfig.Profile, force bool,
) (err error) {
	if !signal.Ignored(syscall.SIGHUP) {
		var stop context.CancelFunc
		ctx, stop = signal.NotifyContext(ctx, syscall.SIGHUP)
		defer stop()
	}
	store, err := a.cache()
	if err != nil {
		return err
	}
	h := a.newHandedOut()
	defer h.endpoint.Close()
	targets := make([]*handout.Target, len(sections))
	for n, s := range sections {
		if targets[n], err = h.add(s.Name, profiles[n], s.Keys, s.Account, s.Role); err != nil {
			return err
		}
	}
	watched, err := a.hold(store, sections)
	if err != nil {
		return err
	}
	defer watched.release()
	if err := a.recordWritten(sections, profiles); err != nil {
		return err
	}
	if err := errors.Join(watched.note(sections), a.putWritten(ctx, sections, force)); err != nil {
		return errors.Join(err, watched.forget())
	}
	a.sayWritten(sections)
	a.note("press Ctrl-C to remove them and exit")
	defer func() {
		_, removeError := a.takeWritten(context.WithoutCancel(ctx), watched.wrote)
		if removeError == nil { // else the next command tries again
			removeError = watched.forget()
		}
		err = errors.Join(err, removeError)
	}()
	for last := ""; ; {
		select {
		case <-ctx.Done(): // the normal end
			return nil
		case <-time.After(watchStep):
		}
		err := a.renewWritten(ctx, watched, sections, profiles, targets)
		if err != nil && err.Error() != last { // once, not every two seconds
			a.warn(fmt.Errorf("could not write new keys: %w", err))
		}
		if last = ""; err != nil {
			last = err.Error()
		}
	}
}

// renewWritten writes new keys, and removes expired ones: some programs would go on using them.
func (a *App) renewWritten(
	ctx context.Context, watched heldSections, sections []written.Section, profiles []awsconfig.Profile,
	targets []*handout.Target,
) error {
	var changed []written.Section
	var of []awsconfig.Profile
	var ended []string
	for n, s := range sections {
		keys, err := targets[n].Keeper.Keys(ctx) // the keeper says why there are none
		switch {
		case err == nil && keys.AccessKeyID != s.Keys.AccessKeyID:
			s.Keys = keys
			changed, of = append(changed, s), append(of, profiles[n])
		case err != nil && !s.Keys.Expiration.IsZero() && !a.Now().Before(s.Keys.Expiration):
			ended = append(ended, s.Name)
		}
	}
	if len(ended) > 0 {
		if _, err := a.takeWritten(ctx, func(s written.Section) bool {
			return slices.Contains(ended, s.Name) && watched.wrote(s)
		}); err != nil {
			return err
		}
	}
	if len(changed) == 0 {
		return nil
	}
	if err := a.recordWritten(changed, of); err != nil {
		return err
	}
	if err := errors.Join(watched.note(changed), a.putWritten(ctx, changed, false)); err != nil {
		return err
	}
	for n := range sections {
		for _, c := range changed {
			if c.Name == sections[n].Name {
				sections[n] = c
			}
		}
	}
	return nil
}

// A heldSection is one that this process alone writes. Its note says what a watch will remove, or the next command
// after a kill; its lock ends with the process, however that ends.
type heldSection struct {
	files filesystem.Files
	path  string // of the note
	lock  *filesystem.Lock

	File string   `json:"file"`
	Name string   `json:"name"`
	Keys []string `json:"keys"` // access key ids that were written
}

type heldSections map[string]*heldSection // by name

func watchedFolder(store *cache.Store) string { return filepath.Join(store.State, "watched") }

// hold locks sections for this process, or fails if a watch has one of them.
func (a *App) hold(store *cache.Store, sections []written.Section) (heldSections, error) {
	held := heldSections{}
	for _, s := range sections {
		h := &heldSection{files: store.Files, File: a.credentialsFile(), Name: s.Name}
		sum := sha256.Sum256([]byte(h.File + "\x00" + h.Name))
		h.path = filepath.Join(watchedFolder(store), hex.EncodeToString(sum[:16])+".json")
		var err error
		if h.lock, err = h.files.TryLock(lockOf(h.path)); err != nil {
			held.release()
			if errors.Is(err, filesystem.ErrLocked) {
				err = &HintError{
					Err: fmt.Errorf("another \"write\" keeps [%s] fresh", s.Name), Code: ExitError,
					Hint: "stop that one, or choose another name with --as NAME",
				}
			}
			return nil, err
		}
		held[s.Name] = h
	}
	return held, nil
}

func lockOf(note string) string { return strings.TrimSuffix(note, ".json") + ".lock" }

func (h heldSections) release() {
	for _, one := range h {
		one.lock.Unlock()
	}
}

// note records keys before they are written.
func (h heldSections) note(sections []written.Section) error {
	for _, s := range sections {
		one := h[s.Name]
		one.Keys = append(one.Keys[max(0, len(one.Keys)-1):], s.Keys.AccessKeyID)
		text, err := json.Marshal(one)
		if err != nil {
			return err
		}
		if err := one.files.WriteSecret(one.path, text); err != nil {
			return err
		}
	}
	return nil
}

func (h heldSections) forget() error {
	var errs []error
	for _, one := range h {
		errs = append(errs, one.files.Remove(one.path))
	}
	return errors.Join(errs...)
}

// wrote reports whether s is still as it was written here.
func (h heldSections) wrote(s written.Section) bool { return h[s.Name] != nil && h[s.Name].wrote(s) }

func (h *heldSection) wrote(s written.Section) bool {
	return s.Name == h.Name && slices.Contains(h.Keys, s.Keys.AccessKeyID)
}

// sweepWatched removes the sections of watches that were killed.
func (a *App) sweepWatched(store *cache.Store) {
	entries, _ := os.ReadDir(watchedFolder(store))
	for _, entry := range entries {
		path := filepath.Join(watchedFolder(store), entry.Name())
		if filepath.Ext(path) != ".json" {
			continue
		}
		lock, err := store.Files.TryLock(lockOf(path))
		if err != nil {
			continue // it runs
		}
		if err := a.removeWatched(store, path); err != nil {
			a.warn(fmt.Errorf("could not remove keys that a killed \"write --watch\" left: %w", err))
		} else {
			_ = store.Files.Remove(path)
		}
		lock.Unlock()
	}
}

func (a *App) removeWatched(store *cache.Store, path string) error {
	text, err := store.Files.ReadSecret(path)
	if err != nil {
		return err
	}
	var note heldSection
	if json.Unmarshal(text, &note) != nil || note.File == "" {
		return nil // nobody can tell
	}
	e := filesystem.Editor{State: store.State, Now: a.Now, Keep: func([]byte) []byte { return nil }}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return editParsed(ctx, e, note.File, func(d *awsconfig.Document) ([]byte, error) {
		data, _, err := written.Remove(d, note.wrote)
		return data, err
	})
}
