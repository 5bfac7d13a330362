package awsconfig

import "rolecall/internal/identitycenter"

// WithSessions returns the configuration with the sso-sessions of one more document, for names that the config file
// does not have.
func (c *Config) WithSessions(more *Document) *Config {
	with := *c
	with.more = more
	return &with
}

// HasOwnSession reports whether the config file itself has an sso-session of that name.
func (c *Config) HasOwnSession(name string) bool {
	return len(c.sections(c.config, kindSession, name)) > 0
}

// SessionKey returns where a key of an sso-session is set; its header without that key.
func (c *Config) SessionKey(name, key string) Origin {
	if v := c.find(kindSession, name); v != nil {
		return v.where(key)
	}
	return Origin{File: c.config.path}
}

// Session returns the sso-session of that name, checked.
func (c *Config) Session(name string) (identitycenter.SSOSession, error) {
	v := c.find(kindSession, name)
	if v == nil {
		return identitycenter.SSOSession{}, &Error{
			Origin: Origin{File: c.config.path}, Session: name, Problem: "there is no [sso-session " + name + "] section",
			kind: ErrUnknownSession, wanted: name, candidates: c.SessionNames,
		}
	}
	return sessionOf(v)
}
