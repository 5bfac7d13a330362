package cli

import (
	"context"
	"errors"
)

type consoleOptions struct{}

func (a *App) console(context.Context, target, consoleOptions) error {
	return errors.New("the console cannot be opened yet")
}
