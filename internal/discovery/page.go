package discovery

import (
	"strings"

	"golang.org/x/net/html"
)

// metaRegion returns the content of <meta name="region" content="…"/> in a start page; "" when it has none, or two
// that differ.
func metaRegion(page string) string {
	region := ""
	for tags := html.NewTokenizer(strings.NewReader(page)); tags.Next() != html.ErrorToken; {
		tag := tags.Token()
		isStart := tag.Type == html.StartTagToken || tag.Type == html.SelfClosingTagToken
		content := strings.TrimSpace(strings.TrimSuffix(attribute(tag, "content"), "/"))
		if !isStart || tag.Data != "meta" || !strings.EqualFold(attribute(tag, "name"), "region") || content == "" {
			continue
		}
		if region != "" && region != content {
			return ""
		}
		region = content
	}
	return region
}

// attribute returns the value of an attribute: of duplicates, HTML takes the first.
func attribute(tag html.Token, name string) string {
	for _, a := range tag.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
