package cli

import (
	"context"
	"errors"
	"fmt"

	"rolecall/internal/filesystem"
)

// editor changes shared files, with locks and backups in the state folder.
func (a *App) editor() (filesystem.Editor, error) {
	store, err := a.cache()
	if err != nil {
		return filesystem.Editor{}, err
	}
	return filesystem.Editor{State: store.State, Now: a.Now}, nil
}

// editConfig puts what change makes of a config file in its place; nil bytes leave
// it untouched. It gives the backup of what was there.
func (a *App) EditConfig(ctx context.Context, file string, change func(filesystem.Shared) ([]byte, error)) (filesystem.Backup, error) {
	e, err := a.editor()
	if err != nil {
		return filesystem.Backup{}, err
	}
	a.shared = nil // what is read from now on may differ
	backup, err := e.Edit(ctx, file, change)
	return backup, a.explainEdit(file, err)
}

// explainEdit says why a config file could not be changed, and the way out.
func (a *App) explainEdit(file string, err error) error {
	shown := a.Tidy(file)
	e := &HintError{Err: err, Code: ExitConfiguration}
	var changed *filesystem.ForeignChangeError
	switch {
	case errors.As(err, &changed) && changed.Backup == "":
		e.Err = fmt.Errorf("%s, which was not there before, was changed since rolecall wrote it: going back would lose that change", shown)
		e.Hint = "rm " + a.quotedPath(file)
	case errors.As(err, &changed):
		e.Err = fmt.Errorf("%s was changed since rolecall wrote it: going back would lose that change", shown)
		e.Hint = "cp " + a.quotedPath(changed.Backup) + " " + a.quotedPath(file)
	case errors.Is(err, filesystem.ErrReadOnly):
		e.Hint = "chmod u+w " + Quoted(file)
		e.Err = fmt.Errorf("%s is read-only: its owner wants no change", shown)
	case errors.Is(err, filesystem.ErrHardLinked):
		e.Err = fmt.Errorf("%s has other names (hard links), which would keep the old content", shown)
		e.Hint = "make it a file of its own: cp FILE COPY && mv COPY FILE; or use a symbolic link"
	case errors.Is(err, filesystem.ErrChanged):
		e.Err = fmt.Errorf("%s is being changed by another program: three tries", shown)
		e.Code, e.Hint = ExitError, "save and close it there, then try again"
	default:
		return err
	}
	return e
}
