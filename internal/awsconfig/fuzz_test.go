package awsconfig_test

import (
	"errors"
	"testing"

	"rolecall/internal/awsconfig"
)

// Whatever the files hold, they are read or refused, and what is said of them is within them.
func FuzzReport(f *testing.F) {
	for _, fault := range append(headerFaults(), keyFaults()...) {
		f.Add([]byte(fault.config), []byte(fault.config), "x")
	}
	f.Fuzz(func(t *testing.T, config, credentials []byte, name string) {
		first, err := awsconfig.Parse("config", config)
		if err != nil {
			return
		}
		second, err := awsconfig.Parse("credentials", credentials)
		if err != nil {
			return
		}
		c := awsconfig.Of(first, second)
		for _, p := range c.Report().Problems {
			if p.Text == "" || p.Origin.Line < 1 || p.Origin.Line > len(config)+len(credentials) {
				t.Errorf("%+v", p)
			}
		}
		for _, ask := range []func() error{
			func() error { _, err := c.Profile(name); return err }, func() error { _, err := c.Session(name); return err },
		} {
			var e *awsconfig.Error
			if errors.As(ask(), &e) {
				for _, p := range c.Related(e) {
					if p.Text == "" && p.Remedy == "" {
						t.Errorf("%v: %+v", e, p)
					}
				}
			}
		}
	})
}
