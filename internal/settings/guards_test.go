package settings

import (
	"os"
	"path/filepath"
	"testing"
)

// A guard, a region or an alias that is for no account, or for another than was meant, is a mistake and not ignored.
func TestEntriesThatSayNothing(t *testing.T) {
	for name, text := range map[string]string{
		"a guard without accounts":  "[[account]]\nguarded = true\n",
		"a region without accounts": "[[account]]\nregion = \"eu-west-1\"\n",
		"a misspelled guard":        "[[account]]\nmatch = \"prod-*\"\nguarde = true\n",
		"one alias for many":        "[[account]]\nmatch = \"prod-*\"\nalias = \"prod\"\n",
		"one alias for any letter":  "[[account]]\nmatch = \"prod-?\"\nalias = \"prod\"\n",
		"one alias twice":           "[[account]]\nmatch = \"a\"\nalias = \"x\"\n[[account]]\nmatch = \"b\"\nalias = \"x\"\n",
	} {
		path := filepath.Join(t.TempDir(), "config.toml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := Load(path, Settings{}); err == nil {
			t.Errorf("%s: %+v", name, s)
		}
	}
}
