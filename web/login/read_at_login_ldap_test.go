package login_test

import (
	"crypto/tls"
	"crypto/x509"
	"slices"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"github.com/postern-sso/postern/internal/attack"
	"github.com/postern-sso/postern/internal/directory/runner"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/peertest"
	"github.com/postern-sso/postern/web/webtest"
)

const (
	peopleOfSlapd = "ou=people," + peertest.SlapdBase
	slapdLDIF     = "dn: " + peopleOfSlapd + "\nobjectClass: organizationalUnit\nou: people\n\n" +
		"dn: uid=ana," + peopleOfSlapd + "\nobjectClass: inetOrgPerson\nuid: ana\ncn: Ana\nsn: Ito\nmail: ana@example.com\n\n" +
		"dn: uid=ben," + peopleOfSlapd + "\nobjectClass: inetOrgPerson\nuid: ben\ncn: Ben\nsn: Ode\nmail: ben@example.com\n\n" +
		"dn: cn=staff," + peertest.SlapdBase + "\nobjectClass: groupOfNames\ncn: staff\n" +
		"member: uid=ana," + peopleOfSlapd + "\nmember: uid=ben," + peopleOfSlapd + "\n"
)

// behindLogins makes a slapd a live source that logins read.
func behindLogins(t *testing.T, x *webtest.Target, slapd *peertest.Slapd) {
	t.Helper()
	src := model.NewSource(model.SourceLDAP)
	src.Slug, src.Name, src.Status, src.LDAP.ReadAtLogin = "corp", "Corporate directory", model.SourceLive, true
	src.LDAP.URLs, src.LDAP.CA, src.LDAP.BindDN = []string{slapd.TLSURL}, string(slapd.Authority.PEM), peertest.SlapdReader
	if _, err := x.Store.CreateSource(t.Context(), webtest.Tester, src); err != nil {
		t.Fatal(err)
	}
	sealed, err := x.Sealer.Seal([]byte(peertest.SlapdPassword), model.SealedSourceSecret("corp"))
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Store.SetSourceSecret(t.Context(), webtest.Tester, "corp", sealed); err != nil {
		t.Fatal(err)
	}
	x.Directories.Real("corp", runner.Open(x.Store))
	run := x.RunSource("corp", runner.Ask{Trigger: model.RunByHand, Actor: webtest.Tester})
	run = x.RunSource("corp", runner.Ask{Trigger: model.RunByApproval, Actor: webtest.Tester, Approves: run.ID})
	if run.Outcome != model.RunApplied {
		t.Fatalf("the first run ended %s: %s", run.Outcome, run.Detail)
	}
}

// inSlapd changes an entry of a slapd, as somebody who looks after it does.
func inSlapd(t *testing.T, s *peertest.Slapd, dn string, change func(*ldap.ModifyRequest)) {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.Authority.PEM)
	conn, err := ldap.DialURL(s.TLSURL, ldap.DialWithTLSConfig(&tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }() // it has done its work
	if err := conn.Bind(peertest.SlapdAdmin, peertest.SlapdPassword); err != nil {
		t.Fatal(err)
	}
	m := ldap.NewModifyRequest(dn, nil)
	change(m)
	if err := conn.Modify(m); err != nil {
		t.Fatal(err)
	}
}

// A login through SAML reads its person from OpenLDAP: what changed there a moment ago
// holds before the login is decided. A server that does not answer within two seconds,
// and one that is gone, keep nobody out, and the trace says which it was.
func TestALoginReadsItsPersonFromOpenLDAP(t *testing.T) {
	t.Parallel()
	slapd := peertest.StartSlapd(t, peertest.SlapdOptions{LDIF: slapdLDIF})
	x := webtest.NewTarget(t, func(c *model.Config) {
		c.Attributes = model.AttributeMap{Username: model.AttributeSubject, Email: "mail"}
	})
	behindLogins(t, x, slapd)
	come := func(want model.CheckState, says string) {
		t.Helper()
		e := x.Begin(false)
		e.Scene.Subject = "ana"
		said := `<saml2:Attribute Name="mail"><saml2:AttributeValue>ana@example.com</saml2:AttributeValue></saml2:Attribute>`
		l := x.Trace(x.Answer(e, attack.WithAttributes(&e.Scene, said)))
		if l.Outcome != model.OutcomeSignedIn {
			t.Fatalf("the login ended %s: %+v", l.Outcome, l.Refusal)
		}
		at := slices.IndexFunc(l.Checks, func(c model.Check) bool { return c.ID == "read_at_login" })
		if at < 0 || l.Checks[at].State != want || !strings.Contains(l.Checks[at].Note, says) {
			t.Errorf("want %s, “%s”; the trace has %+v", want, says, l.Checks)
		}
	}
	come(model.CheckPassed, "says what is known here")
	inSlapd(t, slapd, "uid=ana,"+peopleOfSlapd, func(m *ldap.ModifyRequest) { m.Replace("mail", []string{"new@example.com"}) })
	inSlapd(t, slapd, "cn=staff,"+peertest.SlapdBase, func(m *ldap.ModifyRequest) { m.Delete("member", []string{"uid=ana," + peopleOfSlapd}) })
	come(model.CheckPassed, "2 changes")
	if u := x.User("ana"); u.Email != "new@example.com" {
		t.Errorf("ana's email is %s", u.Email)
	}
	thaw := slapd.Freeze(t)
	come(model.CheckSkipped, "two seconds")
	thaw()
	come(model.CheckPassed, "says what is known here")
	slapd.Stop(t)
	come(model.CheckSkipped, "Nobody answers at ")
}
