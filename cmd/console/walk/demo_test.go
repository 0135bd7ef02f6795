// Package walk walks through the program in a browser, from the claim link to
// the console of a Postern that is in use. It runs "console demo" as a process of
// its own, as people do. Walks wait for the browser much of the time, so several
// run at once.
package walk

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/postern-sso/postern/internal/browsertest"
	"github.com/postern-sso/postern/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m, removeProgram) }

// program is the path of the program, built once for all walks.
var program = sync.OnceValues(buildProgram) //nolint:gochecknoglobals // one build for all tests of the process

var programDir string //nolint:gochecknoglobals // where it was built; empty: nowhere

func buildProgram() (string, error) {
	dir, err := os.MkdirTemp("", "postern-walk")
	if err != nil {
		return "", err
	}
	programDir = dir
	path := filepath.Join(dir, "console")
	build := exec.CommandContext(context.Background(), "go", "build", "-buildvcs=false", "-o", path, "github.com/postern-sso/postern/cmd/console")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return path, nil
}

func removeProgram() {
	if programDir != "" {
		_ = os.RemoveAll(programDir) // what is left is in the folder for temporary files
	}
}

// command is one command line of the program.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return exec.CommandContext(context.WithoutCancel(t.Context()), path, args...)
}

// demo is "console demo" with a browser in front of it.
type demo struct {
	*browsertest.Browser
	t         *testing.T
	publicURL string
	awsURL    string
	appURL    string // of the sample app
	claimLink string
	database  string
	handOver  bool // somebody else holds the AWS console
}

var claimLink = regexp.MustCompile(`http://\S+/claim\?token=\S+`)

// startDemo runs the program as "make run" does, on ports that are free.
func startDemo(t *testing.T, way browsertest.Way) *demo {
	t.Helper()
	b := browsertest.Open(t)
	b.Use(way)
	listen, awsListen, appListen := keepAddress(t), keepAddress(t), keepAddress(t)
	d := &demo{Browser: b, t: t, publicURL: listen.url(), awsURL: awsListen.url(), appURL: appListen.url(), database: storetest.Database(t)}
	cmd := command(t, "demo", "--database-url", storetest.RunURL(d.database), "--migrate-database-url", d.database, "--data-dir", t.TempDir(),
		"--listen", listen.release(), "--aws-listen", awsListen.release(), "--app-listen", appListen.release())
	d.claimLink = claimLink.FindString(serve(t, cmd, "Postern is ready: "+d.publicURL))
	return d
}

// serve starts the program, returns what it has printed when it says that it is
// ready, and stops it when the test ends.
func serve(t *testing.T, cmd *exec.Cmd, ready string) string {
	t.Helper()
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // where it has ended, Wait says how
		if err := cmd.Wait(); err != nil {
			t.Errorf("after SIGTERM: %v", err)
		}
		if t.Failed() {
			t.Logf("it logged:\n%s", log.String())
		}
	})
	var printed strings.Builder
	for lines := bufio.NewScanner(out); lines.Scan(); {
		printed.WriteString(lines.Text() + "\n")
		if strings.HasPrefix(lines.Text(), ready) {
			return printed.String()
		}
	}
	t.Fatalf("it ended before it was ready; it printed:\n%s", printed.String())
	return ""
}

// address is one on this machine that nobody else takes before it is released.
type address struct{ net.Listener }

func keepAddress(t *testing.T) address {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return address{l}
}

func (a address) url() string {
	_, port, _ := strings.Cut(a.Addr().String(), ":")
	return "http://localhost:" + port
}

func (a address) release() string {
	_ = a.Close() // it was never used
	return a.Addr().String()
}
