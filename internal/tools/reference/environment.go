package reference

// A Variable is an environment variable.
type Variable struct{ Name, Text string }

// Variables are what rolecall reads from the environment. A test holds the list against the code.
func Variables() []Variable {
	return []Variable{
		{"AWS_PROFILE, AWS_DEFAULT_PROFILE", "The profile to use where no TARGET is named."},
		{
			"AWS_REGION, AWS_DEFAULT_REGION",
			"The region to work in, unless --region names another. They take precedence over the profile's region.",
		},
		{
			"AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE",
			"The shared config files, instead of ~/.aws/config and ~/.aws/credentials.",
		},
		{
			"AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_CREDENTIAL_EXPIRATION",
			"The keys of this shell. whoami and console use them when no TARGET is named, and so do profiles with " +
				"credential_source = Environment.",
		},
		{
			"AWS_ENDPOINT_URL_SSO, AWS_ENDPOINT_URL_SSO_OIDC, AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL_SIGNIN",
			"Where to send requests instead of AWS's endpoints. A token goes only to the endpoint that issued it. " +
				"AWS_ENDPOINT_URL, which is for all services, is not used.",
		},
		{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true to ignore endpoints in variables and config files."},
		{
			"AWS_CA_BUNDLE, REQUESTS_CA_BUNDLE, SSL_CERT_FILE",
			"A file with the certificates to trust, for proxies and hosts of your company. The first one that is set is used.",
		},
		{"HTTPS_PROXY, NO_PROXY", "The proxy for requests, and hosts to reach without it. Lower case works, too."},
		{"BROWSER", "The command that opens addresses, instead of the system's browser."},
		{"DISPLAY, WAYLAND_DISPLAY, WSL_DISTRO_NAME", "Without any of these, Linux has no browser to open."},
		{
			"SSH_CONNECTION, SSH_TTY, CI",
			"If set, rolecall opens no browser, and prints the address and how to use it from another machine.",
		},
		{"DBUS_SESSION_BUS_ADDRESS", "How Linux's keyring is reached, for encrypted sign-ins."},
		{"ROLECALL_PASSPHRASE_FILE", "A file with the passphrase of encrypted sign-ins, for machines without a keyring."},
		{
			"ROLECALL_TARGET, ROLECALL_SESSION, ROLECALL_ACCOUNT_ID, ROLECALL_ACCOUNT_NAME, ROLECALL_ROLE, " +
				"ROLECALL_PROFILE, ROLECALL_GUARDED",
			"Set together with keys: whose they are, for prompts and scripts. None is a secret.",
		},
		{"ROLECALL_NO_PROMPT", "If set, a shell that exec opens gets no mark in its prompt."},
		{"ROLECALL_IDC_URL", "The address of the local Identity Center, for idc commands. Same as --url."},
		{"SHELL, ComSpec, ZDOTDIR, PROMPT", "The shell that exec opens, and where its own settings are."},
		{"NO_COLOR, TERM", "With NO_COLOR, or with dumb as TERM, output has no colours."},
		{
			"XDG_CONFIG_HOME, XDG_STATE_HOME, LocalAppData",
			"Where config.toml and rolecall's own files are. See FILES.",
		},
		{"AWS_SSO_CONFIG", "Where the configuration of aws-sso-cli is, for import."},
	}
}

// Unnamed are variables that the code reads and the manual leaves out, with the reason.
func Unnamed() map[string]string {
	return map[string]string{
		"PATH": "every program reads it", "HOME": "every program reads it",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI":     "serve prints it for programs",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "serve prints it for programs",
		"AWS_CONTAINER_AUTHORIZATION_TOKEN":      "serve prints it for programs",
		"ROLECALL_REGION":                        "rolecall's own mark: which region it has set in a shell",
		"ROLECALL_PREVIOUS":                      "rolecall's own mark: where rc - goes back to",
		"ROLECALL_SHELL":                         "rolecall's own mark: a shell of exec within another",
		"ROLECALL_IN_PROCESS":                    "rolecall's own mark: a credential_process that starts itself",
		"ROLECALL_PROOF":                         "for tests",
	}
}

// A File is one that rolecall reads or writes.
type File struct{ Path, Text string }

// Files are where things are kept.
func Files() []File {
	return []File{
		{"~/.aws/config, ~/.aws/credentials", "Profiles and sso-sessions, shared with the AWS CLI and the SDKs."},
		{
			"~/.aws/sso/cache, ~/.aws/cli/cache",
			"Tokens and role credentials in the AWS CLI's own form, with mode 0600. One sign-in serves every tool.",
		},
		{"~/.config/rolecall/config.toml", "Your own settings; see rolecall-config.toml(5)."},
		{
			"/etc/rolecall/policy.toml, /etc/rolecall/config.toml",
			"The rules and defaults of this machine's administrator. macOS: /Library/Application Support/rolecall. " +
				"Windows: %ProgramData%\\rolecall. See rolecall-policy.toml(5).",
		},
		{".rolecall.toml", "What may be used in a project's folder, once trusted; see rolecall-policy.toml(5)."},
		{
			"~/.local/state/rolecall",
			"rolecall's own notes. macOS: ~/Library/Application Support/rolecall. Windows: %LocalAppData%\\rolecall.",
		},
		{"~/.local/state/rolecall/audit", "The record of keys that rolecall handed out; see rolecall-audit(1)."},
		{"~/.local/state/rolecall/backups", "The last ten versions of the config file, for rolecall profiles undo."},
		{"~/.local/state/rolecall/vault", "Encrypted sign-ins; see rolecall-storage(1)."},
	}
}
