package main

import (
	"go/ast"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/postern-sso/postern/internal/sourcetest"
)

// commandLine is every command of the program that does something.
func commandLine(t *testing.T) []*kong.Node {
	t.Helper()
	parser, err := kong.New(&commands{}, kong.Name("console"))
	if err != nil {
		t.Fatal(err)
	}
	return parser.Model.Leaves(false)
}

// docs/configuration.md has every flag of serve and demo with its variable, and
// no variable that is none.
func TestEveryFlagIsInTheReference(t *testing.T) {
	t.Parallel()
	reference := sourcetest.Read(t, "docs/configuration.md")
	known := map[string]bool{}
	for _, command := range commandLine(t) {
		for _, flag := range command.Flags {
			for _, env := range flag.Envs {
				known[env] = true
			}
			if command.Name != "serve" && command.Name != "demo" || flag.Hidden || flag.Name == "help" {
				continue
			}
			if !strings.Contains(reference, "`--"+flag.Name+"`") {
				t.Errorf("docs/configuration.md does not have --%s of %s", flag.Name, command.Name)
			}
			for _, env := range flag.Envs {
				if !strings.Contains(reference, "`"+env+"`") {
					t.Errorf("docs/configuration.md does not have %s of --%s", env, flag.Name)
				}
			}
		}
	}
	known[passphraseVariable] = true // not of a flag, so that nobody writes it into a command line
	for _, env := range regexp.MustCompile(`POSTERN_[A-Z_]+`).FindAllString(reference, -1) {
		if !known[env] {
			t.Errorf("docs/configuration.md has %s, which no command reads", env)
		}
	}
}

// Every command is in the guide, the reference or the README.
func TestEveryCommandIsExplained(t *testing.T) {
	t.Parallel()
	text := sourcetest.Read(t, "docs/configuration.md") + sourcetest.Read(t, "README.md") + sourcetest.Guide(t)
	for _, command := range commandLine(t) {
		name, _, _ := strings.Cut("console "+command.Path(), " <") // without its arguments
		if !strings.Contains(text, name) {
			t.Errorf("nothing explains %q", name)
		}
	}
}

// Every figure for Prometheus is in the reference.
func TestEveryFigureIsInTheReference(t *testing.T) {
	t.Parallel()
	reference := sourcetest.Read(t, "docs/guide/27-metrics-traces-logs.md")
	var figures []string
	for _, f := range sourcetest.Files(t, "web") {
		ast.Inspect(f, func(n ast.Node) bool {
			if kv, ok := n.(*ast.KeyValueExpr); ok {
				if name, ok := sourcetest.Text(kv.Value); ok && strings.HasPrefix(name, "postern_") {
					figures = append(figures, name)
				}
			}
			return true
		})
	}
	if len(figures) == 0 {
		t.Fatal("no figure was found")
	}
	slices.Sort(figures)
	for _, name := range slices.Compact(figures) {
		if !strings.Contains(reference, "`"+name) {
			t.Errorf("docs/guide/27-metrics-traces-logs.md does not have the figure %s", name)
		}
	}
}
