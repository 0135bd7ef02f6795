package embeddedpg

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func needRoot(t *testing.T) {
	t.Helper()
	needServer(t)
	if os.Geteuid() != 0 {
		t.Skip("only root can switch accounts; the other tests cover ordinary users")
	}
}

func TestRootRunsTheServerUnderAnotherAccount(t *testing.T) {
	t.Parallel()
	needRoot(t)
	dataDir := filepath.Join(passableDir(t), "data")
	if err := os.Mkdir(dataDir, 0o700); err != nil { // as the one who makes the secret key does
		t.Fatal(err)
	}
	s := start(t, Options{DataDir: dataDir})
	if got := mode(t, dataDir); got != 0o710 {
		t.Errorf("the data folder has mode %v, want it passable for the account only", got)
	}
	want, err := unprivileged()
	if err != nil {
		t.Fatal(err)
	}
	for path, uid := range map[string]uint32{
		filepath.Join(dataDir, homeName):                 0, // so that the account cannot put links into it
		filepath.Join(dataDir, homeName, clusterName):    want.uid,
		filepath.Join(dataDir, homeName, socketName):     want.uid,
		filepath.Join(dataDir, homeName, serverLogName):  0,
		filepath.Join("/proc", strconv.Itoa(s.post.pid)): want.uid,
	} {
		owner, exists, err := ownerOf(path)
		if err != nil || !exists {
			t.Fatalf("%s: %v, %v", path, exists, err)
		}
		if owner.uid != uid {
			t.Errorf("%s belongs to %d, want %d", path, owner.uid, uid)
		}
	}
	groups, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(s.post.pid), "status"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(groups), "\nGroups:\t \n") && !strings.Contains(string(groups), "\nGroups:\t\n") {
		t.Errorf("the server has supplementary groups:\n%s", groups)
	}
}

// Below a folder such as /root the account cannot reach the data folder.
func TestRootInAFolderThatTheAccountCannotPass(t *testing.T) {
	t.Parallel()
	needRoot(t)
	base := passableDir(t)
	closed := filepath.Join(base, "closed")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	dataDir := filepath.Join(closed, "data")
	elsewhere := filepath.Join(base, "elsewhere")

	s := start(t, Options{DataDir: dataDir, relocateTo: elsewhere})
	write(t, s.URL())
	home, err := os.Readlink(filepath.Join(dataDir, homeName))
	if err != nil || filepath.Dir(home) != elsewhere {
		t.Fatalf("link leads to %q, %v, want a folder in %s", home, err, elsewhere)
	}
	if url, ok := Running(dataDir); !ok || url != s.URL() {
		t.Errorf("Running: %q, %v, want %q", url, ok, s.URL())
	}
	stop(t, s)
	s = start(t, Options{DataDir: dataDir, relocateTo: elsewhere})
	checkWritten(t, s.URL())
	stop(t, s)

	if err := os.RemoveAll(home); err != nil {
		t.Fatal(err)
	}
	_, err = Start(testContext(t), Options{DataDir: dataDir, relocateTo: elsewhere})
	if err == nil || !strings.Contains(err.Error(), "which is gone") {
		t.Errorf("with the files gone: got %v, want an error instead of an empty database", err)
	}
}

func TestRootWithoutAnyReachableFolder(t *testing.T) {
	t.Parallel()
	needRoot(t)
	closed := t.TempDir() // its parent is the test's account's alone
	_, err := Start(testContext(t), Options{DataDir: filepath.Join(closed, "data"), relocateTo: filepath.Join(closed, "other")})
	var access *AccessError
	if !errors.As(err, &access) {
		t.Fatalf("got %v, want an AccessError", err)
	}
	if !strings.Contains(err.Error(), "--data-dir") {
		t.Errorf("the error names no remedy: %v", err)
	}
}

func TestRootRefusesAHomeOfSomebodyElse(t *testing.T) {
	t.Parallel()
	needRoot(t)
	a, err := unprivileged()
	if err != nil {
		t.Fatal(err)
	}
	dataDir := passableDir(t)
	home := filepath.Join(dataDir, homeName)
	if err := os.Mkdir(home, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(home, int(a.uid), int(a.gid)); err != nil {
		t.Fatal(err)
	}
	_, err = Start(testContext(t), Options{DataDir: dataDir})
	if err == nil || !strings.Contains(err.Error(), "was made by the account "+a.name) {
		t.Errorf("got %v, want a refusal that names %s", err, a.name)
	}
}

// An ordinary user sees what root does not: PostgreSQL under the same account,
// and process numbers of the same user in stale pid files.
func TestAsOrdinaryUser(t *testing.T) {
	t.Parallel()
	needRoot(t)
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Skip(err)
	}
	uid, err := strconv.ParseUint(nobody.Uid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	dir := passableDir(t)
	if err := os.Chown(dir, int(uid), -1); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "embeddedpg.test")
	copyProgram(t, os.Args[0], binary)

	cmd := exec.CommandContext(testContext(t), binary, "-test.v",
		"-test.run=^(TestStartStopStart|TestKilledPosternLeavesTheServer|TestStalePidFileWithReusedNumber)$")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir, "TMPDIR="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Count(string(out), "--- PASS") != 3 {
		t.Errorf("%v\n%s", err, out)
	}
}

func copyProgram(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	// A process that another test starts meanwhile would have the file open for
	// writing until it is another program, and nobody can run it until then.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}
