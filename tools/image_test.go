package tools

import (
	"bufio"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// buildContext is a folder with what an engine gets to build from: everything but
// what .dockerignore leaves out.
func buildContext(t *testing.T) string {
	t.Helper()
	file, err := os.Open("../.dockerignore")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	patterns, err := ignorefile.ReadAll(bufio.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	ignored, err := patternmatcher.New(patterns)
	if err != nil {
		t.Fatal(err)
	}
	if ignored.Exclusions() {
		t.Fatal("a pattern with ! wants a walk into folders that are left out, which this test does not do")
	}
	root, context := "..", t.TempDir()
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		out, err := ignored.MatchesOrParentMatches(name)
		switch {
		case err != nil:
			return err
		case out && entry.IsDir():
			return fs.SkipDir
		case out || !entry.IsDir() && !entry.Type().IsRegular():
			return nil
		case entry.IsDir():
			return os.Mkdir(filepath.Join(context, name), 0o755)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(context, name), text, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	return context
}

// buildImage does what the first stage of the Dockerfile does with the program, in
// the context that an engine gets, and returns it. Modules come from where this
// machine has them: nothing is fetched.
func buildImage(t *testing.T) (console, context string) {
	t.Helper()
	context = buildContext(t)
	console = filepath.Join(t.TempDir(), "console")
	for _, stage := range stages(t) {
		for _, c := range stage.Commands {
			c, ok := c.(*instructions.CopyCommand)
			if !ok || c.From != "" {
				continue
			}
			for _, source := range c.SourcePaths {
				if _, err := os.Stat(filepath.Join(context, source)); err != nil {
					t.Errorf("the Dockerfile copies %s, which .dockerignore leaves out: %v", source, err)
				}
			}
		}
	}
	for _, c := range stages(t)[0].Commands {
		if c, ok := c.(*instructions.RunCommand); ok {
			line := strings.Join(c.CmdLine, " ")
			if !strings.Contains(line, "go build") {
				continue
			}
			if !strings.Contains(line, " -o /console ") {
				t.Fatalf("the Dockerfile builds something else: %s", line)
			}
			build := exec.CommandContext(t.Context(), "/bin/sh", "-c", strings.Replace(line, " -o /console ", " -o '"+console+"' ", 1))
			build.Dir = context
			build.Env = append(os.Environ(), "VERSION=tested", "GOPROXY=off", "GOWORK=off", "GOFLAGS=-mod=readonly")
			if out, err := build.CombinedOutput(); err != nil {
				t.Fatalf("%s: %v\n%s", line, err, out)
			}
		}
	}
	return console, context
}

// The image can be built from what .dockerignore leaves, and what docker-compose.yml
// starts in it are commands that it has, with variables that they read.
func TestImageIsBuiltFromItsContext(t *testing.T) {
	t.Parallel()
	console, context := buildImage(t)
	say := func(args ...string) string {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), console, args...).CombinedOutput()
		if err != nil {
			t.Errorf("console %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	if text := say("version"); !strings.Contains(text, "tested") {
		t.Errorf("console version says %q, and not the version that the image is built for", text)
	}
	for _, name := range []string{".git", "node_modules", ".env", "data", "bin", "tools"} {
		if _, err := os.Lstat(filepath.Join(context, name)); err == nil {
			t.Errorf("%s goes to the engine", name)
		}
	}
	project, err := compose(t, passwords()...)
	if err != nil {
		t.Fatal(err)
	}
	started := 0
	for _, service := range project.Services {
		if service.Build == nil {
			continue
		}
		started++
		startsWhatIsThere(t, service, say)
	}
	if started != 2 {
		t.Errorf("%d services are built, want the one that migrates and the one that serves", started)
	}
}

func startsWhatIsThere(t *testing.T, service types.ServiceConfig, say func(...string) string) {
	t.Helper()
	if folder, err := filepath.Abs(".."); err != nil || service.Build.Context != folder {
		t.Errorf("%s is built from %s, want %s (%v)", service.Name, service.Build.Context, folder, err)
	}
	help := say(append(append([]string{}, service.Command...), "--help")...)
	for variable := range service.Environment {
		if !strings.Contains(help, variable) {
			t.Errorf("%s starts %v with %s, which it does not read", service.Name, service.Command, variable)
		}
	}
	if len(service.Command) == 0 {
		t.Errorf("%s says no command", service.Name)
	}
	for _, v := range service.Volumes {
		if v.Type == types.VolumeTypeBind {
			if _, err := os.Stat(v.Source); err != nil {
				t.Errorf("%s: %v", service.Name, err)
			}
		}
	}
}
