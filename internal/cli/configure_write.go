package cli

import (
	"context"

	"rolecall/internal/awsconfig"
	"rolecall/internal/filesystem"
)

// A configSection is a section of the config file with the keys to set.
type configSection struct {
	kind, name string
	keys       []awsconfig.Key
}

// writeSections writes all of sections, or nothing. No other line changes.
func (a *App) writeSections(ctx context.Context, file string, sections []configSection) error {
	_, err := a.EditConfig(ctx, file, func(before filesystem.Shared) ([]byte, error) {
		data := before.Data
		for _, s := range sections {
			d, err := awsconfig.Parse(file, data)
			if err != nil {
				return nil, err
			}
			if data, err = d.SetKeys(s.kind, s.name, s.keys); err != nil {
				return nil, &HintError{Err: err, Code: ExitConfiguration, Hint: "rolecall config show"}
			}
		}
		return data, nil
	})
	return err
}
