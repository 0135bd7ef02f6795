package tools

import (
	"bytes"
	"os"
	"slices"
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
	var healthcheck []string
	var entrypoint bool
	for _, c := range last.Commands {
		switch c := c.(type) {
		case *instructions.UserCommand:
			user = c.User
		case *instructions.HealthCheckCommand:
			healthcheck = c.Health.Test
		case *instructions.EntrypointCommand:
			entrypoint = !c.PrependShell
		}
	}
	if user == "" || user == "root" || strings.HasPrefix(user, "0") {
		t.Errorf("the image runs as %q, want an unprivileged account", user)
	}
	if last.BaseName != "scratch" {
		t.Errorf("the image has all that %s has, want nothing but the program", last.BaseName)
	}
	if !slices.Equal(healthcheck, []string{"CMD", "/usr/local/bin/console", "health"}) {
		t.Errorf("the HEALTHCHECK is %q: there is no shell, and no other program", healthcheck)
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

// passwords are what the file .env has to hold.
func passwords() []string {
	return []string{"POSTERN_DB_ADMIN_PASSWORD=admin", "POSTERN_DB_PASSWORD=owner", "POSTERN_DB_RUN_PASSWORD=run"}
}

func TestComposeFile(t *testing.T) {
	t.Parallel()
	project, err := compose(t, passwords()...)
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
	for _, name := range []string{"postern", "migrate"} {
		if got := project.Services[name].DependsOn["postgres"].Condition; got != types.ServiceConditionHealthy {
			t.Errorf("%s starts when postgres is %q, want healthy", name, got)
		}
	}
	if project.Services["postgres"].HealthCheck == nil {
		t.Error("postgres has no health check")
	}
}

// Postern runs as a role that owns nothing, and never knows another's password.
func TestComposeFileGivesTheLeast(t *testing.T) {
	t.Parallel()
	project, err := compose(t, passwords()...)
	if err != nil {
		t.Fatal(err)
	}
	value := func(service, name string) string {
		if v := project.Services[service].Environment[name]; v != nil {
			return *v
		}
		return ""
	}
	for service, want := range map[string][2]string{
		"postern": {"postgres://postern_run:run@postgres:", ""},
		"migrate": {"postgres://postern_run:run@postgres:", "postgres://postern:owner@postgres:"},
	} {
		run, owner := value(service, "POSTERN_DATABASE_URL"), value(service, "POSTERN_MIGRATE_DATABASE_URL")
		if !strings.HasPrefix(run, want[0]) || !strings.HasPrefix(owner, want[1]) || (owner == "") != (want[1] == "") {
			t.Errorf("%s connects as %q, and as the owner as %q", service, run, owner)
		}
		for name, v := range project.Services[service].Environment {
			if v != nil && (strings.Contains(*v, "admin") || service == "postern" && strings.Contains(*v, "owner")) {
				t.Errorf("%s has in %s what it need not know", service, name)
			}
		}
	}
	if got := project.Services["postern"].DependsOn["migrate"].Condition; got != types.ServiceConditionCompletedSuccessfully {
		t.Errorf("postern starts when the migration is %q", got)
	}
	roles, err := os.ReadFile("../scripts/roles.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range []string{"postern", "postern_run"} {
		if !strings.Contains(string(roles), "create role "+role+" login password :") {
			t.Errorf("scripts/roles.sql makes no role %s", role)
		}
	}
	if value("postgres", "POSTGRES_USER") != "" || !strings.Contains(string(roles), `\getenv run_password POSTERN_DB_RUN_PASSWORD`) ||
		value("postgres", "POSTERN_DB_RUN_PASSWORD") != "run" {
		t.Error("the superuser is one of Postern's roles, or the database does not get their passwords")
	}
}

// What the proxy says of where somebody comes from is believed, and only when it
// comes through the network that the file itself makes.
func TestComposeFileKnowsTheProxy(t *testing.T) {
	t.Parallel()
	for _, env := range [][]string{nil, {"POSTERN_SUBNET=10.9.8.0/24"}} {
		project, err := compose(t, append(passwords(), env...)...)
		if err != nil {
			t.Fatal(err)
		}
		trusted := project.Services["postern"].Environment["POSTERN_TRUSTED_PROXIES"]
		networks := project.Networks["default"].Ipam.Config
		if trusted == nil || *trusted == "" || len(networks) != 1 || networks[0].Subnet != *trusted {
			t.Errorf("with %v the network is %v, and another one trusted", env, networks)
		}
	}
}

// The passwords stand in no file: without one of them nothing starts.
func TestComposeFileHoldsNoPassword(t *testing.T) {
	t.Parallel()
	for i, missing := range passwords() {
		name, _, _ := strings.Cut(missing, "=")
		others := append(append([]string{}, passwords()[:i]...), passwords()[i+1:]...)
		if _, err := compose(t, others...); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: %v, want an error that names it", name, err)
		}
	}
}
