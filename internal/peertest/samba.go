package peertest

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Names of the domain of the tests.
const (
	SambaBase     = "DC=ad,DC=example,DC=test"
	SambaRealm    = "ad.example.test"
	SambaAdmin    = "Administrator@" + SambaRealm
	SambaPassword = "Passw0rd!x"
)

// Samba is a running Active Directory domain controller.
type Samba struct {
	URL    string // ldap://, where StartTLS is offered; without encryption it refuses to sign anybody in
	TLSURL string // ldaps://

	Authority *Authority

	dir string
}

// sambaStart brings the loopback interface of a new network up before Samba starts
// in it. Python comes with Samba; "ip" may not be there.
const sambaStart = `import fcntl, os, socket, struct, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    fcntl.ioctl(s, 0x8914, struct.pack("16sh14x", b"lo", 0x41))
os.execv(sys.argv[1], sys.argv[1:])
`

// StartSamba runs Samba as the domain controller of a domain of its own until the
// test ends, in a network of its own where the system allows that, since its ports
// cannot be chosen.
//
// The test is skipped where Samba is missing or cannot run: it needs root. With
// REQUIRE_PEERS=1 in the environment a test of root's fails in a container without
// Samba; scripts/setup-peers installs it there.
func StartSamba(t testing.TB) *Samba {
	t.Helper()
	program := findSamba(t)
	s := &Samba{Authority: NewAuthority(t), dir: t.TempDir()}
	leaf := s.Authority.Leaf(t, LeafOptions{})
	for name, data := range map[string][]byte{"ca.pem": s.Authority.PEM, "cert.pem": leaf.Certificate, "key.pem": leaf.Key} {
		if err := os.WriteFile(filepath.Join(s.dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	domain := s.copyDomain(t)
	args := []string{program, "-F", "--no-process-group", "-M", "single", "-s", filepath.Join(domain, "etc", "smb.conf"), "-d1", "--debug-stdout",
		"--option=server services=ldap", "--option=pid directory=" + s.dir, "--option=tls certfile=" + filepath.Join(s.dir, "cert.pem"),
		"--option=tls keyfile=" + filepath.Join(s.dir, "key.pem"), "--option=tls cafile=" + filepath.Join(s.dir, "ca.pem")}
	apart := exec.CommandContext(t.Context(), "unshare", "-n", "true").Run() == nil
	if apart {
		args = append([]string{"unshare", "-n", "/usr/bin/python3", "-c", sambaStart}, args...)
	} else if conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", "127.0.0.1:389"); err == nil {
		_ = conn.Close() // nothing was said
		t.Skip("Samba needs port 389, which another program has, and cannot have a network of its own here")
	}
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	cmd.Dir = s.dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatalf("start Samba: %v", err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		<-ended
		if t.Failed() {
			t.Logf("Samba said:\n%s", out.String())
		}
	})
	s.URL, s.TLSURL = "ldap://127.0.0.1", "ldaps://127.0.0.1"
	if apart {
		s.URL = "ldap://" + relay(t, cmd.Process.Pid, 389)
		s.TLSURL = "ldaps://" + relay(t, cmd.Process.Pid, 636)
	}
	s.wait(t, ended)
	return s
}

// wait returns once Samba answers with its certificate, or fails when it has ended.
func (s *Samba) wait(t testing.TB, ended <-chan struct{}) {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.Authority.PEM)
	address := strings.TrimPrefix(s.TLSURL, "ldaps://")
	if !strings.Contains(address, ":") {
		address += ":636"
	}
	dialer := tls.Dialer{Config: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	for {
		conn, err := dialer.DialContext(t.Context(), "tcp", address)
		if err == nil {
			_ = conn.Close() // nothing was said
			return
		}
		select {
		case <-ended:
			t.Fatalf("Samba ended before it answered: %v", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// findSamba is where Samba is.
func findSamba(t testing.TB) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("Samba needs root to be a domain controller: tests with Active Directory are skipped")
	}
	for _, program := range []string{"/usr/sbin/samba", "/usr/local/sbin/samba"} {
		if _, err := os.Stat(program); err != nil {
			continue
		}
		if _, err := exec.LookPath("samba-tool"); err == nil {
			return program
		}
	}
	err := errors.New("Samba is missing; in a container scripts/setup-peers installs it for root")
	if _, systemd := os.Stat("/run/systemd/system"); systemd == nil {
		t.Skip(err)
	}
	missingPeer(t, err)
	return ""
}

// copyDomain copies a new domain. Making one takes half a minute, so it is kept
// between runs of the tests, for each version of Samba.
func (s *Samba) copyDomain(t testing.TB) string {
	t.Helper()
	cache := s.dir
	if root, ok := moduleRoot(); ok {
		cache = filepath.Join(root, ".cache")
	}
	version, err := exec.CommandContext(t.Context(), "samba-tool", "--version").Output()
	if err != nil {
		t.Fatalf("samba-tool: %v", err)
	}
	kept := filepath.Join(cache, "samba-"+strings.Map(onlyVersion, string(version)))
	if _, err := os.Stat(kept); err != nil {
		makeDomain(t, cache, kept)
	}
	domain := filepath.Join(s.dir, "domain")
	if out, err := exec.CommandContext(t.Context(), "cp", "-a", kept, domain).CombinedOutput(); err != nil {
		t.Fatalf("copy the domain: %v\n%s", err, out)
	}
	file := filepath.Join(domain, "etc", "smb.conf")
	made, err := os.ReadFile(filepath.Join(domain, "made-in"))
	conf, err2 := os.ReadFile(file)
	if err := errors.Join(err, err2, os.WriteFile(file, bytes.ReplaceAll(conf, made, []byte(domain)), 0o600)); err != nil {
		t.Fatal(err)
	}
	return domain
}

func onlyVersion(r rune) rune {
	if strings.ContainsRune("0123456789.", r) {
		return r
	}
	return -1
}

// makeDomain makes the domain beside its place and moves it there in one step.
func makeDomain(t testing.TB, cache, kept string) {
	t.Helper()
	if err := os.MkdirAll(cache, 0o755); err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp(cache, "samba.")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // left by a failure only
	cmd := exec.CommandContext(t.Context(), "samba-tool", "domain", "provision", "--realm="+strings.ToUpper(SambaRealm), "--domain=ADTEST", "--server-role=dc",
		"--dns-backend=NONE", "--adminpass="+SambaPassword, "--host-name=dc1", "--host-ip=127.0.0.1", "--targetdir="+dir,
		"--option=interfaces=lo", "--option=bind interfaces only=yes")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make the domain: %v\n%s", err, out)
	}
	err = os.WriteFile(filepath.Join(dir, "made-in"), []byte(dir), 0o600)
	if err == nil {
		err = os.Rename(dir, kept)
	}
	if _, there := os.Stat(kept); err != nil && there != nil { // another run may have been faster
		t.Fatal(err)
	}
}

// relay listens on a free port and leads to a port in the network of a process.
func relay(t testing.TB, pid, port int) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			to, err := dialInside(pid, port)
			if err != nil {
				_ = from.Close() // as a port where nobody listens
				continue
			}
			for _, pair := range [][2]net.Conn{{from, to}, {to, from}} {
				go func() {
					_, _ = io.Copy(pair[0], pair[1]) // ends with either
					_ = pair[0].Close()
				}()
			}
		}
	}()
	return l.Addr().String()
}
