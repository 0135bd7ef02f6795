package walk

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"github.com/postern-sso/postern/internal/browsertest"
	"github.com/postern-sso/postern/internal/peertest"
)

const peopleOfSlapd = "ou=people," + peertest.SlapdBase

// companyLDIF are alice, eleven others, and a group of all of them.
func companyLDIF() string {
	ldif := "dn: " + peopleOfSlapd + "\nobjectClass: organizationalUnit\nou: people\n\n"
	members := ""
	for _, uid := range companyPeople() {
		ldif += fmt.Sprintf("dn: %s\nobjectClass: inetOrgPerson\nuid: %s\ncn: %[2]s\nsn: Example\ngivenName: %s\nmail: %[2]s@example.com\n\n",
			dnInSlapd(uid), uid, strings.ToUpper(uid[:1])+uid[1:])
		members += "member: " + dnInSlapd(uid) + "\n"
	}
	return ldif + "dn: cn=jira-software-users," + peertest.SlapdBase + "\nobjectClass: groupOfNames\ncn: jira-software-users\n" + members
}

func companyPeople() []string {
	people := []string{"alice"}
	for i := range 11 {
		people = append(people, fmt.Sprintf("person%02d", i))
	}
	return people
}

func dnInSlapd(uid string) string { return "uid=" + uid + "," + peopleOfSlapd }

// leave takes people out of the directory, as somebody who looks after it does.
func leave(t *testing.T, s *peertest.Slapd, people ...string) {
	t.Helper()
	conn := administer(t, s)
	for _, uid := range people {
		if err := conn.Del(ldap.NewDelRequest(dnInSlapd(uid), nil)); err != nil {
			t.Fatal(err)
		}
	}
}

// join adds people, who get an id that nobody had before.
func join(t *testing.T, s *peertest.Slapd, people ...string) {
	t.Helper()
	conn := administer(t, s)
	for _, uid := range people {
		entry := ldap.NewAddRequest(dnInSlapd(uid), nil)
		for name, value := range map[string]string{"objectClass": "inetOrgPerson", "uid": uid, "cn": uid, "sn": "Example", "givenName": "New",
			"mail": uid + "@example.com"} {
			entry.Attribute(name, []string{value})
		}
		if err := conn.Add(entry); err != nil {
			t.Fatal(err)
		}
	}
}

func administer(t *testing.T, s *peertest.Slapd) *ldap.Conn {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.Authority.PEM)
	conn, err := ldap.DialURL(s.TLSURL, ldap.DialWithTLSConfig(&tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // it has done its work
	if err := conn.Bind(peertest.SlapdAdmin, peertest.SlapdPassword); err != nil {
		t.Fatal(err)
	}
	return conn
}

// The setup with a directory behind it: people are known before they sign in, somebody
// who leaves the directory is inactive in the app without a login, and a run in which
// most of them are missing waits for a person.
func TestPeopleOfADirectory(t *testing.T) {
	t.Parallel()
	slapd := peertest.StartSlapd(t, peertest.SlapdOptions{LDIF: companyLDIF()})
	d := startDemo(t, browsertest.Mouse)
	d.claim()
	application := d.begin("directory")
	d.save("directory")
	d.mapAttributes(application, "${user:subject}", standardRows)
	d.Look("setup-directory-empty")
	d.connectSlapd(slapd)
	d.Look("setup-directory")
	d.Choose("directory", "source:corp")
	d.save("users")
	d.WaitText("person03")
	d.Look("setup-users-directory")
	d.save("groups")
	d.Choose("reviewed", "on")
	d.save("assign")
	d.Choose("assigned", "on")
	d.save("test")
	d.test("alice", "/saml/aws/tested")
	d.WaitText("AWS and Postern understand each other")
	d.goLive()
	d.Goto(d.publicURL)
	d.Look("overview-source")

	app := d.Tab()
	d.inApp(app, "alice", "yes")
	leave(t, slapd, "alice")
	d.Goto(d.publicURL + "/sources/corp")
	d.Press("Run now")
	d.WaitText("1 deactivated")
	d.Look("source-run")
	d.inApp(app, "alice", "no")
	d.Goto(d.publicURL + "/users/alice")
	d.WaitText("Corporate directory")
	d.Look("user-left")

	leave(t, slapd, companyPeople()[1:8]...)
	d.Goto(d.publicURL + "/sources/corp")
	d.Press("Run now")
	d.WaitText("it would deactivate 7 people")
	d.Look("source-held")
	d.inApp(app, "person03", "yes")
	d.Click("Approve…")
	d.Press("Approve: 7 deactivated")
	d.WaitText("7 deactivated")
	d.inApp(app, "person03", "no")
	d.Goto(d.publicURL + "/leavers")
	d.Look("leavers-none")
	d.pinAndMeetConflicts(slapd)
}

// connectSlapd makes the source, from the wizard and back to it: first with a wrong base.
func (d *demo) connectSlapd(slapd *peertest.Slapd) {
	d.t.Helper()
	d.Click("Connect a source")
	d.WaitText("Which of them knows your people?")
	d.Look("source-choose")
	d.ClickSelector(`a[href^="/sources/new/ldap"]`)
	d.WaitText("The account that reads")
	d.Look("source-new")
	d.Fill("name", "Corporate directory")
	d.Fill("slug", "corp")
	d.Fill("urls", slapd.TLSURL)
	d.Fill("bind_dn", peertest.SlapdReader)
	d.Fill("secret", peertest.SlapdPassword)
	d.Fill("base", "dc=wrong,dc=test")
	d.Press("Save as a draft")
	d.WaitText("It is a draft")
	d.Press("Test it")
	d.WaitText("Trust this certificate")
	d.Look("source-untrusted")
	d.Click("Trust this certificate")
	d.WaitText("Where to look")
	d.Fill("secret", peertest.SlapdPassword)
	d.Press("Save")
	d.Press("Test it")
	d.WaitText("no such base")
	d.Look("source-test-failed")
	d.ClickSelector(`a[href="/sources/corp/settings"]`)
	d.WaitText("Where to look")
	d.Fill("base", "")
	d.Press("Save")
	d.Press("Test it")
	d.WaitText("alice@example.com")
	d.Look("source-test")
	d.Press("Go on: a dry run")
	d.WaitText("12 new")
	d.Look("source-dry-run")
	d.Press("Approve it")
	d.WaitText("home of 12 active users")
	d.Look("source")
	d.Goto(d.publicURL + "/setup/aws/directory")
}

// inApp waits until the sample app's copy of the directory has somebody in that state.
func (d *demo) inApp(app *browsertest.Browser, person, active string) {
	d.t.Helper()
	app.Goto(d.appURL)
	app.WaitText("Read a moment ago")
	for row := range strings.SplitSeq(app.Text("[aria-labelledby=directory] tbody"), "\n") {
		if strings.Contains(row, person) && strings.Contains(row, active) {
			return
		}
	}
	d.t.Errorf("the app does not show %s as active: %s\n%s", person, active, app.Text("[aria-labelledby=directory] tbody"))
}
