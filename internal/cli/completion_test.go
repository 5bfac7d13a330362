package cli

import (
	"slices"
	"testing"
)

func TestWhatWasTypedInBash(t *testing.T) {
	const breaks = " \t\n\"'><=;|&(:"
	for line, want := range map[string]typedLine{
		"rolecall ":                   {nil, "", "", 0},
		"rolecall en":                 {nil, "en", "", 0},
		"A=1 B=2 rolecall env ":       {[]string{"env"}, "", "", 0},
		"~/bin/rolecall env two\\ w":  {[]string{"env"}, "two w", "", 0},
		"rolecall env 'two w":         {[]string{"env"}, "two w", "", '\''},
		`rolecall env "two \"w\x`:     {[]string{"env"}, `two "w\x`, "", '"'},
		"rolecall env 'two words' ":   {[]string{"env", "two words"}, "", "", 0},
		"rolecall env 'two words'":    {[]string{"env"}, "two words", "", 0},
		"rolecall env team:de":        {[]string{"env"}, "team:de", "team:", 0},
		"rolecall env team\\:de":      {[]string{"env"}, "team:de", "", 0},
		"rolecall env 'team:'de":      {[]string{"env"}, "team:de", "", 0},
		"rolecall env --profile=a=b":  {[]string{"env"}, "--profile=a=b", "--profile=a=", 0},
		"rolecall env --profile=\"a ": {[]string{"env"}, "--profile=a ", "--profile=", '"'},
		"rolecall env it'":            {[]string{"env"}, "it", "it", '\''},
		"rolecall env \\":             {[]string{"env"}, "", "", 0},
	} {
		got := typed(line, breaks, bashQuoting())
		if !slices.Equal(got.words, want.words) || got.word != want.word || got.kept != want.kept || got.quote != want.quote {
			t.Errorf("%q: %+v, want %+v", line, got, want)
		}
	}
}

func TestOffersAreQuotedForBash(t *testing.T) {
	for _, x := range []struct {
		t           typedLine
		offer, want string
	}{
		{typedLine{}, "two words", `two\ words`},
		{typedLine{}, "a=b,c:d@e.f/g", "a=b,c:d@e.f/g"},
		{typedLine{}, "$(x)`y`!~*", "\\$\\(x\\)\\`y\\`\\!\\~\\*"},
		{typedLine{}, "ünï", "ünï"},
		{typedLine{kept: "team:"}, "team:two words", `two\ words`},
		{typedLine{kept: "TEAM:"}, "team:dev", "dev"},
		{typedLine{quote: '\''}, "two $words", "two $words"},
		{typedLine{quote: '"'}, `two "$words"`, `two \"\$words\"`},
	} {
		if got, ok := x.t.quoted(x.offer); got != x.want || !ok {
			t.Errorf("%+v %q: %q, %v", x.t, x.offer, got, ok)
		}
	}
	for offer, typed := range map[string]typedLine{
		"it's": {quote: '\''}, "x!": {quote: '"'}, "dev": {kept: "team:"}, "a": {kept: "b"},
	} {
		if got, ok := typed.quoted(offer); ok {
			t.Errorf("%+v %q: %q", typed, offer, got)
		}
	}
}

func TestWhatWasTypedInFish(t *testing.T) {
	for line, want := range map[string][]string{
		"rolecall ":                  {""},
		"rolecall env two\\ w":       {"env", "two w"},
		`rolecall env 'it\'s \\ \x `: {"env", `it's \ \x `},
		`rolecall env "a \$b 'c`:     {"env", "a $b 'c"},
		"A=1 rolecall env a=b":       {"env", "a=b"},
	} {
		typed := typed(line, "", fishQuoting())
		if got := append(typed.words, typed.word); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}
