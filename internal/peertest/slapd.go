package peertest

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"
)

// Names of every slapd of the tests.
const (
	SlapdBase     = "dc=example,dc=test"
	SlapdAdmin    = "cn=admin,dc=example,dc=test"   // may everything, without limits
	SlapdReader   = "cn=reader,dc=example,dc=test"  // reads; at most 500 entries an answer, pages without limit
	SlapdLimited  = "cn=limited,dc=example,dc=test" // reads; at most 500 entries, pages or not
	SlapdBlind    = "cn=blind,dc=example,dc=test"   // may sign in and read nothing
	SlapdPassword = "secret"                        // of each of them
)

// Slapd is a running OpenLDAP with the overlays memberof, refint, syncprov and
// ppolicy: after three wrong passwords an account is locked.
type Slapd struct {
	URL    string // ldap://, where StartTLS is offered
	TLSURL string // ldaps://

	Authority *Authority
	Leaf      Leaf

	program slapdProgram
	dir     string
	process *os.Process
	ended   chan struct{}
}

// Stop ends the server: nobody answers at its ports any more.
func (s *Slapd) Stop(t testing.TB) {
	t.Helper()
	if err := s.process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-s.ended
}

// Freeze halts the server until the returned function is called, or the test ends:
// connections are taken, and nothing is answered.
func (s *Slapd) Freeze(t testing.TB) (thaw func()) {
	t.Helper()
	if err := s.process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	thaw = func() { _ = s.process.Signal(syscall.SIGCONT) } // it may have ended
	t.Cleanup(thaw)
	return thaw
}

// SlapdOptions are how a slapd differs from the usual one.
type SlapdOptions struct {
	LDIF       string      // entries that are there from the start, below the base, which is made
	Leaf       LeafOptions // its certificate
	RequireTLS bool        // refuses to talk without encryption: code 13
	MaxSize    int64       // bytes of the database; zero: enough for 20,000 entries
}

var slapdConfiguration = template.Must(template.New("slapd.conf").Parse(`include {{.Schema}}/core.schema
include {{.Schema}}/cosine.schema
include {{.Schema}}/nis.schema
include {{.Schema}}/inetorgperson.schema
modulepath {{.Modules}}
moduleload back_mdb
moduleload memberof
moduleload refint
moduleload syncprov
moduleload ppolicy
pidfile {{.Dir}}/run/slapd.pid
TLSCACertificateFile {{.Dir}}/ca.pem
TLSCertificateFile {{.Dir}}/cert.pem
TLSCertificateKeyFile {{.Dir}}/key.pem
{{if .RequireTLS}}security ssf=128
{{end}}database mdb
suffix "dc=example,dc=test"
rootdn "cn=admin,dc=example,dc=test"
rootpw secret
directory {{.Dir}}/db
maxsize {{.MaxSize}}
dbnosync
index objectClass,entryUUID,entryCSN,uid,cn,member,memberOf,memberUid eq
access to attrs=userPassword by self write by anonymous auth by * none
access to * by dn.exact="cn=reader,dc=example,dc=test" read by dn.exact="cn=limited,dc=example,dc=test" read by * none
limits dn.exact="cn=reader,dc=example,dc=test" size.soft=500 size.hard=500 size.pr=1000 size.prtotal=unlimited
limits dn.exact="cn=limited,dc=example,dc=test" size.soft=500 size.hard=500 size.pr=1000 size.prtotal=hard
overlay memberof
memberof-group-oc groupOfNames
memberof-refint true
overlay refint
refint_attributes member
refint_nothing "cn=empty,dc=example,dc=test"
overlay ppolicy
ppolicy_default "cn=policy,dc=example,dc=test"
ppolicy_use_lockout
overlay syncprov
syncprov-sessionlog 200
`))

// slapdEntries are there in every one.
const slapdEntries = `dn: dc=example,dc=test
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: cn=policy,dc=example,dc=test
objectClass: organizationalRole
objectClass: pwdPolicy
cn: policy
pwdAttribute: userPassword
pwdLockout: TRUE
pwdMaxFailure: 3

dn: cn=reader,dc=example,dc=test
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: reader
userPassword: secret

dn: cn=limited,dc=example,dc=test
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: limited
userPassword: secret

dn: cn=blind,dc=example,dc=test
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: blind
userPassword: secret

`

// StartSlapd runs OpenLDAP's slapd on free ports of the loopback interface until
// the test ends.
//
// Without slapd the test is skipped, or fails when the environment says
// REQUIRE_PEERS=1. scripts/setup-peers fetches it.
func StartSlapd(t testing.TB, o SlapdOptions) *Slapd {
	t.Helper()
	program, err := findSlapd()
	if err != nil {
		missingPeer(t, err)
	}
	s := &Slapd{Authority: NewAuthority(t), program: program, dir: t.TempDir()}
	s.Leaf = s.Authority.Leaf(t, o.Leaf)
	s.configure(t, o)
	s.load(t, slapdEntries+o.LDIF)
	for range 5 { // another program may take a port between its choice and its use
		if err = s.serve(t); err == nil {
			return s
		}
	}
	t.Fatal(err)
	return nil
}

func (s *Slapd) configure(t testing.TB, o SlapdOptions) {
	t.Helper()
	if o.MaxSize == 0 {
		o.MaxSize = 256 << 20
	}
	var conf bytes.Buffer
	if err := slapdConfiguration.Execute(&conf, map[string]any{"Dir": s.dir, "Schema": s.program.schema, "Modules": s.program.modules,
		"RequireTLS": o.RequireTLS, "MaxSize": o.MaxSize}); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"db", "run"} {
		if err := os.Mkdir(filepath.Join(s.dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, data := range map[string][]byte{"slapd.conf": conf.Bytes(), "ca.pem": s.Authority.PEM, "cert.pem": s.Leaf.Certificate, "key.pem": s.Leaf.Key} {
		if err := os.WriteFile(filepath.Join(s.dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// load puts entries into the database of a slapd that does not run.
func (s *Slapd) load(t testing.TB, ldif string) {
	t.Helper()
	file := filepath.Join(s.dir, "start.ldif")
	if err := os.WriteFile(file, []byte(ldif), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := s.command(t, "-Tadd", "-q", "-f", filepath.Join(s.dir, "slapd.conf"), "-l", file)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("slapadd: %v\n%s", err, out)
	}
}

func (s *Slapd) command(t testing.TB, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), s.program.slapd, args...)
	if s.program.libraries != "" {
		cmd.Env = append(cmd.Environ(), "LD_LIBRARY_PATH="+s.program.libraries)
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

func (s *Slapd) serve(t testing.TB) error {
	t.Helper()
	plain, secure := freeAddress(t), freeAddress(t)
	s.URL, s.TLSURL = "ldap://"+plain, "ldaps://"+secure
	cmd := s.command(t, "-f", filepath.Join(s.dir, "slapd.conf"), "-h", s.URL+"/ "+s.TLSURL+"/", "-d", "0")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start slapd: %w", err)
	}
	ended := make(chan struct{})
	var end error
	go func() { end = cmd.Wait(); close(ended) }()
	s.process, s.ended = cmd.Process, ended
	t.Cleanup(func() { <-ended }) // the test's context has ended, and slapd with it
	if err := waitForPort(t, plain, ended); err != nil {
		return fmt.Errorf("slapd ended with “%w” and said:\n%s", errors.Join(err, end), out.String())
	}
	return nil
}

// waitForPort returns once somebody listens, or the program has ended.
func waitForPort(t testing.TB, address string, ended <-chan struct{}) error {
	t.Helper()
	var d net.Dialer
	for {
		conn, err := d.DialContext(t.Context(), "tcp", address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ended:
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func freeAddress(t testing.TB) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // nothing was accepted
	return l.Addr().String()
}

// slapdProgram is where the parts of slapd are.
type slapdProgram struct{ slapd, modules, schema, libraries string }

func findSlapd() (slapdProgram, error) {
	folders := []string{"/"}
	if root, ok := moduleRoot(); ok {
		folders = append([]string{filepath.Join(root, ".cache", "slapd")}, folders...)
	}
	for _, folder := range folders {
		p := slapdProgram{slapd: filepath.Join(folder, "usr/sbin/slapd"), modules: filepath.Join(folder, "usr/lib/ldap"),
			schema: filepath.Join(folder, "etc/ldap/schema")}
		if _, err := os.Stat(p.slapd); err != nil {
			continue
		}
		if folder != "/" {
			libraries, err := filepath.Glob(filepath.Join(folder, "usr/lib/*/libslapi*"))
			if err == nil && len(libraries) > 0 {
				p.libraries = filepath.Dir(libraries[0])
			}
		}
		return p, nil
	}
	return slapdProgram{}, fmt.Errorf("slapd is in none of %s; run scripts/setup-peers", strings.Join(folders, ", "))
}
