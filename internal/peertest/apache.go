package peertest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"text/template"
	"time"
)

// Apache is a running Apache with mod_auth_openidc, a client of an OpenID
// Connect provider.
type Apache struct {
	URL string // without a slash at the end

	// RedirectURI is what the provider must have registered.
	RedirectURI string
}

// ApacheClient is how Apache is known to its provider.
type ApacheClient struct {
	Issuer, ClientID, ClientSecret string
}

// Paths that Apache serves. Each answers 200 to those who may see it, with what
// it knows about them in the headers X-Remote-User and X-Claim-….
const (
	ApachePage  = "/app"   // anybody who is signed in
	ApacheStaff = "/staff" // who is in the group "staff"
	ApacheLogin = "/callback"
)

// ReserveApache chooses the address, because the provider must know it before
// Apache starts and the other way round.
func ReserveApache(t testing.TB) *Apache {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // nothing was accepted
	a := &Apache{URL: "http://" + l.Addr().String()}
	a.RedirectURI = a.URL + ApacheLogin
	return a
}

var apacheConfiguration = template.Must(template.New("httpd.conf").Parse(`
ServerRoot "{{.Dir}}"
DefaultRuntimeDir "{{.Dir}}"
ServerName 127.0.0.1
Listen {{.Address}}
PidFile "{{.Dir}}/pid"
ErrorLog "{{.Dir}}/log"
LogLevel warn auth_openidc:info
# Whom the workers run as when root starts Apache.
User nobody
Group nogroup
DocumentRoot /
LoadModule mpm_event_module "{{.Modules}}/mod_mpm_event.so"
LoadModule authn_core_module "{{.Modules}}/mod_authn_core.so"
LoadModule authz_core_module "{{.Modules}}/mod_authz_core.so"
LoadModule authz_user_module "{{.Modules}}/mod_authz_user.so"
LoadModule headers_module "{{.Modules}}/mod_headers.so"
LoadModule status_module "{{.Modules}}/mod_status.so"
LoadModule auth_openidc_module "{{.Module}}"
ExtendedStatus Off

OIDCProviderMetadataURL {{.Client.Issuer}}/.well-known/openid-configuration
OIDCClientID {{.Client.ClientID}}
OIDCClientSecret {{.Client.ClientSecret}}
OIDCRedirectURI {{.Redirect}}
OIDCCryptoPassphrase {{.Passphrase}}
OIDCScope "openid profile email groups"
OIDCPKCEMethod S256
OIDCRemoteUserClaim preferred_username
OIDCPassClaimsAs environment
OIDCClaimDelimiter "|"

<Location />
	Require all denied
</Location>
<LocationMatch "^/(app|staff|callback)$">
	AuthType openid-connect
	Require valid-user
	SetHandler server-status
	Header set X-Remote-User "expr=%{REMOTE_USER}"
	Header set X-Claim-Sub "%{OIDC_CLAIM_sub}e"
	Header set X-Claim-Name "%{OIDC_CLAIM_name}e"
	Header set X-Claim-Email "%{OIDC_CLAIM_email}e"
	Header set X-Claim-Groups "%{OIDC_CLAIM_groups}e"
</LocationMatch>
<Location /staff>
	AuthType openid-connect
	Require claim groups:staff
</Location>
`))

// Start runs Apache until the test ends.
//
// Without Apache or mod_auth_openidc the test is skipped, or fails when the
// environment says REQUIRE_PEERS=1. scripts/setup-peers fetches both.
func (a *Apache) Start(t testing.TB, c ApacheClient) {
	t.Helper()
	program, err := findApache()
	if err != nil {
		missingPeer(t, err)
	}
	dir := t.TempDir()
	var conf bytes.Buffer
	err = apacheConfiguration.Execute(&conf, map[string]any{
		"Dir": dir, "Address": strings.TrimPrefix(a.URL, "http://"), "Modules": program.modules, "Module": program.module, "Client": c, "Redirect": a.RedirectURI,
		"Passphrase": rand.Text(),
	})
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "httpd.conf"), conf.Bytes(), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	// In the foreground, so that it ends with the test.
	cmd := exec.CommandContext(t.Context(), program.apache, "-f", filepath.Join(dir, "httpd.conf"), "-DFOREGROUND")
	cmd.Env = append(cmd.Environ(), "LD_LIBRARY_PATH="+program.libraries)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // ends its children, too
	cmd.WaitDelay = 10 * time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatalf("start Apache: %v", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { // after the test's context has ended, and Apache with it
		err := <-ended
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Logf("Apache ended with “%v” and said:\n%s%s", err, out.String(), log)
		}
	})
	if err := a.wait(t.Context(), ended); err != nil {
		t.Fatal(err)
	}
}

// wait returns once Apache answers.
func (a *Apache) wait(ctx context.Context, ended chan error) error {
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.URL+"/", nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			return resp.Body.Close()
		}
		select {
		case err := <-ended:
			ended <- err
			return fmt.Errorf("Apache ended before it answered: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// apacheProgram is where the parts of Apache are.
type apacheProgram struct{ apache, modules, module, libraries string }

func findApache() (apacheProgram, error) {
	const fix = "run scripts/setup-peers"
	p := apacheProgram{modules: "/usr/lib/apache2/modules"}
	for _, name := range []string{"apache2", "/usr/sbin/apache2"} {
		if found, err := exec.LookPath(name); err == nil {
			p.apache = found
			break
		}
	}
	if p.apache == "" {
		return p, errors.New("Apache is missing; " + fix)
	}
	folders := []string{"/"}
	if root, ok := moduleRoot(); ok {
		folders = append([]string{filepath.Join(root, ".cache", "mod-auth-openidc")}, folders...)
	}
	for _, folder := range folders {
		module := filepath.Join(folder, "usr/lib/apache2/modules/mod_auth_openidc.so")
		if _, err := os.Stat(module); err != nil {
			continue
		}
		p.module = module
		libraries, err := filepath.Glob(filepath.Join(folder, "usr/lib/*/libcjose.so.0"))
		if err == nil && len(libraries) > 0 {
			p.libraries = filepath.Dir(libraries[0])
		}
		return p, nil
	}
	return p, fmt.Errorf("mod_auth_openidc is in none of %s; %s", strings.Join(folders, ", "), fix)
}

// missingPeer skips a test for want of a program, or fails it where every
// program must be there.
func missingPeer(t testing.TB, err error) {
	t.Helper()
	if os.Getenv("REQUIRE_PEERS") == "1" { //nolint:forbidigo // a setting of the test run, not of Postern
		t.Fatal(err)
	}
	t.Skip(err)
}
