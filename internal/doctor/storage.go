package doctor

// storage looks whether secrets lie where the storage mode has them, and whether their key can be had.
func storage() check {
	return check{[]Kind{
		{
			"storage.keyring", Error, "The keyring that holds the key of the encrypted sign-ins does not answer.",
			"sign-ins cannot be renewed: once the access token expires, commands fail with exit code 5",
		},
		{
			"storage.bare", Warning, "A token's secrets are in an AWS CLI file, against the storage mode.",
			"another tool has signed in, and left a refresh token that is valid for weeks where malware looks for it",
		},
	}, func(m *Machine, found func(string, Finding)) {
		if m.Keyring != nil {
			found("storage.keyring", Finding{
				What: m.Keyring.Error(), Where: []string{"storage = " + m.Storage},
				Remedy: []string{m.KeyringAdvice, "rolecall storage " + m.Storage + " --passphrase"},
			})
		}
		if m.store == nil || m.Storage == "shared" || m.Storage == "" {
			return
		}
		for _, session := range m.sessions() {
			for _, f := range m.cached {
				if f.Path == m.store.TokenPath(session) && (f.Secrets || f.Token && m.Storage == "private") {
					found("storage.bare", Finding{
						What: "the secrets of " + session.Label() + " are not encrypted", Where: []string{f.Path},
						Remedy: []string{"rolecall refresh " + m.Quote(session.Label()) + ", which moves them"},
					})
				}
			}
		}
	}}
}
