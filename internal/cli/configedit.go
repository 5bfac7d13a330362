package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"rolecall/internal/filesystem"
)

// editor changes shared files, with locks and backups in the state folder.
func (a *App) editor() (filesystem.Editor, error) {
	store, err := a.store()
	if err != nil {
		return filesystem.Editor{}, err
	}
	return filesystem.Editor{State: store.State, Now: a.Now}, nil
}

// editConfig puts what change makes of a config file in its place; nil bytes leave
// it untouched. It gives the backup of what was there.
func (a *App) editConfig(ctx context.Context, file string, change func(filesystem.Shared) ([]byte, error)) (filesystem.Backup, error) {
	e, err := a.editor()
	if err != nil {
		return filesystem.Backup{}, err
	}
	backup, err := e.Edit(ctx, file, change)
	return backup, a.explainEdit(file, err)
}

// explainEdit says why a config file could not be changed, and the way out.
func (a *App) explainEdit(file string, err error) error {
	shown := a.tidy(file)
	e := &hintError{error: err, code: exitConfiguration}
	var changed *filesystem.ForeignChangeError
	switch {
	case errors.As(err, &changed) && changed.Backup == "":
		e.error = fmt.Errorf("%s, which was not there before, was changed since rolecall wrote it: going back would lose that change", shown)
		e.hint = "rm " + a.quotedPath(file)
	case errors.As(err, &changed):
		e.error = fmt.Errorf("%s was changed since rolecall wrote it: going back would lose that change", shown)
		e.hint = "cp " + a.quotedPath(changed.Backup) + " " + a.quotedPath(file)
	case errors.Is(err, filesystem.ErrReadOnly):
		e.hint = "chmod u+w " + quoted(file)
		e.error = fmt.Errorf("%s is read-only: its owner wants no change", shown)
	case errors.Is(err, filesystem.ErrHardLinked):
		e.error = fmt.Errorf("%s has other names (hard links), which would keep the old content", shown)
		e.hint = "make it a file of its own: cp FILE COPY && mv COPY FILE; or use a symbolic link"
	case errors.Is(err, filesystem.ErrChanged):
		e.error = fmt.Errorf("%s is being changed by another program: three tries", shown)
		e.code, e.hint = exitError, "save and close it there, then try again"
	default:
		return err
	}
	return e
}

// quotedPath writes a path as a POSIX shell takes it, with ~ for the home folder.
func (a *App) quotedPath(path string) string {
	if rest, ok := strings.CutPrefix(a.tidy(path), "~"+string(filepath.Separator)); ok {
		return "~" + string(filepath.Separator) + quoted(rest)
	}
	return quoted(path)
}
