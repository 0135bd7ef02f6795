package tools

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// stages parses the Dockerfile as BuildKit does; its warnings are failures.
func stages(t *testing.T) []instructions.Stage {
	t.Helper()
	text, err := os.ReadFile("../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parser.Parse(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range parsed.Warnings {
		t.Errorf("Dockerfile: %s", w.Short)
	}
	lint := linter.New(&linter.Config{Warn: func(rule, _, _, message string, _ []parser.Range) {
		t.Errorf("Dockerfile: %s: %s", rule, message)
	}})
	all, _, err := instructions.Parse(parsed.AST, lint)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestDockerfile(t *testing.T) {
	t.Parallel()
	all := stages(t)
	last := all[len(all)-1]
	var user string
	var healthcheck, entrypoint bool
	for _, c := range last.Commands {
		switch c := c.(type) {
		case *instructions.UserCommand:
			user = c.User
		case *instructions.HealthCheckCommand:
			healthcheck = true
		case *instructions.EntrypointCommand:
			entrypoint = !c.PrependShell
		}
	}
	if user == "" || user == "root" || strings.HasPrefix(user, "0") {
		t.Errorf("the image runs as %q, want an unprivileged account", user)
	}
	if !healthcheck {
		t.Error("the image has no HEALTHCHECK")
	}
	if !entrypoint {
		t.Error("the image has no ENTRYPOINT in exec form: a shell in between would swallow SIGTERM")
	}
}

// The Go of the image must build the module.
func TestDockerfileGoVersion(t *testing.T) {
	t.Parallel()
	mod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mod)) {
		if version, ok := strings.CutPrefix(strings.TrimSpace(line), "go "); ok {
			minor := strings.Join(strings.Split(version, ".")[:2], ".")
			if base := stages(t)[0].BaseName; !strings.HasPrefix(base, "golang:"+minor) {
				t.Errorf("go.mod asks for Go %s, the image builds with %s", version, base)
			}
		}
	}
}

// compose loads docker-compose.yml as Docker Compose does, schema and
// references included.
func compose(t *testing.T, env ...string) (*types.Project, error) {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{"../docker-compose.yml"}, cli.WithEnv(env), cli.WithName("postern"))
	if err != nil {
		t.Fatal(err)
	}
	return options.LoadProject(t.Context())
}

func TestComposeFile(t *testing.T) {
	t.Parallel()
	project, err := compose(t, "POSTERN_DB_PASSWORD=x")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"postern", "postgres"} {
		service, err := project.GetService(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(service.Volumes) == 0 {
			t.Errorf("%s keeps its data nowhere", name)
		}
		for _, p := range service.Ports {
			if p.HostIP != "127.0.0.1" {
				t.Errorf("%s publishes port %s to the whole network", name, p.Published)
			}
		}
	}
	postern := project.Services["postern"]
	if got := postern.DependsOn["postgres"].Condition; got != types.ServiceConditionHealthy {
		t.Errorf("postern starts when postgres is %q, want healthy", got)
	}
	if project.Services["postgres"].HealthCheck == nil {
		t.Error("postgres has no health check")
	}
}

// The password stands in no file: without it nothing starts.
func TestComposeFileHoldsNoPassword(t *testing.T) {
	t.Parallel()
	if _, err := compose(t); err == nil || !strings.Contains(err.Error(), "POSTERN_DB_PASSWORD") {
		t.Errorf("without a password: %v, want an error that names POSTERN_DB_PASSWORD", err)
	}
}
