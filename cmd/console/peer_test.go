package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/peertest"
)

// The tests in this file run the whole program, and sign people in with
// SimpleSAMLphp: nobody of this project wrote its half of the conversation.

const opsGroup = "64d84438-b0c1-708c-f431-91ece2abb39a"

var alice = peertest.User{
	Username: "Alice.Oneil@Example.com", Password: "correct horse", Email: "alice@example.com",
	FirstName: "Alicé", LastName: "O'Neil & Söhne", UserID: "u-1", Groups: []string{opsGroup, "another"},
}

// document is the configuration of these tests. What differs between them comes
// in as a fragment of the connection and as further keys at the end.
func document(connection, more string) string {
	return `version: 1
connections:
  - slug: peer
    name: SimpleSAMLphp
    status: live
    idp_metadata_file: idp.xml
    attributes: {username: subject, email: email, first_name: firstName, last_name: lastName, external_id: userId, aws_groups: groups}
    username: {lowercase: true, strip_domain: true}
    ` + strings.ReplaceAll(connection, "\n", "\n    ") + `
groups:
  - {name: everybody}
  - {name: staff}
  - {name: operations}
  - {name: elsewhere}
rules:
  - {name: all, connection: peer, when: {always: true}, groups: [everybody]}
  - {name: staff, connection: peer, when: {email_domain: example.com}, groups: [staff]}
  - {name: ops, connection: peer, when: {aws_group: ` + opsGroup + `}, groups: [operations]}
  - {name: others, connection: peer, when: {email_domain: example.org}, groups: [elsewhere]}
` + more
}

func TestPeerSignsIn(t *testing.T) {
	t.Parallel()
	site := startSite(t, document("provisioning: jit", ""), alice)
	b := newBrowser(t)

	start := b.get(t, site.url("/saml/peer/login?return=/me"))
	if to := start.Header.Get("Location"); start.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to, site.idp.URL()) {
		t.Fatalf("GET login answers %s to %q, want 303 to %s", start.Status, to, site.idp.URL())
	}
	done := b.post(t, site.signIn(t, b, alice))
	site.wantSignedIn(t, done)
	if to := done.Header.Get("Location"); to != "/me" {
		t.Errorf("after signing in the browser is sent to %q, want /me", to)
	}
	got := b.self(t, site)
	want := self{
		username: "alice.oneil", email: alice.Email, displayName: "Alicé O'Neil & Söhne",
		groups: []string{"everybody", "operations", "staff"},
	}
	if !got.equal(want) {
		t.Errorf("/me shows %+v, want %+v", got, want)
	}
}

// everyCheck lists what is looked at during a login that passes, in order.
const everyCheck = `size xml_shape status signature_algorithm signature_response signature_assertion certificate
	issuer destination clock replay in_response_to browser audience not_before not_on_or_after recipient confirmation session
	subject attribute_username attribute_email attribute_first_name attribute_last_name attribute_external_id
	attribute_aws_groups username user`

func TestPeerTrace(t *testing.T) {
	t.Parallel()
	site := startSite(t, document("provisioning: jit", ""), alice)
	b := newBrowser(t)
	l := site.wantSignedIn(t, b.post(t, site.signIn(t, b, alice)))
	if l.Connection != "peer" || l.Username != "alice.oneil" || l.NameID != alice.Username || l.Unsolicited {
		t.Errorf("trace: connection %q, username %q, NameID %q, unsolicited %v", l.Connection, l.Username, l.NameID, l.Unsolicited)
	}
	var ids []string
	for _, c := range l.Checks {
		ids = append(ids, c.ID)
		if c.State != model.CheckPassed || c.Code != "" {
			t.Errorf("check %s of a good login is %s (%s): expected %q, received %q", c.ID, c.State, c.Code, c.Expected, c.Received)
		}
	}
	if want := strings.Fields(everyCheck); !slices.Equal(ids, want) {
		t.Errorf("the trace has the checks\n%s, want\n%s", ids, want)
	}
}

func TestPeerChangedPerson(t *testing.T) {
	t.Parallel()
	site := startSite(t, document("provisioning: jit", ""), alice)
	first := newBrowser(t)
	site.wantSignedIn(t, first.post(t, site.signIn(t, first, alice)))

	changed := alice
	changed.LastName, changed.Email, changed.Groups = "Smith", "alice@example.org", []string{"another"}
	site.idp.SetUsers(t, []peertest.User{changed})
	second := newBrowser(t)
	site.wantSignedIn(t, second.post(t, site.signIn(t, second, changed)))
	want := self{
		username: "alice.oneil", email: "alice@example.org", displayName: "Alicé Smith",
		groups: []string{"elsewhere", "everybody"},
	}
	if got := first.self(t, site); !got.equal(want) {
		t.Errorf("the first browser's /me shows %+v, want the same person's %+v", got, want)
	}
}

func TestPeerReplay(t *testing.T) {
	t.Parallel()
	site := startSite(t, document("provisioning: jit", ""), alice)
	b := newBrowser(t)
	answer := site.signIn(t, b, alice)
	first := b.post(t, answer)
	site.wantSignedIn(t, first)
	wantRepeated(t, b.post(t, answer), first)
	site.wantRefused(t, newBrowser(t).post(t, answer), model.CodeReplayed)
}

// wantRepeated judges the same answer once more in the browser that it signed in:
// it leads where the login went, and is no login of its own.
func wantRepeated(t *testing.T, again, first *response) {
	t.Helper()
	if again.StatusCode != http.StatusSeeOther || again.Header.Get("Location") != first.Header.Get("Location") ||
		again.Header.Get("Postern-Login") != first.Header.Get("Postern-Login") {
		t.Errorf("the same answer again: %s to %q, want the way of the first, to %q", again.Status, again.Header.Get("Location"), first.Header.Get("Location"))
	}
}

func TestPeerTampering(t *testing.T) {
	t.Parallel()
	site := startSite(t, document("provisioning: jit", ""), alice)
	for name, change := range map[string][2]string{
		"NameID":    {">" + alice.Username + "<", ">Root.Oneil@Example.com<"},
		"attribute": {">alice@example.com<", ">alice@example.org<"},
		"recipient": {` Recipient="`, ` recipient="`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBrowser(t)
			answer := site.signIn(t, b, alice)
			xml := answerXML(t, answer)
			if bytes.Count(xml, []byte(change[0])) != 1 {
				t.Fatalf("%s is not in the response exactly once", change[0])
			}
			xml = bytes.Replace(xml, []byte(change[0]), []byte(change[1]), 1)
			answer.Form.Set("SAMLResponse", base64.StdEncoding.EncodeToString(xml))
			site.wantRefused(t, b.post(t, answer), model.CodeSignatureInvalid)
			if got := b.self(t, site); got.username != "" {
				t.Errorf("%s is signed in", got.username)
			}
		})
	}
}

func TestPeerOtherBrowser(t *testing.T) {
	t.Parallel()
	site := startSite(t, document("provisioning: jit", ""), alice)
	b := newBrowser(t)
	answer := site.signIn(t, b, alice)
	site.wantRefused(t, newBrowser(t).post(t, answer), model.CodeInResponseToOtherBrowser)
	site.wantSignedIn(t, b.post(t, answer)) // the stranger has not consumed it
}

func TestPeerIdPInitiated(t *testing.T) {
	t.Parallel()
	site := startSite(t, document("provisioning: jit\nallow_idp_initiated: true", ""), alice)
	for relayState, want := range map[string]string{"": "/me", "/me?from=tile": "/me?from=tile", "https://evil.example/": "/me"} {
		t.Run(relayState, func(t *testing.T) {
			t.Parallel()
			b := newBrowser(t)
			answer := site.openTile(t, b, alice, relayState)
			done := b.post(t, answer)
			if l := site.wantSignedIn(t, done); !l.Unsolicited {
				t.Error("the trace does not say that the identity provider began")
			}
			if to := done.Header.Get("Location"); to != want {
				t.Errorf("sent to %q, want %q", to, want)
			}
			if got := b.self(t, site); got.username != "alice.oneil" {
				t.Errorf("signed in as %q", got.username)
			}
			wantRepeated(t, b.post(t, answer), done)
			site.wantRefused(t, newBrowser(t).post(t, answer), model.CodeReplayed)
		})
	}
}

func TestPeerIdPInitiatedRefused(t *testing.T) {
	t.Parallel()
	site := startSite(t, document("provisioning: jit\nallow_idp_initiated: false", ""), alice)
	b := newBrowser(t)
	site.wantRefused(t, b.post(t, site.openTile(t, b, alice, "/me")), model.CodeUnsolicitedRefused)
	site.wantSignedIn(t, b.post(t, site.signIn(t, b, alice)))
}

func TestPeerManual(t *testing.T) {
	t.Parallel()
	bob := peertest.User{Username: "bob@example.com", Password: "b", Email: "robert@example.com", FirstName: "Robert", UserID: "u-2"}
	site := startSite(t, document("provisioning: manual",
		"users:\n  - {username: bob, email: bob@example.com, display_name: Bob, active: true, groups: [elsewhere]}\n"), alice, bob)

	unknown := newBrowser(t)
	site.wantRefused(t, unknown.post(t, site.signIn(t, unknown, alice)), model.CodeUserUnknown)
	if got := unknown.self(t, site); got.username != "" {
		t.Errorf("%s is signed in", got.username)
	}
	known := newBrowser(t)
	site.wantSignedIn(t, known.post(t, site.signIn(t, known, bob)))
	want := self{username: "bob", email: "bob@example.com", displayName: "Bob", groups: []string{"elsewhere", "everybody", "staff"}}
	if got := known.self(t, site); !got.equal(want) {
		t.Errorf("/me shows %+v, want %+v", got, want)
	}
}

func TestPeerInspect(t *testing.T) {
	t.Parallel()
	site := startSite(t, document("provisioning: jit", ""), alice)
	b := newBrowser(t)
	answer := site.signIn(t, b, alice)
	xml := answerXML(t, answer)
	inspect := func(response []byte) (int, verdict) {
		file := filepath.Join(site.dir, "response")
		if err := os.WriteFile(file, response, 0o600); err != nil {
			t.Fatal(err)
		}
		code, out, errs := command(t, "inspect", file, "--metadata", filepath.Join(site.dir, "idp.xml"),
			"--entity-id", site.sp.EntityID, "--acs", site.sp.ACSURL, "--json")
		var v verdict
		if err := json.Unmarshal([]byte(out), &v); err != nil {
			t.Fatalf("inspect prints %q, %q: %v", out, errs, err)
		}
		return code, v
	}
	for name, response := range map[string][]byte{"XML": xml, "base64": []byte(answer.Form.Get("SAMLResponse"))} {
		if code, v := inspect(response); code != 0 || v.Verdict != "accepted" || v.NameID != alice.Username || v.Code != "" {
			t.Errorf("inspect of the %s: exit %d, %+v", name, code, v)
		}
	}
	code, v := inspect(bytes.Replace(xml, []byte(">Alicé<"), []byte(">Malice<"), 1))
	if code != 2 || v.Verdict != "refused" || v.Code != model.CodeSignatureInvalid {
		t.Errorf("inspect of a forgery: exit %d, %+v", code, v)
	}
}

// verdict is what scripts read of "inspect --json".
type verdict struct {
	Verdict string     `json:"verdict"`
	NameID  string     `json:"name_id"`
	Code    model.Code `json:"code"`
}
