package faults

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
)

// fields are wrong members in the answers of a sign-in.
func fields() []Fault {
	return []Fault{
		{
			Name: "expires-in", Value: "JSON, as -1, 0, 1, 2147483648, 1.5, \"3600\" (-1)", Routes: "token+refresh",
			able: "device+token+refresh", start: setsJSON("expiresIn", "-1"),
			Does:   "returns a token or code with this lifetime in seconds",
			Client: "refuse anything but a whole number of a sensible size; treat a second as expired at once",
		},
		{
			Name: "interval", Value: "JSON, as 0, -1, 1000000000 (0)", Routes: "device", able: "device",
			start: setsJSON("interval", "0"),
			Does:  "asks to be polled at this interval", Client: "poll every 5 seconds if it is 0 or less, and bound it",
		},
		{
			Name: "verification-uri", Value: "file, script, elsewhere, long, or an address (script)", Routes: "device",
			able: "device", start: verificationURI,
			Does:   "sends the person to a file:, javascript: or foreign address, or one of 100 KB",
			Client: "open only https and this machine; show a foreign host",
		},
		{
			Name: "user-code", Value: "any text (terminal escapes)", Routes: "device", able: "device",
			start:  sets("userCode", escapes),
			Does:   "returns a user code that would take over a terminal",
			Client: "refuse it, or show it with control characters made visible",
		},
	}
}

// tokenFields are those of tokens and registrations.
func tokenFields() []Fault {
	return []Fault{
		{
			Name: "token-type", Value: "any text (MAC)", Routes: "token+refresh", able: "token+refresh",
			start: sets("tokenType", "MAC"),
			Does:  "returns a token of another type than Bearer", Client: "refuse it, or use it as Bearer as the SDKs do",
		},
		{
			Name: "access-token", Value: "empty, huge or line-break (empty)", Routes: "token+refresh", able: "token+refresh",
			start: setsOneOf("accessToken", choice{"empty", ""}, choice{"huge", filled(megabyte)},
				choice{"line-break", "aoa\r\nX-Played: 1"}),
			Does:   "returns an access token that is empty, 1 MB long, or contains a line break",
			Client: "refuse it, and keep the existing session",
		},
		{
			Name: "error-with-token", Routes: "token+refresh", able: jsonRoutes,
			start: edits(func(_ *call, m map[string]any) any {
				m["error"], m["error_description"] = "invalid_grant", "played"
				return m
			}),
			Does: "answers 200 with an error next to the token", Client: "go by the status, or refuse it; never save half of it",
		},
		{
			Name: "no-refresh-token", Routes: "token+refresh", able: "token+refresh", start: keepRefreshToken(nil),
			Does: "answers without refreshToken; the one that was sent stays valid", Client: "keep the present one",
		},
		{
			Name: "same-refresh-token", Routes: "token+refresh", able: "token+refresh", start: keepRefreshToken("same"),
			Does: "answers a refresh with the refresh token that was sent, which stays valid", Client: "use it again",
		},
		{
			Name: "secret-expires", Value: "JSON, as 0, 1, 9223372036854775807 (0)", Routes: "register", able: "register",
			start:  setsJSON("clientSecretExpiresAt", "0"),
			Does:   "registers a client whose secret ends at this Unix time",
			Client: "refuse a registration that has expired, without overflow",
		},
		{
			Name: "authorization-endpoint", Value: "an address (https://elsewhere.example.com/authorize)", Routes: "register",
			able:  "register",
			start: sets("authorizationEndpoint", "https://elsewhere.example.com/authorize"),
			Does:  "names an authorization endpoint on another host", Client: "not send anybody there",
		},
	}
}

// keyFields are those of accounts, roles and keys.
func keyFields() []Fault {
	any := "any text; one that begins with a quotation mark is read as JSON"
	hostile := "$(touch played)`touch played`'\";touch played;" + escapes
	refuse := "refuse the answer"
	show := "show it with control characters made visible, and quote it in shells"
	return []Fault{
		{
			Name: "account-name", Value: any, Routes: "accounts", able: "accounts", start: sets("accountName", hostile),
			Does: "returns account names that would run commands and take over a terminal", Client: show,
		},
		{
			Name: "email", Value: any, Routes: "accounts", able: "accounts",
			start: sets("emailAddress", "a@example.com\nplayed: true"), Does: "returns account addresses with a line break",
			Client: show,
		},
		{
			Name: "account-id", Value: any, Routes: "accounts", able: listRoutes, start: sets("accountId", "11122223333"),
			Does: "returns account ids that are not 12 digits", Client: refuse,
		},
		{
			Name: "role-name", Value: any, Routes: "roles", able: "roles", start: sets("roleName", "../Admin $(id)\n"),
			Does: "returns role names with characters outside [A-Za-z0-9+=,.@_-]", Client: show,
		},
		{
			Name: "foreign-roles", Routes: "roles", able: "roles", start: sets("accountId", "999999999999"),
			Does: "lists roles of another account than requested", Client: refuse,
		},
		{
			Name: "access-key-id", Value: any, Routes: "credentials", able: keyRoutes,
			start: sets("accessKeyId", "ASIA\"'$(touch played)\nplayed"),
			Does:  "returns an access key id with quotes, a line break and $()", Client: refuse,
		},
		{
			Name: "secret-key", Value: any, Routes: "credentials", able: keyRoutes,
			start: sets("secretAccessKey", filled(10_000)), Does: "returns a secret access key of 10 KB",
			Client: "accept it, or refuse it; never truncate it",
		},
		{
			Name: "expiration", Value: "seconds, past or 9999 (seconds)", Routes: "credentials", able: keyRoutes,
			start:  expiration,
			Does:   "returns an expiration in seconds, in the past, or in the year 9999",
			Client: "refuse expired keys, and impossible lifetimes",
		},
		{
			Name: "expired-credentials", Routes: "credentials", able: keyRoutes, start: func(string) (behaviour, error) {
				return expiration("past")
			},
			Does: "returns role credentials that expired a minute ago", Client: refuse,
		},
		{
			Name: "signin-token", Value: any, Routes: "console", able: "console",
			start: sets("SigninToken", "played&Destination=https://elsewhere.example.com/#"),
			Does:  "returns a SigninToken that contains &", Client: "escape it in the console's URL",
		},
	}
}

func filled(n int) string { return strings.Repeat("x", n) }

// setsJSON sets a member to a value given as JSON.
func setsJSON(key, standard string) starter {
	return func(value string) (behaviour, error) {
		if value == "" {
			value = standard
		}
		var err error
		if !json.Valid([]byte(value)) {
			err = fmt.Errorf("%q is not JSON", value)
		}
		return behaviour{answer: editing(func(_ *call, m map[string]any) any {
			set(m, key, literal(value))
			return m
		})}, err
	}
}

func verificationURI(value string) (behaviour, error) {
	address, err := choose(value, []choice{
		{"script", "javascript:alert(1)"},
		{"file", "file:///etc/passwd"},
		{"elsewhere", "https://elsewhere.example.com/device"},
		{"long", "https://elsewhere.example.com/" + filled(100_000)},
	})
	if err != nil {
		address = value
	}
	return behaviour{answer: editing(func(_ *call, m map[string]any) any {
		set(m, "verificationUri", address)
		set(m, "verificationUriComplete", address)
		return m
	})}, nil
}

func expiration(value string) (behaviour, error) {
	_, err := choose(value, []choice{{"seconds", 0}, {"past", 0}, {"9999", 0}})
	return behaviour{answer: editing(func(c *call, m map[string]any) any {
		now := c.player.now()
		at := now.Unix() + 3600
		switch value {
		case "past":
			at = now.UnixMilli() - 60_000
		case "9999":
			at = 253_402_300_799_000
		}
		set(m, "expiration", at)
		return m
	})}, err
}

// keepRefreshToken hides the rotation of refresh tokens: the client's token stays valid while the fault is played.
// Answers contain nil, or the client's token again.
func keepRefreshToken(shown any) starter {
	return func(string) (behaviour, error) {
		var mu sync.Mutex
		present := map[string]string{} // by what the client has
		return behaviour{answer: func(c *call) {
			mu.Lock()
			defer mu.Unlock()
			in, ok := decode(peek(c.r))
			sent, _ := in["refreshToken"].(string)
			if real := present[sent]; ok && sent != "" && real != "" {
				in["refreshToken"] = real
				c.replaceBody(encode(in))
			}
			editing(func(_ *call, m map[string]any) any {
				if sent == "" && shown != nil { // the first one
					return m
				}
				present[sent], _ = m["refreshToken"].(string)
				m["refreshToken"] = nil
				if shown != nil {
					m["refreshToken"] = sent
				}
				return m
			})(c)
		}}, nil
	}
}
