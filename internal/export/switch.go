package export

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Previous is the variable with the target that a shell had before.
const Previous = "ROLECALL_PREVIOUS"

// wholeMark ends what a function of "rolecall shell-init" evaluates: without it, the output was cut off.
const wholeMark = "rolecall-whole"

// A Switch changes a running shell.
type Switch struct {
	Set   []Variable
	Unset []string
}

// SwitchTo returns the switch to e. With profile, the shell gets AWS_PROFILE in place of the keys, so that SDKs renew
// them. previous is the target from before; it may be empty. others are the names of variables to unset, too, such as
// Conflicts.
// It checks values as Write does.
func SwitchTo(e Environment, profile, previous string, others []string) (Switch, error) {
	if err := check(e); err != nil {
		return Switch{}, err
	}
	set, unset := Variables(e)
	if profile != "" {
		set = slices.DeleteFunc(set, func(v Variable) bool { return slices.Contains(ofKeys(), v.Name) })
		set = append(set, Variable{"AWS_PROFILE", profile})
		unset = append(ofKeys(), unset...)
	}
	if previous = harmless(previous); previous != "" {
		set = append(set, Variable{Previous, previous})
	}
	s := Switch{Set: set}
	for _, name := range append(unset, others...) {
		isSet := slices.ContainsFunc(set, func(v Variable) bool { return v.Name == name })
		if !isSet && !slices.Contains(s.Unset, name) {
			s.Unset = append(s.Unset, name)
		}
	}
	return s, nil
}

// ofKeys are the variables that are only valid together with the keys.
func ofKeys() []string {
	return append(keyNames(), "AWS_CREDENTIAL_EXPIRATION", "AWS_ACCOUNT_ID")
}

// Conflicts returns the variables of environ that would give a shell another identity, or make a prompt show one.
func Conflicts(environ []string) []string {
	var found []string
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if name = strings.ToUpper(name); slices.Contains(removed[:], name) && !slices.Contains(found, name) {
			found = append(found, name)
		}
	}
	return found
}

// Abandoned are the variables that a shell function unsets by itself when it cannot trust what rolecall has printed:
// those that say or prove who one is.
func Abandoned() []string {
	regions := []string{"AWS_REGION", "AWS_DEFAULT_REGION", RegionMark} // may be the person's
	return append(Unset(regions...), unsets[:]...)
}

// WriteSwitch writes a switch for the function of a shell, with a mark at its end.
func WriteSwitch(w io.Writer, format string, s Switch) error {
	f, err := formatOf(format)
	if err != nil {
		return err
	}
	if f.marked == nil {
		return fmt.Errorf("%w for a function: %q", ErrUnknownFormat, format)
	}
	var b bytes.Buffer
	if err := f.marked(&b, s.Set, s.Unset); err != nil {
		return err
	}
	_, err = w.Write(b.Bytes())
	return err
}

// HasFunction reports whether "rolecall shell-init" has a function for shells of that format.
func HasFunction(format string) bool {
	f, err := formatOf(format)
	return err == nil && f.marked != nil
}

// Harmless returns text as variables hold it: safe for prompts and shells.
func Harmless(text string) string { return harmless(text) }
