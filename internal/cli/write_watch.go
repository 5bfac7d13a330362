package cli

import (
	"context"
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
	"rolecall/internal/identitycenter"
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
	watched, err := a.noteWatched(store, sections)
	if err != nil {
		return err
	}
	defer watched.lock.Unlock()
	if err := a.putWritten(ctx, sections, force); err != nil {
		return errors.Join(err, store.Files.Remove(watched.path))
	}
	a.sayWritten(sections)
	a.note("press Ctrl-C to remove them and end")
	defer func() {
		_, removeError := a.takeWritten(context.WithoutCancel(ctx), func(s written.Section) bool {
			return slices.ContainsFunc(sections, func(o written.Section) bool { return o.Name == s.Name })
		})
		if removeError == nil { // else the next command tries again
			removeError = store.Files.Remove(watched.path)
		}
		err = errors.Join(err, removeError)
	}()
	for {
		select {
		case <-ctx.Done(): // the normal end
			return nil
		case <-time.After(watchStep):
		}
		if err := a.renewWritten(ctx, sections, targets); err != nil {
			a.warn(fmt.Errorf("new keys could not be written: %w", err))
		}
	}
}

// renewWritten writes those keys that are new.
func (a *App) renewWritten(ctx context.Context, sections []written.Section, targets []*handout.Target) error {
	var changed []written.Section
	for n := range sections {
		keys, err := targets[n].Keeper.Keys(ctx) // the keeper says why there are none
		if err == nil && keys.AccessKeyID != sections[n].Keys.AccessKeyID {
			sections[n].Keys = keys
			changed = append(changed, sections[n])
		}
	}
	if len(changed) == 0 {
		return nil
	}
	if err := a.putWritten(ctx, changed, false); err != nil {
		for n := range sections { // to be tried again
			if slices.ContainsFunc(changed, func(c written.Section) bool { return c.Name == sections[n].Name }) {
				sections[n].Keys = identitycenter.RoleCredentials{}
			}
		}
		return err
	}
	return nil
}

// watchedNote says which sections a watch will remove. Its lock ends with the watch, however that ends.
type watchedNote struct {
	path string
	lock *filesystem.Lock
}

func watchedFolder(store *cache.Store) string { return filepath.Join(store.State, "watched") }

// noteWatched notes the sections before they are written.
func (a *App) noteWatched(store *cache.Store, sections []written.Section) (watchedNote, error) {
	var names []string
	for _, s := range sections {
		names = append(names, s.Name)
	}
	text, err := json.Marshal(map[string]any{"file": a.credentialsFile(), "names": names})
	if err != nil {
		return watchedNote{}, err
	}
	path := filepath.Join(watchedFolder(store), fmt.Sprintf("%d-%d.json", os.Getpid(), a.Now().UnixNano()))
	lock, err := store.Files.TryLock(strings.TrimSuffix(path, ".json") + ".lock")
	if err != nil {
		return watchedNote{}, err
	}
	if err := store.Files.WriteSecret(path, text); err != nil {
		lock.Unlock()
		return watchedNote{}, err
	}
	return watchedNote{path, lock}, nil
}

// sweepWatched removes the sections of watches that were killed.
func (a *App) sweepWatched(store *cache.Store) {
	notes, _ := filepath.Glob(filepath.Join(watchedFolder(store), "*.json"))
	for _, path := range notes {
		lockPath := strings.TrimSuffix(path, ".json") + ".lock"
		lock, err := store.Files.TryLock(lockPath)
		if err != nil {
			continue // it runs
		}
		if err := a.removeWatched(store, path); err != nil {
			a.warn(fmt.Errorf("keys that a killed \"write --watch\" left could not be removed: %w", err))
		} else {
			_ = store.Files.Remove(path)
		}
		lock.Unlock()
		if err == nil {
			_ = os.Remove(lockPath)
		}
	}
}

func (a *App) removeWatched(store *cache.Store, path string) error {
	var note struct {
		File  string
		Names []string
	}
	text, err := store.Files.ReadSecret(path)
	if err != nil {
		return err
	}
	if json.Unmarshal(text, &note) != nil || note.File == "" {
		return nil // nobody can tell
	}
	e := filesystem.Editor{State: store.State, Now: a.Now, Keep: func([]byte) []byte { return nil }}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return editParsed(ctx, e, note.File, func(d *awsconfig.Document) ([]byte, error) {
		data, _, err := written.Remove(d, func(s written.Section) bool { return slices.Contains(note.Names, s.Name) })
		return data, err
	})
}
