package discovery

import (
	"html"
	"regexp"
	"strings"
)

// metaRegion returns the content of <meta name="region" content="…"/> in a start page, in any order, case and
// quotation; "" when it has none, or two that differ.
func metaRegion(page string) string {
	page = regexp.MustCompile(`(?is)<!--.*?-->|<script.*?</script>`).ReplaceAllString(page, "")
	tags := regexp.MustCompile(`(?is)<meta\s(?:[^>"']|"[^"]*"|'[^']*')*>`)
	attributes := regexp.MustCompile(`(?is)([a-z-]+)\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)`)
	region := ""
	for _, tag := range tags.FindAllString(page, -1) {
		values := map[string]string{}
		for _, a := range attributes.FindAllStringSubmatch(tag, -1) {
			name := strings.ToLower(a[1])
			if _, twice := values[name]; !twice { // HTML takes the first
				values[name] = strings.TrimSpace(html.UnescapeString(strings.Trim(strings.TrimSuffix(a[2], "/"), `"'`)))
			}
		}
		if !strings.EqualFold(values["name"], "region") || values["content"] == "" {
			continue
		}
		if region != "" && region != values["content"] {
			return ""
		}
		region = values["content"]
	}
	return region
}
