package identitycenter

import (
	"slices"
	"strings"
)

// partitions says which regions belong to which partition, in the words of botocore's
// partitions.json: the parts of a region's name before its last word and number.
var partitions = [...]struct {
	name   string
	before [][]string
}{
	{"aws", [][]string{{"us"}, {"eu"}, {"ap"}, {"sa"}, {"ca"}, {"me"}, {"af"}, {"il"}, {"mx"}}},
	{"aws-us-gov", [][]string{{"us", "gov"}}},
	{"aws-cn", [][]string{{"cn"}}},
	{"aws-eusc", [][]string{{"eusc", "de"}}},
}

// Partition gives the partition of a region: aws, aws-us-gov, aws-cn or aws-eusc. Text
// that is no region of these is none: "".
func Partition(region string) string {
	parts := strings.Split(region, "-")
	n := len(parts) - 2
	if n < 1 || len(parts[n+1]) > 2 || !made(parts[n+1], "0123456789") || !made(parts[n], "abcdefghijklmnopqrstuvwxyz") {
		return ""
	}
	for _, p := range partitions {
		if slices.ContainsFunc(p.before, func(before []string) bool { return slices.Equal(before, parts[:n]) }) {
			return p.name
		}
	}
	return ""
}

func made(text, of string) bool { return text != "" && strings.Trim(text, of) == "" }
