package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"rolecall/internal/awsconfig"
	"rolecall/internal/imports"
	"rolecall/internal/settings"
)

// The JSON of import.
type (
	shownImported struct {
		Tools    []shownTool      `json:"tools"`
		Moved    *shownModernized `json:"startUrlsReplaced,omitempty"`
		Settings shownAdditions   `json:"settings"`
		Kept     []shownLeft      `json:"kept,omitempty"`
		OldTools []shownOldTool   `json:"oldTools,omitempty"`
		Diff     string           `json:"diff,omitempty"`
		Files    []string         `json:"files,omitempty"`
		Backups  []string         `json:"backups,omitempty"`
	}
	shownTool struct {
		Tool     string               `json:"tool"`
		Files    []string             `json:"files,omitempty"`
		Sessions []shownModernSession `json:"sessions,omitempty"`
		Profiles []shownImport        `json:"profiles,omitempty"`
		Left     []shownLeft          `json:"left,omitempty"`
	}
	shownImport struct {
		Name    string     `json:"name"`
		New     bool       `json:"new"`
		Keys    []shownKey `json:"keys"`
		Removed string     `json:"credentialProcessRemoved,omitempty"`
	}
	shownKey struct {
		Key   string `json:"key"`
		Value string `json:"value,omitempty"` // without one, the key goes
	}
	shownLeft struct {
		What   string `json:"what"`
		Reason string `json:"reason"`
		File   string `json:"file,omitempty"`
		Line   int    `json:"line,omitempty"`
	}
	shownAdditions struct {
		DefaultSession string                 `json:"defaultSession,omitempty"`
		Region         string                 `json:"region,omitempty"`
		Template       string                 `json:"template,omitempty"`
		Accounts       []shownAccountSettings `json:"accounts,omitempty"`
		Consoles       []shownConsole         `json:"consoles,omitempty"`
	}
	shownAccountSettings struct {
		Match  string   `json:"match"`
		Alias  string   `json:"alias,omitempty"`
		Tags   []string `json:"tags,omitempty"`
		Region string   `json:"region,omitempty"`
	}
	shownConsole struct {
		Match     string `json:"match,omitempty"`
		Role      string `json:"role,omitempty"`
		Browser   string `json:"browser,omitempty"`
		Profile   string `json:"profile,omitempty"`
		Container string `json:"container,omitempty"`
		Color     string `json:"color,omitempty"`
		Icon      string `json:"icon,omitempty"`
	}
)

func (a *App) shownImport(i *importing) shownImported {
	shown := shownImported{Settings: shownAdditionsOf(i.settings.Added)}
	for _, p := range i.plans {
		t := shownTool{Tool: p.Tool, Files: p.Files}
		for _, s := range p.Sessions {
			t.Sessions = append(t.Sessions, shownModernSession{s.Name, s.StartURL, s.Region, s.New, nil})
		}
		for _, c := range p.Profiles {
			t.Profiles = append(t.Profiles, shownImport{c.Name, c.New, shownKeys(c.Keys), c.Removed})
		}
		for _, l := range p.Left {
			t.Left = append(t.Left, shownLeft(l))
		}
		shown.Tools = append(shown.Tools, t)
	}
	if i.modern != nil {
		moved := shownModernizedOf(i.modern, nil)
		shown.Moved = &moved
	}
	for _, k := range i.kept {
		shown.Kept = append(shown.Kept, shownLeft{What: k.What, Reason: k.Reason})
	}
	for _, f := range i.old {
		shown.OldTools = append(shown.OldTools, shownOldTool{f.What, f.Where, f.Remedy})
	}
	shown.Diff = a.importDiff(i)
	if i.newConfig != nil {
		shown.Files = append(shown.Files, i.config.Path)
	}
	if i.settings.Data != nil {
		shown.Files = append(shown.Files, i.own.Path)
	}
	for _, b := range []string{i.configBackup.Path, i.settingsSaved.Path} {
		if b != "" {
			shown.Backups = append(shown.Backups, b)
		}
	}
	return shown
}

func shownKeys(keys []awsconfig.Key) []shownKey {
	shown := []shownKey{}
	for _, k := range keys {
		shown = append(shown, shownKey{k.Name, k.Value})
	}
	return shown
}

func shownAdditionsOf(s settings.Additions) shownAdditions {
	shown := shownAdditions{DefaultSession: s.DefaultSession, Region: s.Region, Template: s.Template}
	for _, c := range s.Accounts {
		shown.Accounts = append(shown.Accounts, shownAccountSettings{c.Match, c.Alias, c.Tags, c.Region})
	}
	for _, c := range s.Consoles {
		shown.Consoles = append(shown.Consoles, shownConsole{
			c.Match, c.Role, c.Browser, c.Profile, c.Container, c.Color, c.Icon,
		})
	}
	return shown
}

// importText formats a plan for a person: what is new (+), changes (~), is there (=), and stays behind (!).
func (a *App) importText(i *importing) string {
	var b strings.Builder
	line := func(sign, format string, args ...any) {
		b.WriteString(sign + " " + a.Show(fmt.Sprintf(format, args...)) + "\n")
	}
	for _, p := range i.plans {
		from := ""
		for _, file := range p.Files {
			from += ": " + a.Tidy(file)
		}
		b.WriteString(a.Show(p.Tool+from) + "\n")
		for _, s := range p.Sessions {
			if s.New {
				line("+", "sso-session %s  %s, %s", s.Name, s.StartURL, s.Region)
			} else {
				line("=", "sso-session %s  already exists: %s", s.Name, s.StartURL)
			}
		}
		for _, c := range p.Profiles {
			sign := "~"
			if c.New {
				sign = "+"
			}
			line(sign, "profile %s  %s", c.Name, keysText(c.Keys))
			if c.Removed != "" {
				line("-", "profile %s  its credential_process (%s) is removed", c.Name, c.Removed)
			}
		}
		for _, l := range p.Left {
			line("!", "%s", a.leftText(l))
		}
	}
	if i.modern != nil && len(i.modern.Profiles)+len(i.modern.Kept) > 0 {
		b.WriteString("profiles with their own start URL\n" + a.modernizedText(i.modern))
	}
	a.additionsText(i, line)
	if i.newConfig == nil && i.settings.Data == nil {
		return b.String() + "nothing to import: everything that has an equivalent is already here\n"
	}
	return b.String() + "\n" + a.importDiff(i) + a.oldToolsText(i.old)
}

// additionsText lists what config.toml gets.
func (a *App) additionsText(i *importing, line func(sign, format string, args ...any)) {
	s := i.settings.Added
	for _, k := range [][2]string{
		{"default_session", s.DefaultSession}, {"region", s.Region}, {"template of profiles", s.Template},
	} {
		if k[1] != "" {
			line("+", "%s  %s", k[0], k[1])
		}
	}
	for _, c := range s.Accounts {
		var said []string
		if c.Alias != "" {
			said = append(said, "alias "+c.Alias)
		}
		if len(c.Tags) > 0 {
			said = append(said, "tags "+strings.Join(c.Tags, ", "))
		}
		if c.Region != "" {
			said = append(said, "region "+c.Region)
		}
		line("+", "account %s  %s", c.Match, strings.Join(said, "; "))
	}
	for _, c := range s.Consoles {
		where := strings.Join(strings.Fields(c.Match+" "+c.Role), " ")
		if where == "" {
			where = "all accounts"
		}
		said := "browser " + c.Browser
		for _, k := range [][2]string{
			{"profile", c.Profile}, {"container", c.Container}, {"colour", c.Color}, {"icon", c.Icon},
		} {
			if k[1] != "" {
				said += ", " + k[0] + " " + k[1]
			}
		}
		line("+", "console of %s  %s", where, said)
	}
	for _, k := range i.kept {
		line("!", "%s: %s", k.What, k.Reason)
	}
}

// keysText says what a profile's keys become.
func keysText(keys []awsconfig.Key) string {
	var all []string
	for _, k := range keys {
		if k.Value == "" {
			all = append(all, "no "+k.Name)
		} else {
			all = append(all, k.Name+" = "+k.Value)
		}
	}
	return strings.Join(all, ", ")
}

func (a *App) leftText(l imports.Left) string {
	text := l.What + ": " + l.Reason
	if l.File == "" {
		return text
	}
	place := a.Tidy(l.File)
	if l.Line > 0 {
		place += ":" + strconv.Itoa(l.Line)
	}
	return text + " (" + place + ")"
}

// noteLeft says what stays behind, when nothing is written.
func (a *App) noteLeft(i *importing) {
	for _, p := range i.plans {
		for _, l := range p.Left {
			a.warn(errors.New(p.Tool + ": " + a.leftText(l)))
		}
	}
	if i.modern != nil {
		a.noteKept(i.modern)
	}
}

// importDiff is the diff of both files.
func (a *App) importDiff(i *importing) string {
	text := ""
	if i.newConfig != nil {
		text += a.maskedDiff(i.config, i.newConfig)
	}
	if i.settings.Data != nil {
		text += a.diffText(i.own, i.settings.Data)
	}
	return text
}
