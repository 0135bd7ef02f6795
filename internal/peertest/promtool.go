package peertest

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Promtool runs Prometheus's promtool with these arguments and that on its standard
// input, and returns what it says and whether it finds all good. The test is skipped
// where it is missing, and fails when the environment says REQUIRE_PEERS=1.
// scripts/setup-peers fetches it.
func Promtool(t testing.TB, stdin io.Reader, args ...string) (said string, good bool) {
	t.Helper()
	program, err := exec.LookPath("promtool")
	if root, ok := moduleRoot(); err != nil && ok {
		program = filepath.Join(root, ".cache", "prometheus", "usr", "bin", "promtool")
	}
	if _, err := os.Stat(program); err != nil {
		missingPeer(t, errors.New("promtool is missing; run scripts/setup-peers"))
	}
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Stdin = stdin
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("promtool: %v", err)
	}
	return string(out), err == nil
}
