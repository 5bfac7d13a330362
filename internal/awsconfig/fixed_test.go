package awsconfig_test

import (
	"testing"

	"rolecall/internal/awsconfig"
)

func TestMasked(t *testing.T) {
	for line, want := range map[string]string{
		"aws_secret_access_key = canary":    "aws_secret_access_key = [secret]",
		"  AWS_SESSION_TOKEN: canary":       "AWS_SESSION_TOKEN = [secret]",
		"aws-secret-access-key = canary":    "aws-secret-access-key = [secret]",
		"aws_secret_access_key canary":      "aws_secret_access_key = [secret]",
		"region = eu-west-1":                "region = eu-west-1",
		"[profile aws_secret_access_key]":   "[profile aws_secret_access_key]",
		"# a comment of the person's":       "# a comment of the person's",
		"credential_process = /x --profile": "credential_process = /x --profile",
	} {
		if got := awsconfig.Masked(line); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

// What is fixed loses nothing but repetitions, and twice changes nothing more.
func TestFixed(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "",
		"\ufeff[a]\r\nx = 1":                "[a]\r\nx = 1",
		"[a]\nx = 1\n# c\nx = 1\ny = 2\n":   "[a]\nx = 1\n# c\ny = 2\n",
		"[a]\nx = 1\nx = 1":                 "[a]\nx = 1",
		"[a]\nx = 1\nx = 2\nx = 1\n":        "[a]\nx = 1\nx = 2\nx = 1\n",
		"[a]\nx =\n  b = 1\nx =\n  b = 1\n": "[a]\nx =\n  b = 1\nx =\n  b = 1\n",
		"[a]\nx = 1\n[a]\nx = 1\n":          "[a]\nx = 1\n[a]\nx = 1\n",
	} {
		for from := text; from != want || from == text; from = want {
			d, err := awsconfig.Parse("x", []byte(from))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := d.Fixed(); err != nil || string(got) != want {
				t.Errorf("%q: %q, %v, want %q", from, got, err, want)
			}
			if from == want {
				break
			}
		}
	}
}
