package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rolecall/internal/awsconfig"
)

func (a *App) configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Show how rolecall reads the config files and the policy",
		Long: `Show how rolecall reads the shared config files, ~/.aws/config and ~/.aws/credentials, and this
machine's policy.

  rolecall config show
  rolecall config policy`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "show",
		Short: "Print how rolecall reads the shared config files, and what is wrong with them",
		Long: `Print how rolecall reads the shared config files, and what is wrong with them.

  rolecall config show
  rolecall config show --json

It prints each section with its file and line, without secrets. Problems follow: what tools ignore
or read differently, and values that cannot be right, with what to write instead. Profiles that other
tools can use but rolecall cannot come last. The files are not changed.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.configShow() },
	})
	cmd.AddCommand(a.policyCommand())
	return cmd
}

// The JSON of config show.
type (
	shownProperty struct {
		Key        string          `json:"key"`
		Value      string          `json:"value"`
		Origin     string          `json:"origin"`
		Properties []shownProperty `json:"properties,omitempty"`
	}
	shownSection struct {
		Kind       string          `json:"kind"`
		Name       string          `json:"name"`
		Origin     string          `json:"origin"`
		Properties []shownProperty `json:"properties"`

		title string
	}
	shownProblem struct {
		Origin  string `json:"origin"`
		Section string `json:"section,omitempty"`
		Key     string `json:"key,omitempty"`
		Text    string `json:"text"`
		Remedy  string `json:"remedy,omitempty"`
	}
	shownConfig struct {
		ConfigFile      string         `json:"configFile"`
		CredentialsFile string         `json:"credentialsFile"`
		Sections        []shownSection `json:"sections"`
		Problems        []shownProblem `json:"problems"`
		Unusable        []shownProblem `json:"unusable"` // with rolecall, though no mistake
	}
)

func (a *App) configShow() error {
	config, err := a.config()
	if err != nil {
		return err
	}
	r := config.Report()
	shown := shownConfig{
		ConfigFile: r.Files.Config, CredentialsFile: r.Files.Credentials, Sections: []shownSection{},
		Problems: a.shownProblems(r.Problems), Unusable: a.shownProblems(r.Unusable),
	}
	for _, s := range r.Sections {
		section := shownSection{s.Kind, s.Name, s.Origin.String(), shownProperties(s.Properties), s.Title}
		shown.Sections = append(shown.Sections, section)
	}
	if a.json {
		return a.printJSON(shown)
	}
	return a.printConfig(shown)
}

func (a *App) shownProblems(problems []awsconfig.Problem) []shownProblem {
	shown := []shownProblem{}
	for _, p := range problems {
		remedy := strings.Join(a.remedyLines(p.Remedy, p.Origin.File), "\n")
		shown = append(shown, shownProblem{p.Origin.String(), p.Section, p.Key, p.Text, remedy})
	}
	return shown
}

func shownProperties(properties []awsconfig.ReportProperty) []shownProperty {
	shown := []shownProperty{}
	for _, p := range properties {
		s := shownProperty{Key: p.Key, Value: p.Value, Origin: p.Origin.String()}
		if len(p.Nested) > 0 {
			s.Properties = shownProperties(p.Nested)
		}
		shown = append(shown, s)
	}
	return shown
}

func (a *App) printConfig(c shownConfig) error {
	var b strings.Builder
	for _, s := range c.Sections {
		fmt.Fprintf(&b, "%s  # %s\n", a.Show(s.title), a.Show(a.Tidy(s.Origin)))
		a.printProperties(&b, s.Properties, "  ")
	}
	if len(c.Sections) == 0 {
		fmt.Fprintf(&b, "No sections in %s or %s.\n", a.Show(a.Tidy(c.ConfigFile)),
			a.Show(a.Tidy(c.CredentialsFile)))
	}
	a.printProblems(&b, "Problems", c.Problems)
	a.printProblems(&b, "Not usable with rolecall", c.Unusable)
	if slices.ContainsFunc(c.Problems, func(p shownProblem) bool { return strings.Contains(p.Text, "botocore") }) {
		fmt.Fprintf(&b, "\nbotocore is the library with which the AWS CLI and boto3 read these files.\n")
	}
	_, err := io.WriteString(a.Stdout, b.String())
	return err
}

func (a *App) printProblems(b *strings.Builder, title string, problems []shownProblem) {
	if len(problems) > 0 {
		fmt.Fprintf(b, "\n%s:\n", title)
	}
	for _, p := range problems {
		fmt.Fprintf(b, "  %s: %s\n", a.Show(a.Tidy(p.Origin)), a.Show(a.tidied(placed(p.Section, p.Key, p.Text))))
		for line := range strings.Lines(p.Remedy) {
			fmt.Fprintf(b, "    %s\n", a.Show(strings.TrimSuffix(line, "\n")))
		}
	}
}

// placed puts the section and key in front of a text about them.
func placed(section, key, text string) string {
	place := strings.TrimSpace(section + " " + key)
	if place == "" || text == "" {
		return place + text
	}
	return place + ": " + text
}

func (a *App) printProperties(b *strings.Builder, properties []shownProperty, indent string) {
	for _, p := range properties {
		line := fmt.Sprintf("%s%s = %s", indent, a.Show(p.Key), a.Show(p.Value))
		_, number, _ := strings.Cut(p.Origin[strings.LastIndexAny(p.Origin, `/\`)+1:], ":")
		fmt.Fprintf(b, "%-60s  # line %s\n", line, number)
		a.printProperties(b, p.Properties, indent+"  ")
	}
}
