package doctor

// storage looks whether secrets lie where the storage mode has them, and whether their key can be had.
func storage() check {
	return check{[]Kind{
		{
			"storage.keyring", Error, "The keyring with the key of the encrypted sign-ins does not answer.",
			"sign-ins cannot be renewed: when the access token ends, commands end with exit code 5",
		},
		{
			"storage.bare", Warning, "A token's secrets lie in a file of the AWS CLI, against the storage mode.",
			"another tool has signed in; programs that collect such files find a refresh token that is good for weeks",
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
						What: "the secrets of " + session.Label() + " are in clear", Where: []string{f.Path},
						Remedy: []string{"rolecall refresh " + m.Quote(session.Label()) + ", which moves them"},
					})
				}
			}
		}
	}}
}
