package identitycenter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// A Secret prints as [secret] in every verb, flag and place where something could print it.
func TestASecretPrintsItself(t *testing.T) {
	const canary = "canary-0123456789"
	s := NewSecret(canary)
	type holder struct {
		Name   string
		Secret Secret
		inner  *Secret
	}
	h := holder{"x", s, &s}
	var texts []string
	for _, verb := range strings.Split("v s q d x X p t c U e g b o T", " ") {
		for _, flag := range []string{"", "+", "#", "-", " ", "0", "40", ".3", "+#"} {
			format := "%" + flag + verb
			for _, value := range []any{
				s, &s, h, &h, []Secret{s}, map[string]Secret{"k": s}, []any{s}, fmt.Errorf("%w: %v", errTest{}, s),
			} {
				texts = append(texts, fmt.Sprintf(format, value))
			}
		}
	}
	for _, value := range []any{s, h, &h, []Secret{s}, map[string]Secret{"k": s}} {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
		var out bytes.Buffer
		for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
			slog.New(handler).Info("m", "value", value, slog.Any("any", value), slog.Group("g", "in", value))
		}
		texts = append(texts, out.String(), fmt.Sprint(value), fmt.Sprintln(value))
	}
	for _, text := range texts {
		if strings.Contains(text, "canary") || strings.Contains(strings.ToLower(text), "63616e617279") {
			t.Errorf("it prints: %s", text)
		}
	}
	for _, verb := range []string{"%v", "%s", "%+v", "%#v", "%q", "%d", "%x"} {
		if got := fmt.Sprintf(verb, s); got != redacted {
			t.Errorf("%s: %s", verb, got)
		}
	}
	if text, err := json.Marshal(s); err != nil || string(text) != `"`+redacted+`"` {
		t.Errorf("JSON: %s, %v", text, err)
	}
	if s.Reveal() != canary || NewSecret("").Reveal() != "" || !s.Equal(NewSecret(canary)) || s.Equal(NewSecret("")) {
		t.Error("it is not what it was made of")
	}
}

type errTest struct{}

func (errTest) Error() string { return "test" }
