package tools

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// parsed is a YAML file. What it does not know of the file is left out.
func parsed(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

// What the workflow calls from outside is pinned by hash, since a tag can be
// moved; it may only read; and what it makes is a target of the Makefile.
func TestWorkflow(t *testing.T) {
	t.Parallel()
	var ci struct {
		Permissions map[string]string
		Jobs        map[string]struct {
			Permissions any
			Strategy    struct{ Matrix struct{ Target []string } }
			Steps       []struct{ Uses string }
		}
	}
	parsed(t, "../.github/workflows/ci.yml", &ci)
	if len(ci.Permissions) != 1 || ci.Permissions["contents"] != "read" {
		t.Errorf("the workflow may %v, want to read and no more", ci.Permissions)
	}
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	pinned, targets := regexp.MustCompile(`^[\w./-]+@[0-9a-f]{40}$`), map[string]bool{}
	for name, job := range ci.Jobs {
		if job.Permissions != nil {
			t.Errorf("%s has permissions of its own: %v", name, job.Permissions)
		}
		for _, s := range job.Steps {
			if s.Uses != "" && !pinned.MatchString(s.Uses) {
				t.Errorf("%s: %s is not pinned by its hash", name, s.Uses)
			}
		}
		for _, target := range job.Strategy.Matrix.Target {
			targets[target] = true
			if !strings.Contains(string(makefile), "\n"+target+":") {
				t.Errorf("%s makes %s, which the Makefile does not have", name, target)
			}
		}
	}
	if !targets["check"] || !targets["test"] {
		t.Errorf("made are %v, want check and test among them", targets)
	}
}

// New versions are suggested for every place that has some.
func TestDependabotKnowsEveryPlace(t *testing.T) {
	t.Parallel()
	var config struct {
		Updates []struct {
			Ecosystem   string `yaml:"package-ecosystem"`
			Directory   string
			Directories []string
		}
	}
	parsed(t, "../.github/dependabot.yml", &config)
	have := map[string]bool{}
	for _, u := range config.Updates {
		for _, directory := range append(u.Directories, u.Directory) {
			have[u.Ecosystem+" "+directory] = true
		}
	}
	for _, place := range []string{"gomod /", "gomod /tools", "gomod /tools/release", "npm /", "docker /", "docker-compose /", "github-actions /"} {
		if !have[place] {
			t.Errorf("nothing is suggested for %s", place)
		}
	}
}
