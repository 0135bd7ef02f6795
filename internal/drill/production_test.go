package drill_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/embeddedpg"
	"github.com/postern-sso/postern/internal/peertest"
)

// What the page and README tell administrators to type is typed here, as it stands
// there: roles, migrations, serve, each proxy, doctor.
func TestTheProductionPageIsFollowed(t *testing.T) {
	t.Parallel()
	page := readPage(t, "docs/guide/31-production.md")
	readme := readPage(t, "README.md")
	if page.box("sql", "create role") != readme.box("sql", "create role") {
		t.Error("README and the guide make different roles")
	}
	w := newWorld(t)
	w.psql(page.box("sql", "create role"))
	settings := page.box("sh", "console migrate")
	if out, err := w.shell(settings).CombinedOutput(); err != nil {
		t.Fatalf("migrate: %v\n%s", err, out)
	}
	exports, _, _ := strings.Cut(settings, "POSTERN_MIGRATE_DATABASE_URL")
	w.serve(exports + "exec " + page.box("sh", "console serve"))
	for name, proxy := range map[string]string{"nginx": w.nginx(page.box("nginx", "server {")), "HAProxy": w.haproxy(page.box("haproxy", "frontend"))} {
		w.throughTheProxy(name, proxy)
	}
	out, err := w.shell(exports + page.box("sh", "console doctor")).CombinedOutput()
	if err != nil || strings.Contains(string(out), "without TLS") || strings.Contains(string(out), "X-Forwarded-For") {
		t.Errorf("doctor: %v\n%s", err, out)
	}
}

// README has one process migrate and serve.
func TestTheReadmeIsFollowed(t *testing.T) {
	t.Parallel()
	readme := readPage(t, "README.md")
	w := newWorld(t)
	w.psql(readme.box("sql", "create role"))
	w.serve(readme.box("sh", "bin/console serve"))
	if out, err := w.shell(readme.box("sh", "bin/console serve"), "console serve", "console doctor").CombinedOutput(); err != nil {
		t.Errorf("doctor: %v\n%s", err, out)
	}
}

// page is a text for administrators, with boxes of what is to be typed.
type page struct {
	t    *testing.T
	text string
}

func readPage(t *testing.T, file string) page {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, file))
	if err != nil {
		t.Fatal(err)
	}
	return page{t, string(text)}
}

// box is the first box of a language that has the words, without the list around it.
func (p page) box(language, words string) string {
	p.t.Helper()
	for _, found := range regexp.MustCompile("(?ms)^( *)```"+language+"\n(.*?)^ *```").FindAllStringSubmatch(p.text, -1) {
		if text := regexp.MustCompile("(?m)^"+found[1]).ReplaceAllString(found[2], ""); strings.Contains(text, words) {
			return text
		}
	}
	p.t.Fatalf("there is no box in %s with %q", language, words)
	return ""
}

// world is a machine where what the pages say can be done: a PostgreSQL that takes
// strangers with TLS and a password only, and the program in the path.
type world struct {
	t                         *testing.T
	dir, sockets, bin         string
	database, listen, program string
	authority                 *peertest.Authority
}

const password = "s3cretOfTheTest"

func newWorld(t *testing.T) *world {
	t.Helper()
	bin, err := embeddedpg.FindBinaries("")
	if err != nil {
		t.Skip(err)
	}
	w := &world{t: t, dir: openFolder(t), sockets: openFolder(t), bin: bin, database: freeAddress(t), listen: freeAddress(t),
		program: string(built(t)), authority: peertest.NewAuthority(t)}
	w.startPostgres()
	return w
}

func (w *world) file(name string, data []byte) string {
	w.t.Helper()
	file := filepath.Join(w.dir, name)
	if err := os.WriteFile(file, data, 0o644); err != nil { //nolint:gosec // what runs under another account reads it
		w.t.Fatal(err)
	}
	return file
}

// words puts what is true here in the place of the page's examples.
func (w *world) words(text string) string {
	return strings.NewReplacer(
		"…", password, "db.example.com/postern?sslmode=verify-full", w.database+"/postern?sslmode=verify-full&sslrootcert="+w.file("ca.pem", w.authority.PEM),
		"/var/lib/postern", filepath.Join(w.dir, "data"), "10.0.0.7", "127.0.0.1", "POSTERN_LISTEN=:8080", "POSTERN_LISTEN="+w.listen,
		"bin/console", "console", "127.0.0.1:8080", w.listen,
		"/etc/ssl/sso.example.com.pem", filepath.Join(w.dir, "site.pem"), "/etc/ssl/sso.example.com.key", filepath.Join(w.dir, "site.key"),
		"/etc/haproxy/sso.example.com.pem", filepath.Join(w.dir, "both.pem"),
	).Replace(text)
}

// shell runs a script of a page; instead are pairs of words to replace in it.
func (w *world) shell(script string, instead ...string) *exec.Cmd {
	cmd := exec.CommandContext(w.t.Context(), "bash", "-euc", strings.NewReplacer(instead...).Replace(w.words(script))) //nolint:gosec // ours
	tools := filepath.Join(w.dir, "tools")
	_ = os.Mkdir(tools, 0o755)                                 //nolint:gosec // it may be there
	_ = os.Symlink(w.program, filepath.Join(tools, "console")) // likewise
	cmd.Dir, cmd.SysProcAttr = w.t.TempDir(), dieWithUs()
	cmd.Env = append(os.Environ(), "PATH="+tools+":"+os.Getenv("PATH"), "POSTERN_LISTEN="+w.listen)
	return cmd
}

func (w *world) psql(script string) {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), filepath.Join(w.bin, "psql"), "--host="+w.sockets, "--port="+w.port(), "--username=postgres", //nolint:gosec // ours
		"--dbname=postgres", "--set=ON_ERROR_STOP=1")
	cmd.Stdin = strings.NewReader(w.words(script))
	if out, err := cmd.CombinedOutput(); err != nil {
		w.t.Fatalf("psql: %v\n%s", err, out)
	}
}

// startPostgres starts it: its administrator comes by the socket, others by TLS.
func (w *world) startPostgres() {
	w.t.Helper()
	data, leaf := filepath.Join(w.dir, "pg"), w.authority.Leaf(w.t, peertest.LeafOptions{})
	initdb := asPostgres(w.t, filepath.Join(w.bin, "initdb"), "--pgdata="+data, "--username=postgres", "--auth=trust",
		"--locale=C.UTF-8", "--encoding=UTF8", "--no-sync")
	if out, err := initdb.CombinedOutput(); err != nil {
		w.t.Fatalf("initdb: %v\n%s", err, out)
	}
	// In the folder, and with the key, PostgreSQL wants its own account alone.
	install := asPostgres(w.t, "sh", "-euc", "umask 077; cat >"+data+"/server.pem; cp "+data+"/server.pem "+data+
		"/server.key; printf 'local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n' >"+data+"/pg_hba.conf")
	install.Stdin = bytes.NewReader(slices.Concat(leaf.Certificate, leaf.Key))
	if out, err := install.CombinedOutput(); err != nil {
		w.t.Fatalf("settings of PostgreSQL: %v\n%s", err, out)
	}
	cmd := asPostgres(w.t, filepath.Join(w.bin, "postgres"), "-D", data, "-k", w.sockets, "-p", w.port(), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off",
		"-c", "ssl=on", "-c", "ssl_cert_file=server.pem", "-c", "ssl_key_file=server.key")
	log := &lockedBuffer{}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGQUIT)
		_ = cmd.Wait()
		if w.t.Failed() {
			w.t.Logf("PostgreSQL said at last:\n%s", tail(log.String(), 10))
		}
	})
	for until := time.Now().Add(30 * time.Second); !strings.Contains(log.String(), "ready to accept connections"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(until) {
			w.t.Fatalf("PostgreSQL does not start:\n%s", log)
		}
	}
}

func (w *world) port() string {
	_, port, _ := net.SplitHostPort(w.database)
	return port
}

func (w *world) serve(script string) {
	w.t.Helper()
	cmd, log := w.shell(strings.Replace(script, "bin/console serve", "exec console serve", 1)), &lockedBuffer{}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGKILL)
		_ = cmd.Wait()
	})
	for until := time.Now().Add(time.Minute); !strings.Contains(log.String(), "Postern is ready"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(until) {
			w.t.Fatalf("serve is not ready:\n%s", log)
		}
	}
	if !strings.Contains(log.String(), "https://sso.example.com/claim") {
		w.t.Errorf("it prints no link to become the owner:\n%s", log)
	}
}

// throughTheProxy looks whether browsers reach Postern behind one: under its public
// address, by TLS alone, and with files as large as Postern takes them.
func (w *world) throughTheProxy(name, address string) {
	w.t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(w.authority.PEM)
	jar, _ := cookiejar.New(nil) // has no way to fail
	client := &http.Client{Jar: jar, Timeout: time.Minute, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, address)
		}}}
	var res *http.Response
	var err error
	for until := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if res, err = client.Get("https://sso.example.com/"); err == nil && res.StatusCode == http.StatusOK { //nolint:noctx // the client has a limit
			break
		}
		if time.Now().After(until) {
			w.t.Fatalf("%s: %v, %v", name, res, err)
		}
	}
	text, _ := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if res.Request.URL.Host != "sso.example.com" || !strings.Contains(string(text), "Postern") {
		w.t.Errorf("%s leads to %s:\n%.300s", name, res.Request.URL, text)
	}
	var form bytes.Buffer
	m := multipart.NewWriter(&form)
	file, _ := m.CreateFormFile("file", "users.csv") // a buffer takes all
	_, _ = file.Write(bytes.Repeat([]byte("x"), 4<<20))
	_ = m.Close()
	res, err = client.Post("https://sso.example.com/users/import", m.FormDataContentType(), &form) //nolint:noctx // the client has a limit
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode == http.StatusRequestEntityTooLarge || res.StatusCode >= 500 {
		w.t.Errorf("%s refuses a file of 4 MiB: %s", name, res.Status)
	}
}

func (w *world) nginx(config string) string {
	w.t.Helper()
	program, address := peer(w.t, "nginx"), freeAddress(w.t)
	w.certify()
	config = strings.Replace(w.words(config), "listen 443", "listen "+address, 1)
	file := w.file("nginx.conf", fmt.Appendf(nil, "daemon off;\nmaster_process off;\npid %[1]s/nginx.pid;\nerror_log stderr;\nevents {}\n"+
		"http {\naccess_log off;\nclient_body_temp_path %[1]s/b;\nproxy_temp_path %[1]s/p;\nfastcgi_temp_path %[1]s/f;\nuwsgi_temp_path %[1]s/u;\n"+
		"scgi_temp_path %[1]s/s;\n%[2]s}\n", w.dir, config))
	run(w.t, program, "-c", file, "-p", w.dir, "-e", "stderr")
	return address
}

func (w *world) haproxy(config string) string {
	w.t.Helper()
	program, address := peer(w.t, "haproxy"), freeAddress(w.t)
	w.certify()
	file := w.file("haproxy.cfg", []byte(strings.Replace(w.words(config), "bind :443", "bind "+address, 1)))
	run(w.t, program, "-db", "-f", file)
	return address
}

// certify makes the site's certificate, in the forms that the proxies want.
func (w *world) certify() {
	w.t.Helper()
	leaf := w.authority.Leaf(w.t, peertest.LeafOptions{Names: []string{"sso.example.com"}})
	w.file("site.pem", leaf.Certificate)
	w.file("site.key", leaf.Key)
	w.file("both.pem", slices.Concat(leaf.Certificate, leaf.Key))
}
