package peertest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// NodeApp is an app that signs people in with the npm package openid-client.
type NodeApp struct {
	// StartURL is where the app sends the browser.
	StartURL string

	t   testing.TB
	in  io.WriteCloser
	out *bufio.Scanner
}

// NodeSettings is how the app is known to its provider.
type NodeSettings struct {
	Issuer      string `json:"issuer"`
	ClientID    string `json:"clientID"`
	Secret      string `json:"secret"` // empty: a public client
	Post        bool   `json:"post"`   // client_secret_post instead of client_secret_basic
	RedirectURI string `json:"redirectURI"`
}

// NodeResult is what the app got: from the ID token, from userinfo, from
// userinfo with refreshed tokens, and the status of userinfo after it revoked them.
type NodeResult struct {
	Claims, Userinfo, Again map[string]any
	Revoked                 string
	Logout                  string // the address that signs the person out
	Error, Description      string
}

// StartNodeApp starts the app and one sign-in with PKCE, state and nonce.
//
// Without Node.js or the package the test is skipped, or fails when the
// environment says REQUIRE_PEERS=1. scripts/setup test installs both.
func StartNodeApp(t testing.TB, s NodeSettings) *NodeApp {
	t.Helper()
	node, script, err := findNodeScript("openid-client", "openid-client.mjs")
	if err != nil {
		missingPeer(t, err)
	}
	cmd := exec.CommandContext(t.Context(), node, script)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start Node.js: %v", err)
	}
	t.Cleanup(func() { _ = cmd.Wait() }) // it ends by itself, or with the test's context
	app := &NodeApp{t: t, in: in, out: bufio.NewScanner(out)}
	app.out.Buffer(nil, maxPage)
	settings, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	app.write(string(settings))
	var first struct{ URL string }
	app.read(&first)
	app.StartURL = first.URL
	return app
}

// Finish gives the app the address that the browser came back to.
func (a *NodeApp) Finish(callback string) NodeResult {
	a.t.Helper()
	a.write(callback)
	var r NodeResult
	a.read(&r)
	return r
}

func (a *NodeApp) write(line string) {
	a.t.Helper()
	if _, err := fmt.Fprintln(a.in, line); err != nil {
		a.t.Fatalf("openid-client: %v", err)
	}
}

func (a *NodeApp) read(v any) {
	a.t.Helper()
	if !a.out.Scan() {
		a.t.Fatalf("openid-client ended: %v", a.out.Err())
	}
	if err := json.Unmarshal(a.out.Bytes(), v); err != nil {
		a.t.Fatalf("openid-client said %q: %v", a.out.Text(), err)
	}
}

// findNodeScript finds Node.js and a script of this folder that needs an npm package.
func findNodeScript(pkg, script string) (node, path string, err error) {
	const fix = "run scripts/setup test"
	root, ok := moduleRoot()
	if !ok {
		return "", "", errors.New("no go.mod above the test's folder")
	}
	if _, err := os.Stat(filepath.Join(root, "node_modules", filepath.FromSlash(pkg))); err != nil {
		return "", "", fmt.Errorf("the npm package %s is missing; %s", pkg, fix)
	}
	node, err = exec.LookPath("node")
	if err != nil {
		return "", "", fmt.Errorf("no Node.js to run %s with; %s", pkg, fix)
	}
	return node, filepath.Join(root, "internal", "peertest", script), nil
}
