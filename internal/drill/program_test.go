package drill_test

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// repository is the folder that everything is built from.
const repository = "../.."

// program is a built console.
type program string

// thisProgram is built once for all tests of a process.
var thisProgram = sync.OnceValues(func() (program, error) { //nolint:gochecknoglobals // see above
	dir, err := os.MkdirTemp("", "postern-drill-this-") // TestMain removes it
	if err != nil {
		return "", err
	}
	return build(repository, filepath.Join(dir, "console"))
})

func removeBuilt() {
	if p, err := thisProgram(); err == nil {
		_ = os.RemoveAll(filepath.Dir(string(p)))
	}
}

func built(t *testing.T) program {
	t.Helper()
	wasBuilt.Store(true)
	p, err := thisProgram()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func build(source, file string) (program, error) {
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", file, "./cmd/console") //nolint:noctx,gosec // as long as the test
	cmd.Dir = source
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", &buildError{string(out), err}
	}
	return program(file), nil
}

type buildError struct {
	out string
	err error
}

func (e *buildError) Error() string { return e.err.Error() + "\n" + e.out }

// lastRelease builds the program of the newest line of deploy/releases, from the history.
// Where the history is not there, the test is skipped.
func lastRelease(t *testing.T) (p program, version string) {
	t.Helper()
	r := releases(t)
	last := r[len(r)-1]
	folder, err := filepath.Abs(filepath.Join(repository, ".cache", "releases", last.commit))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "console")
	if _, err := os.Stat(file); err == nil {
		return program(file), last.version
	}
	source := t.TempDir()
	archive := exec.CommandContext(t.Context(), "git", "-c", "safe.directory=*", "archive", "--format=tar", last.commit) //nolint:gosec // from our own table
	archive.Dir = repository
	tar, err := archive.Output()
	if err != nil {
		t.Skipf("the history is not here, so %s (%s) cannot be built: %v", last.version, last.commit, err)
	}
	unpack := exec.CommandContext(t.Context(), "tar", "-x", "-C", source)
	unpack.Stdin = bytes.NewReader(tar)
	if out, err := unpack.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if p, err = build(source, file); err != nil {
		t.Fatal(err)
	}
	return p, last.version
}

// process is a program that serves.
type process struct {
	t       *testing.T
	address string
	cmd     *exec.Cmd
	log     *lockedBuffer
	ended   chan struct{}
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}
func (b *lockedBuffer) String() string { b.mu.Lock(); defer b.mu.Unlock(); return b.buf.String() }

// command runs the program to its end.
func (p program) command(t *testing.T, args ...string) (out string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), string(p), args...) //nolint:gosec // what was built here
	cmd.Dir = t.TempDir()
	text, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(text), cmd.ProcessState.ExitCode()
}

func (p program) mustDo(t *testing.T, args ...string) string {
	t.Helper()
	out, code := p.command(t, args...)
	if code != 0 {
		t.Fatalf("%v: exit %d\n%s", args, code, out)
	}
	return out
}

// serve starts the program and returns when it answers.
func (p program) serve(t *testing.T, args ...string) *process {
	t.Helper()
	x := &process{t: t, address: freeAddress(t), log: &lockedBuffer{}, ended: make(chan struct{})}
	x.cmd = exec.Command(string(p), append([]string{"serve", "--listen", x.address}, args...)...) //nolint:noctx,gosec // ended below
	x.cmd.Dir, x.cmd.Stdout, x.cmd.Stderr = t.TempDir(), x.log, x.log
	x.cmd.SysProcAttr = dieWithUs()
	if err := x.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = x.cmd.Wait(); close(x.ended) }()
	t.Cleanup(func() {
		x.signal(syscall.SIGKILL)
		<-x.ended
		if t.Failed() {
			t.Logf("the process on %s complained:\n%sand said at last:\n%s", x.address, complaints(x.log.String()), tail(x.log.String(), 10))
		}
	})
	for until := time.Now().Add(time.Minute); !strings.Contains(x.log.String(), "Postern is ready"); {
		select {
		case <-x.ended:
			t.Fatalf("serve ended:\n%s", x.log)
		case <-time.After(20 * time.Millisecond): // nothing else tells
		}
		if time.Now().After(until) {
			t.Fatalf("serve is not ready:\n%s", x.log)
		}
	}
	return x
}

// complaints are the warnings and errors of a log.
func complaints(log string) string {
	var b strings.Builder
	for line := range strings.Lines(log) {
		if strings.Contains(line, "level=WARN") || strings.Contains(line, "level=ERROR") {
			b.WriteString(line)
		}
	}
	return b.String()
}

func tail(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

func (x *process) signal(s syscall.Signal) { _ = x.cmd.Process.Signal(s) } // it may have ended

// stop is what a service manager does.
func (x *process) stop() {
	x.t.Helper()
	x.signal(syscall.SIGTERM)
	<-x.ended
	if code := x.cmd.ProcessState.ExitCode(); code != 0 {
		x.t.Errorf("after SIGTERM: exit %d\n%s", code, tail(x.log.String(), 10))
	}
}

// dump ends the process and returns what its goroutines were at.
func (x *process) dump() string {
	x.t.Helper()
	x.signal(syscall.SIGQUIT)
	<-x.ended
	_, dump, _ := strings.Cut(x.log.String(), "SIGQUIT: quit")
	return dump
}

// readyz is what the process says of itself.
func (x *process) readyz(ctx context.Context) (status int, text string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+x.address+"/readyz", nil)
	if err != nil {
		return 0, err.Error()
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = res.Body.Close() }()
	var b bytes.Buffer
	_, _ = b.ReadFrom(res.Body)
	return res.StatusCode, b.String()
}

// waitReady returns when readyz answers so.
func (x *process) waitReady(status int) (text string) {
	x.t.Helper()
	for until := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		is, text := x.readyz(x.t.Context())
		if is == status {
			return text
		}
		if time.Now().After(until) {
			x.t.Fatalf("readyz says %d %q, want %d", is, text, status)
		}
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}
