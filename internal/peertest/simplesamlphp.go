package peertest

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// ServiceProvider is whom the identity provider answers.
type ServiceProvider struct {
	EntityID string // the audience of its assertions
	ACSURL   string // where its answers are posted
}

// User is a person who can sign in. What is empty is not sent.
type User struct {
	Username string // the sign-in name; sent as NameID
	Password string

	Email     string   // attribute email
	FirstName string   // attribute firstName
	LastName  string   // attribute lastName
	UserID    string   // attribute userId
	Groups    []string // attribute groups, one value each
}

// IdP is a running SimpleSAMLphp.
type IdP struct {
	baseURL  string
	dir      string // its configuration, keys and sessions
	entityID string
	metadata []byte
}

//go:embed simplesamlphp
var configuration embed.FS

// StartSimpleSAMLphp runs SimpleSAMLphp 1.19 under PHP's built-in server on a
// free port of the loopback interface until the test ends. It is set up like an
// application of AWS IAM Identity Center: RSA-SHA256 signatures over Response and
// Assertion by a key of its own (RSA, 2048 bits), answers by HTTP-POST, the
// sign-in name as NameID, the attributes of [User], nothing encrypted.
//
// Without SimpleSAMLphp or PHP the test is skipped, or fails when the
// environment says REQUIRE_PEERS=1. scripts/setup-peers fetches both.
func StartSimpleSAMLphp(t testing.TB, sp ServiceProvider, users []User) *IdP {
	t.Helper()
	program, php, err := findSimpleSAMLphp()
	if err != nil {
		missingPeer(t, err)
	}
	p := &IdP{dir: t.TempDir()}
	if err := p.writeConfiguration(); err != nil {
		t.Fatal(err)
	}
	p.SetUsers(t, users)
	p.baseURL = servePHP(t, php, filepath.Join(program, "www"), p.dir)
	// PHP reads the settings anew for every request, so they can hold the
	// address that the server has chosen.
	p.writeJSON(t, "settings.json", map[string]string{
		"base_url": p.baseURL, "secret": rand.Text(),
		"sp_entity_id": sp.EntityID, "sp_acs_url": sp.ACSURL,
	})
	p.entityID = p.baseURL + "saml2/idp/metadata.php"
	p.metadata = fetch(t, p.entityID)
	return p
}

// URL is the address under which a browser reaches it, with a slash at the end.
func (p *IdP) URL() string { return p.baseURL }

// EntityID is the Issuer of its messages.
func (p *IdP) EntityID() string { return p.entityID }

// MetadataXML is the metadata that it publishes.
func (p *IdP) MetadataXML() []byte { return bytes.Clone(p.metadata) }

// SetUsers replaces the people who can sign in. Who is signed in already keeps
// the old attributes until the browser's cookies are gone.
func (p *IdP) SetUsers(t testing.TB, users []User) {
	t.Helper()
	people := make(map[string]map[string][]string, len(users))
	for _, u := range users {
		attributes := map[string][]string{"signInName": {u.Username}}
		for name, value := range map[string]string{
			"email": u.Email, "firstName": u.FirstName, "lastName": u.LastName, "userId": u.UserID,
		} {
			if value != "" {
				attributes[name] = []string{value}
			}
		}
		if len(u.Groups) > 0 {
			attributes["groups"] = u.Groups
		}
		people[u.Username+":"+u.Password] = attributes
	}
	p.writeJSON(t, "users.json", people)
}

func (p *IdP) writeJSON(t testing.TB, name string, value any) {
	t.Helper()
	data, err := json.Marshal(value)
	if err == nil {
		err = os.WriteFile(filepath.Join(p.dir, name), data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// writeConfiguration fills the folder with the PHP files, a new key and a
// certificate for it.
func (p *IdP) writeConfiguration() error {
	files, err := fs.Sub(configuration, "simplesamlphp")
	if err != nil {
		return err
	}
	if err := os.CopyFS(p.dir, files); err != nil {
		return err
	}
	for _, name := range []string{"cert", "data", "temp"} {
		if err := os.Mkdir(filepath.Join(p.dir, name), 0o700); err != nil {
			return err
		}
	}
	key, certificate, err := newKeyPair()
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(p.dir, "cert", "idp.key"), key, 0o600),
		os.WriteFile(filepath.Join(p.dir, "cert", "idp.crt"), certificate, 0o600))
}

// findSimpleSAMLphp returns the folder of the program and the PHP to run it.
func findSimpleSAMLphp() (program, php string, err error) {
	const fix = "run scripts/setup-peers"
	folders := []string{"/usr/share/simplesamlphp"}
	if root, ok := moduleRoot(); ok {
		folders = append([]string{filepath.Join(root, ".cache", "simplesamlphp", "usr", "share", "simplesamlphp")}, folders...)
	}
	for _, folder := range folders {
		if _, err := os.Stat(filepath.Join(folder, "www", "saml2", "idp", "SSOService.php")); err == nil {
			program = folder
			break
		}
	}
	if program == "" {
		return "", "", fmt.Errorf("SimpleSAMLphp 1.19 is in none of %s; %s", strings.Join(folders, ", "), fix)
	}
	php, err = exec.LookPath("php")
	if err != nil {
		return "", "", fmt.Errorf("no PHP to run SimpleSAMLphp with; %s", fix)
	}
	return program, php, nil
}

// moduleRoot is the folder of go.mod: tests run in the folder of their package.
func moduleRoot() (string, bool) {
	dir, err := os.Getwd()
	for err == nil {
		if _, statErr := os.Stat(filepath.Join(dir, "go.mod")); statErr == nil {
			return dir, true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			break
		}
		dir = parent
	}
	return "", false
}

// started is what PHP's built-in server says once it listens.
var started = regexp.MustCompile(`Development Server \((http://127\.0\.0\.1:\d+)\) started`)

// servePHP serves the folder until the test ends and returns the address.
func servePHP(t testing.TB, php, folder, configDir string) string {
	t.Helper()
	// The machine's php.ini names the extensions, so it counts; what must not
	// depend on it is set here.
	cmd := exec.CommandContext(t.Context(), php,
		"-d", "display_errors=0", "-d", "log_errors=1", "-d", "error_log=", "-d", "short_open_tag=0",
		"-d", "session.auto_start=0", "-S", "127.0.0.1:0", "-t", folder)
	cmd.Env = append(cmd.Environ(), "SIMPLESAMLPHP_CONFIG_DIR="+configDir)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start PHP: %v", err)
	}
	log, address := watch(stderr)
	t.Cleanup(func() { // after the test's context has ended, and PHP with it
		text := log()
		_ = cmd.Wait() // killed
		if t.Failed() {
			t.Logf("SimpleSAMLphp said:\n%s", text)
		}
	})
	url, ok := <-address
	if !ok {
		t.Fatal("PHP's built-in server did not start")
	}
	return url + "/"
}

// watch reads what PHP says. The address comes as soon as it is known; log waits
// for the end of PHP and returns everything.
func watch(r io.Reader) (log func() string, address <-chan string) {
	var text strings.Builder
	found := make(chan string, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(found)
		var once sync.Once
		lines := bufio.NewScanner(r)
		for lines.Scan() {
			fmt.Fprintln(&text, lines.Text())
			if m := started.FindStringSubmatch(lines.Text()); m != nil {
				once.Do(func() { found <- m[1] })
			}
		}
		_, _ = io.Copy(io.Discard, r) // a line too long must not block PHP
	}()
	return func() string { <-done; return text.String() }, found
}

func fetch(t testing.TB, url string) []byte {
	t.Helper()
	body, err := get(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func get(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }() // only read from
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxPage))
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s:\n%s", url, resp.Status, body)
	}
	return body, nil
}
