package imports

import (
	"slices"
	"strings"

	"rolecall/internal/inventory"
	"rolecall/internal/settings"
)

// containerName names a browser's container or profile; both tools name them after their profiles.
const containerName = "{{ .AccountName }}-{{ .RoleName }}"

// Colours and icons that Firefox's containers have.
func colors() []string {
	return []string{"blue", "turquoise", "green", "yellow", "orange", "red", "pink", "purple"}
}

func icons() []string {
	return []string{
		"fingerprint", "briefcase", "dollar", "cart", "gift", "vacation", "food", "fruit", "pet", "tree", "chill", "circle",
	}
}

// console plans where consoles open, without a colour or icon that there is not.
func (b *builder) console(c settings.Console, line int) {
	for _, is := range []struct {
		what  string
		value *string
		all   []string
	}{{"colour", &c.Color, colors()}, {"icon", &c.Icon, icons()}} {
		if *is.value != "" && !slices.Contains(is.all, *is.value) {
			b.left(is.what+" "+*is.value, line, "containers have no such icon or color")
			*is.value = ""
		}
	}
	if !slices.Contains(b.plan.Settings.Consoles, c) {
		b.plan.Settings.Consoles = append(b.plan.Settings.Consoles, c)
	}
}

// alias makes an alias of an account's name: it can have neither blanks nor what a target is written with.
func (b *builder) alias(account, name string, line int) string {
	if name == "" {
		return ""
	}
	alias := strings.Join(strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune(" \t/:", r) }), "-")
	if !isText(alias) || inventory.IsAccountID(alias) {
		b.left("account "+account+": name "+name, line, "it cannot be an alias")
		return ""
	}
	return alias
}

// browserOf returns our name of a browser, by its program or another tool's name.
func browserOf(text string) string {
	text = strings.ToLower(strings.TrimSuffix(text, "/"))
	text = text[strings.LastIndexAny(text, `/\`)+1:]
	text = strings.TrimSuffix(strings.TrimSuffix(text, ".app"), ".exe")
	switch text {
	case "firefox", "firefox-esr", "brave", "chrome", "chromium", "edge", "safari", "vivaldi":
		return strings.TrimSuffix(text, "-esr")
	case "google-chrome", "google-chrome-stable", "google chrome":
		return "chrome"
	case "chromium-browser":
		return "chromium"
	case "brave-browser", "brave browser":
		return "brave"
	case "microsoft-edge", "microsoft-edge-stable", "microsoft edge", "msedge":
		return "edge"
	case "vivaldi-stable":
		return "vivaldi"
	}
	return ""
}

// browser plans the browser of aws-sso-cli, and reports whether each role has a container.
func (a *awsSSO) browser() (container bool) {
	action := a.top["UrlAction"]
	switch text := scalar(action.value); text {
	case "open-url-in-container", "granted-containers":
		container = true
	case "", "open":
	default:
		a.left("UrlAction "+text, action.line, "consoles open in the browser here; rolecall console --print or --copy")
	}
	container = container || isTrue(a.top["FirefoxOpenUrlInContainer"].value) || isTrue(a.top["OpenUrlInContainer"].value)
	named := a.top["Browser"]
	name := scalar(named.value)
	found := browserOf(name)
	switch {
	case container:
		a.console(settings.Console{Browser: "firefox", Container: containerName}, action.line)
	case found != "":
		a.console(settings.Console{Browser: found}, named.line)
	case name != "":
		a.left("Browser "+name, named.line, "rolecall console does not know this browser")
	}
	return container
}
