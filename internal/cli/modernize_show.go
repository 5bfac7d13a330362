package cli

import (
	"fmt"
	"strings"

	"rolecall/internal/doctor"
	"rolecall/internal/filesystem"
	"rolecall/internal/profiles"
)

// The JSON of profiles modernize.
type (
	shownModernized struct {
		Sessions []shownModernSession `json:"sessions"`
		Profiles []shownModernProfile `json:"profiles"`
		Kept     []shownKeptProfile   `json:"kept,omitempty"`
		Users    []shownReference     `json:"runForThem,omitempty"`
		OldTools []shownOldTool       `json:"oldTools,omitempty"`
		Diff     string               `json:"diff,omitempty"`
		File     string               `json:"file,omitempty"`
		Backup   string               `json:"backup,omitempty"`
	}
	shownModernSession struct {
		Name     string   `json:"name"`
		StartURL string   `json:"startUrl"`
		Region   string   `json:"region"`
		New      bool     `json:"new"`
		Others   []string `json:"sameStartUrl,omitempty"`
	}
	shownModernProfile struct {
		Name     string `json:"name"`
		Session  string `json:"session"`
		StartURL string `json:"startUrlBefore"`
		Removed  string `json:"credentialProcessRemoved,omitempty"`
	}
	shownKeptProfile struct {
		Name   string `json:"name"`
		Reason string `json:"reason"`
	}
	shownOldTool struct {
		What   string   `json:"what"`
		Where  []string `json:"where"`
		Remedy []string `json:"remedy"`
	}
)

func shownModernizedOf(p *profiles.Modernized, old []doctor.Finding) shownModernized {
	shown := shownModernized{Sessions: []shownModernSession{}, Profiles: []shownModernProfile{}}
	for _, s := range p.Sessions {
		shown.Sessions = append(shown.Sessions, shownModernSession{s.Name, s.StartURL, s.Region, s.New, s.Others})
	}
	for _, c := range p.Profiles {
		shown.Profiles = append(shown.Profiles, shownModernProfile{c.Name, c.Session, c.Was.StartURL, c.Removed})
	}
	for _, k := range p.Kept {
		shown.Kept = append(shown.Kept, shownKeptProfile(k))
	}
	for _, r := range p.Users {
		shown.Users = append(shown.Users, shownReference(r))
	}
	if p.Data != nil {
		for _, f := range old {
			shown.OldTools = append(shown.OldTools, shownOldTool{f.What, f.Where, f.Remedy})
		}
	}
	return shown
}

// modernizedText formats a plan for a person.
func (a *App) modernizedText(p *profiles.Modernized) string {
	var b strings.Builder
	line := func(sign, format string, args ...any) {
		b.WriteString(sign + " " + a.Show(fmt.Sprintf(format, args...)) + "\n")
	}
	for _, s := range p.Sessions {
		sign, text := "=", "already exists"
		if s.New {
			sign, text = "+", "is new"
		}
		line(sign, "sso-session %s  %s: %s, %s", s.Name, text, s.StartURL, s.Region)
		if len(s.Others) > 0 {
			line("!", "sso-session %s  has the same start URL, and is not used", fewOf(s.Others))
		}
	}
	for _, c := range p.Profiles {
		line("~", "%s  sso_session = %s", c.Name, c.Session)
		if c.Removed != "" {
			line("-", "%s  its credential_process (%s) is removed: some tools would still run it", c.Name, c.Removed)
		}
	}
	for _, k := range p.Kept {
		line("!", "%s  stays: %s", k.Name, k.Reason)
	}
	for _, r := range p.Users {
		line("!", "%s  its credential_process uses %s: that program must support sso-sessions", r.Profile, r.Source)
	}
	return b.String() + modernizedCounts(p) + "\n"
}

// modernizedCounts summarizes a plan.
func modernizedCounts(p *profiles.Modernized) string {
	news := 0
	for _, s := range p.Sessions {
		if s.New {
			news++
		}
	}
	text := fmt.Sprintf("%s, %s changed", Counted(news, "new sso-session"), Counted(len(p.Profiles), "profile"))
	if n := len(p.Kept); n > 0 {
		text += fmt.Sprintf(", %d kept", n)
	}
	return text
}

// oldToolsText names programs that cannot use the new profiles.
func (a *App) oldToolsText(old []doctor.Finding) string {
	var b strings.Builder
	for _, f := range old {
		where := strings.Join(f.Where, ", ")
		fmt.Fprintf(&b, "! too old for sso-sessions: %s (%s)\n", a.Show(f.What), a.Show(a.Tidy(where)))
		for _, remedy := range f.Remedy {
			fmt.Fprintf(&b, "    %s\n", a.Show(remedy))
		}
	}
	return b.String()
}

// noteKept says why legacy profiles stay.
func (a *App) noteKept(p *profiles.Modernized) {
	for _, k := range p.Kept {
		a.warn(fmt.Errorf("profile %s stays: %s", k.Name, k.Reason))
	}
}

// maskedDiff is a diff of the config file without secrets.
func (a *App) maskedDiff(before filesystem.Shared, after []byte) string {
	before.Data = masked(before.Data)
	return a.diffText(before, masked(after))
}

// fewOf joins names, of which it shows five.
func fewOf(names []string) string {
	if more := len(names) - mostShown; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:mostShown], ", "), more)
	}
	return strings.Join(names, ", ")
}
