package ui

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// named is how pages and handlers name an icon: the argument of Icon, or a
// field of that name.
var named = regexp.MustCompile(`(?i)\bicon(?:\(|: *)"([^"]+)"`)

// The pages name no icon that is not served, and the list, which make assets
// reads, is what is served.
func TestEveryIconIsServed(t *testing.T) {
	t.Parallel()
	sprite, err := os.ReadFile("../../web/static/vendor/tabler-icons.svg")
	if err != nil {
		t.Fatal(err)
	}
	var served []string
	for _, m := range regexp.MustCompile(`<symbol id="([^"]+)" viewBox="0 0 24 24"><path `).FindAllSubmatch(sprite, -1) {
		served = append(served, string(m[1]))
	}
	list, err := os.ReadFile("../../scripts/icons.txt")
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Fields(string(list)); !slices.Equal(served, want) {
		t.Errorf("served are %v, listed %v. Run make assets", served, want)
	}
	for _, tone := range []Tone{Plain, Good, Warn, Bad, Info, None} {
		if !slices.Contains(served, tone.icon()) {
			t.Errorf("the icon of tone %q, %s, is not served", tone, tone.icon())
		}
	}
	used := 0
	for _, root := range []string{"../../templates", "../../web"} {
		err := filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".templ" && (filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_templ.go")) {
				return err
			}
			text, err := os.ReadFile(path)
			for _, m := range named.FindAllSubmatch(text, -1) {
				if used++; !slices.Contains(served, string(m[1])) {
					t.Errorf("%s names the icon %s, which is not served. Add it to scripts/icons.txt and run make assets", path, m[1])
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if used < 10 {
		t.Errorf("only %d icons are found in the pages", used)
	}
}
