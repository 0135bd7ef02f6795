package deploy

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// layout is the image as a folder, and its name there for skopeo and umoci.
func layout(t *testing.T) (folder, name string) {
	t.Helper()
	folder = t.TempDir()
	output(t, "tar", "--extract", "--file", filepath.Join(release(t), "postern-"+version+"-image-"+runtime.GOARCH+".tar"), "--directory", folder)
	return folder, folder + ":" + version
}

// imageConfig is what of the image's configuration is looked at.
type imageConfig struct {
	OS, Architecture, Created string
	Config                    struct {
		User                 string
		Env, Entrypoint, Cmd []string
		Volumes              map[string]any
		Labels               map[string]string
		Healthcheck          struct{ Test []string }
	}
}

func readConfig(t *testing.T, name string) (c imageConfig) {
	t.Helper()
	if err := json.Unmarshal([]byte(output(t, "skopeo", "inspect", "--config", "--raw", "oci:"+name)), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// skopeo, which is not ours, finds in the image what the Dockerfile says.
func TestRow29ImageIsSmallAndUnprivileged(t *testing.T) {
	t.Parallel()
	need(t, "skopeo")
	folder, name := layout(t)
	archive := filepath.Join(release(t), "postern-"+version+"-image-"+runtime.GOARCH+".tar")
	output(t, "skopeo", "--insecure-policy", "copy", "oci-archive:"+archive, "dir:"+t.TempDir()) // as into a registry
	if _, err := os.Stat(filepath.Join(folder, "oci-layout")); err != nil {
		t.Error(err)
	}
	var seen struct {
		Architecture, Os, Created string
		Layers                    []string
		Labels                    map[string]string
	}
	if err := json.Unmarshal([]byte(output(t, "skopeo", "inspect", "oci:"+name)), &seen); err != nil {
		t.Fatal(err)
	}
	if seen.Architecture != runtime.GOARCH || seen.Os != "linux" || seen.Created != "2025-06-15T15:06:40Z" || len(seen.Layers) != 1 ||
		seen.Labels["org.opencontainers.image.version"] != version || seen.Labels["org.opencontainers.image.revision"] != commit {
		t.Errorf("skopeo sees %+v", seen)
	}
	c := readConfig(t, name).Config
	program := []string{"/usr/local/bin/console"}
	if c.User != "10001:10001" || !slices.Equal(c.Entrypoint, program) || !slices.Equal(c.Cmd, []string{"serve"}) || c.Volumes["/data"] == nil {
		t.Errorf("it is run as %+v", c)
	}
	if !slices.Equal(c.Healthcheck.Test, []string{"CMD", program[0], "health"}) {
		t.Errorf("its health is asked by %q", c.Healthcheck.Test)
	}
}

// rootfs is the file system of the image, as umoci unpacks it.
func rootfs(t *testing.T) (root string, c imageConfig) {
	t.Helper()
	need(t, "skopeo", "umoci")
	_, name := layout(t)
	bundle := filepath.Join(t.TempDir(), "bundle")
	args := []string{"unpack", "--image", name, bundle}
	if os.Getuid() != 0 {
		args = slices.Insert(args, 1, "--rootless")
	}
	output(t, "umoci", args...)
	return filepath.Join(bundle, "rootfs"), readConfig(t, name)
}

// There is the program, what it needs of others, and nothing else: no shell.
func TestRow29ImageHoldsNothingElse(t *testing.T) {
	t.Parallel()
	root, _ := rootfs(t)
	var found []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(path, root)
		info, err := d.Info()
		if err != nil {
			return err
		}
		if name != "" && (!d.IsDir() || info.Mode() != fs.ModeDir|0o755) {
			found = append(found, info.Mode().String()+" "+name)
		}
		if info.Mode()&(fs.ModeSetuid|fs.ModeSetgid) != 0 {
			t.Errorf("%s runs as somebody else", name)
		}
		want := uint32(0) // what is the program's own it could change
		if name == "/data" || name == "/tmp" {
			want = 10001
		}
		if owner := info.Sys().(*syscall.Stat_t).Uid; os.Getuid() == 0 && owner != want {
			t.Errorf("%s is owned by %d, want %d", name, owner, want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"drwx------ /data", "-rw-r--r-- /etc/group", "-rw-r--r-- /etc/passwd", "-rw-r--r-- /etc/ssl/certs/ca-certificates.crt",
		"dtrwxrwxrwx /tmp", "-rwxr-xr-x /usr/local/bin/console"}
	if !slices.Equal(found, want) {
		t.Errorf("the image holds\n%s", strings.Join(found, "\n"))
	}
}

// namespaced is how a command gets mounts of its own here, or the test is skipped.
func namespaced(t *testing.T) (prefix []string) {
	t.Helper()
	need(t, "unshare", "setpriv")
	prefix = []string{"unshare", "--mount"}
	if os.Getuid() != 0 {
		prefix = []string{"unshare", "--user", "--map-root-user", "--mount"}
	}
	try := append(slices.Clone(prefix), "mount", "-t", "tmpfs", "tmpfs", "/mnt")
	if out, err := exec.CommandContext(t.Context(), try[0], try[1:]...).CombinedOutput(); err != nil {
		t.Skipf("this account may not mount here, not even for itself alone: %s", out)
	}
	return prefix
}

// The image is run without an engine: as its account, on files that it cannot
// write, without a shell, until its own health check says that it is well.
func TestRow29ImageRuns(t *testing.T) {
	t.Parallel()
	prefix := namespaced(t)
	root, c := rootfs(t)
	tmp := t.TempDir()
	file, database := socket(t, "/tmp")
	if err := os.WriteFile(filepath.Join(tmp, filepath.Base(file)), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(tmp, 0o777); err != nil { //nolint:gosec // as /tmp is
		t.Fatal(err)
	}
	address := freeAddress(t)
	run := func(args ...string) *exec.Cmd {
		line := slices.Concat(prefix, []string{"testdata/image.sh", root, tmp, file}, args)
		cmd := exec.CommandContext(t.Context(), line[0], line[1:]...)
		// The image's own, and what is given to it; of those the last one counts.
		cmd.Env = append(slices.Clone(c.Config.Env), "POSTERN_DATABASE_URL="+database, "POSTERN_LISTEN="+address,
			"PATH="+os.Getenv("PATH"), "IMAGE_USER="+c.Config.User)
		if os.Getuid() == 0 {
			cmd.Env = append(cmd.Env, "AS_ROOT=yes")
		}
		return cmd
	}
	serve := run(append(slices.Clone(c.Config.Entrypoint), c.Config.Cmd...)...)
	console := start(t, serve)
	health := run(c.Config.Healthcheck.Test[1:]...)
	if out, err := health.CombinedOutput(); err != nil || string(out) != "ok\n" {
		t.Errorf("the health check: %v, %s", err, out)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", console.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"NoNewPrivs:\t1", "CapEff:\t0000000000000000", "CapPrm:\t0000000000000000"} {
		if !strings.Contains(string(status), line) {
			t.Errorf("it has rights: no line %q in\n%s", line, status)
		}
	}
	if info, err := os.Stat(filepath.Join(root, "data", "secret.key")); err != nil || info.Mode() != 0o600 ||
		os.Getuid() == 0 && info.Sys().(*syscall.Stat_t).Uid != 10001 {
		t.Errorf("the key in the volume: %v", err)
	}
	if err := console.stop(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
	after := run(c.Config.Healthcheck.Test[1:]...)
	if out, err := after.CombinedOutput(); err == nil {
		t.Errorf("the health check of nobody says %s", out)
	}
}

// process is a Postern that is ready.
type process struct {
	cmd *exec.Cmd
}

func (p process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return p.cmd.Wait()
}

// start starts a command and returns when it says that Postern is ready.
func start(t *testing.T, cmd *exec.Cmd) process {
	t.Helper()
	var log strings.Builder
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.Contains(lines.Text(), "Postern is ready") {
			return process{cmd}
		}
	}
	_ = cmd.Wait() // it ended by itself
	t.Fatalf("%v ended before it was ready:\n%s", cmd.Args, log.String())
	return process{}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // only its number is of use
	return l.Addr().String()
}
