package profiles

import "cmp"

// Check refuses, with an *OptionError, options that can be used for no profile of a
// session, before its accounts and roles are known.
func (o Options) Check(session string) error {
	o.Form, o.Template = cmp.Or(o.Form, SSOSession), cmp.Or(o.Template, DefaultTemplate)
	if err := o.check(session); err != nil {
		return err
	}
	_, err := names(o.Template, session, nil, nil)
	return err
}
