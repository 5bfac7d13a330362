package cli

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"rolecall/internal/filesystem"
)

// editor returns an Editor of shared files that keeps locks and backups in the state folder.
func (a *App) editor() (filesystem.Editor, error) {
	store, err := a.cache()
	if err != nil {
		return filesystem.Editor{}, err
	}
	return filesystem.Editor{State: store.State, Now: a.Now, InPlace: func(path string) {
		a.note("%s is a mount point, which cannot be replaced: wrote it in place, after a backup", a.Tidy(path))
	}}, nil
}

// EditConfig replaces a config file with what change makes of it; nil bytes leave it
// untouched. It returns the backup of the previous content.
func (a *App) EditConfig(
	ctx context.Context, file string, change func(filesystem.Shared) ([]byte, error),
) (filesystem.Backup, error) {
	e, err := a.editor()
	if err != nil {
		return filesystem.Backup{}, err
	}
	a.shared = nil // to be read again
	backup, err := e.Edit(ctx, file, change)
	return backup, a.explainEdit(file, err)
}

// explainEdit adds to the error of a change to a config file its reason and the way out.
func (a *App) explainEdit(file string, err error) error {
	shown := a.Tidy(file)
	e := &HintError{Err: err, Code: ExitConfiguration}
	var changed *filesystem.ForeignChangeError
	switch {
	case errors.As(err, &changed) && changed.Backup == "":
		e.Err = fmt.Errorf("%s, which rolecall created, has changed since: undo would lose that change", shown)
		e.Hint = "rm " + a.quotedPath(file)
	case errors.As(err, &changed):
		e.Err = fmt.Errorf("%s has changed since rolecall wrote it: undo would lose that change", shown)
		e.Hint = "cp " + a.quotedPath(changed.Backup) + " " + a.quotedPath(file)
	case errors.Is(err, filesystem.ErrReadOnly):
		e.Hint = "chmod u+w " + Quoted(file)
		if runtime.GOOS == "windows" {
			e.Hint = "attrib -R " + Quoted(file)
		}
		e.Err = fmt.Errorf("%s is read-only", shown)
	case errors.Is(err, filesystem.ErrHardLinked):
		e.Err = fmt.Errorf("%s has other hard links, which would keep the old content", shown)
		e.Hint = "replace the hard link with a copy: cp FILE COPY && mv COPY FILE; or use a symbolic link"
	case errors.Is(err, filesystem.ErrChanged):
		e.Err = fmt.Errorf("%s is being changed by another program; gave up after three tries", shown)
		e.Code, e.Hint = ExitError, "save and close it in that program, then try again"
	default:
		return err
	}
	return e
}
