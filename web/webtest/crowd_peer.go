package webtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"
)

// crowdClient is Node.js and the folder with an npm package. Without them the
// test is skipped, or fails when the environment says REQUIRE_PEERS=1.
func crowdClient(t testing.TB, name string) (node, packages string) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err == nil {
		packages, err = filepath.Abs("../node_modules")
	}
	if err == nil {
		_, err = os.Stat(filepath.Join(packages, name))
	}
	if err != nil {
		err = errors.Join(fmt.Errorf("the package %s or Node.js is missing; run “npm ci”", name), err)
		if os.Getenv("REQUIRE_PEERS") == "1" { //nolint:forbidigo // a setting of the test run, not of Postern
			t.Fatal(err)
		}
		t.Skip(err)
	}
	return node, packages
}

// Run lets a client use the directory, and returns what it printed.
func (s *CrowdSite) Run(client, script string, args ...string) map[string]any {
	s.T.Helper()
	node, packages := crowdClient(s.T, client)
	cmd := exec.CommandContext(s.T.Context(), node, append([]string{"testdata/" + script, packages}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	s.Must(err)
	var got map[string]any
	s.Must(json.Unmarshal(out, &got))
	return got
}

func (s *CrowdSite) WantSaid(got map[string]any, text string) {
	s.T.Helper()
	var want map[string]any
	s.Must(json.Unmarshal([]byte(text), &want))
	for name := range want {
		if !reflect.DeepEqual(got[name], want[name]) {
			s.T.Errorf("%s\n gave %v\n want %v", name, got[name], want[name])
		}
	}
}
