package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestPicturesAreAsNewAsTheirTemplates(t *testing.T) {
	t.Parallel()
	all, err := load("../" + manifest)
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, p := range all {
		listed = append(listed, p.Picture)
		hash, err := hashOf("../"+templates, p.Templates)
		if err != nil {
			t.Errorf("%s: %v", p.Picture, err)
		} else if hash != p.SHA256 {
			t.Errorf("docs/images/%s is older than %s: run make screenshots, look at it, and commit it", p.Picture, strings.Join(p.Templates, ", "))
		}
	}
	files, err := filepath.Glob("../" + images + "/*.png")
	if err != nil {
		t.Fatal(err)
	}
	for i := range files {
		files[i] = filepath.Base(files[i])
	}
	slices.Sort(listed)
	if !slices.Equal(listed, files) { // sorted by name
		t.Errorf("pictures.json has %v, and the folder %v", listed, files)
	}
}

const page = `package console

import "github.com/postern-sso/postern/templates/ui"

// Users shows them.
templ Users(v UsersPage) {
	@layout.Page(v.Page) {
		<h1>Users</h1>
	}
}
`

// A template that moves to another folder shows the same; one that says
// something else does not.
func TestOnlyWhatShowsCounts(t *testing.T) {
	t.Parallel()
	moved := strings.NewReplacer("package console\n\nimport \"github.com/postern-sso/postern/templates/ui\"",
		"package people\n\nimport (\n\t\"github.com/postern-sso/postern/templates/kit\"\n\t\"github.com/postern-sso/postern/templates/ui\"\n)",
		"Users shows them", "Users is the list", "@layout.Page", "@kit.Page").Replace(page)
	if moved == page || string(shown([]byte(moved))) != string(shown([]byte(page))) {
		t.Errorf("moved, it shows\n%s\ninstead of\n%s", shown([]byte(moved)), shown([]byte(page)))
	}
	if changed := strings.Replace(page, "<h1>Users", "<h1>People", 1); string(shown([]byte(changed))) == string(shown([]byte(page))) {
		t.Error("another heading shows the same")
	}
}

func TestATemplateIsFoundByTheEndOfItsPath(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, name := range []string{"setup/users.templ", "people/users.templ", "people/groups.templ"} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{"groups.templ": "people/groups.templ", "setup/users.templ": "setup/users.templ",
		"users.templ": "", "ups.templ": ""} {
		got, err := find(folder, name)
		if (err == nil) != (want != "") || err == nil && got != filepath.Join(folder, want) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
