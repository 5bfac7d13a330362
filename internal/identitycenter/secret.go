package identitycenter

import (
	"crypto/subtle"
	"fmt"
	"io"
)

// redacted is printed instead of a secret.
const redacted = "[secret]"

// A Secret is a text that must not appear in log lines or error messages. It leaves only through Reveal, so a search
// for Reveal finds every way out. The text is behind a pointer because fmt ignores the methods of unexported fields.
type Secret struct{ text *string }

// NewSecret wraps text. An empty text is the zero Secret.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{&text}
}

// Reveal returns the text itself.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.text == nil }

// Equal compares two secrets in constant time.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// Format prints the stand-in for every verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText returns the stand-in, so that no encoder writes the secret; slog's JSON and text handlers use it too.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
