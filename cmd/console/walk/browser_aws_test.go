package walk

import (
	"strings"

	"github.com/postern-sso/postern/internal/browsertest"
)

type awsApplication struct{ address, metadataURL string }

// createInAWS does what the wizard's pages tell the AWS administrator to do.
func (d *demo) createInAWS(acs, audience string) awsApplication {
	d.t.Helper()
	aws := d.Tab()
	aws.Goto(d.awsURL + "/applications/new")
	aws.Press("Next")
	aws.Fill("name", "Postern")
	aws.Fill("acs", acs)
	aws.Fill("audience", audience)
	metadata := aws.Attribute(`a[href*="/saml/metadata/"]`, "href")
	aws.Press("Submit")
	address := aws.URL()
	if strings.HasPrefix(metadata, "/") {
		metadata = d.awsURL + metadata
	}
	return awsApplication{address, metadata}
}

// mapAttributes types the wizard's table into AWS and assigns people.
func (d *demo) mapAttributes(application string, subject string, rows [][2]string) {
	d.t.Helper()
	aws := d.Tab()
	aws.Goto(application + "/mappings")
	for range rows {
		aws.Press("Add new attribute mapping")
	}
	aws.Fill("subject", subject)
	for i, row := range rows {
		aws.FillNth("name", i, row[0])
		aws.FillNth("source", i, row[1])
	}
	aws.Press("Save changes")
	aws.Goto(application + "/assign")
	for _, person := range []string{"alice", "bob"} {
		aws.Choose("person", person)
	}
	aws.Press("Assign users and groups")
}

var standardRows = [][2]string{
	{"email", "${user:email}"}, {"firstName", "${user:givenName}"}, {"lastName", "${user:familyName}"},
	{"userId", "${user:AD_GUID}"}, {"groups", "${user:groups}"},
}

// signIn opens a sign-in link in a tab and picks a person on the AWS page, where
// AWS asks: it does not while somebody is signed in there.
func (d *demo) signIn(link, person, ends string) *browsertest.Browser {
	d.t.Helper()
	tab := d.Tab()
	tab.Goto(link)
	d.throughAWS(tab, person, d.publicURL+ends)
	return tab
}

// throughAWS does what AWS asks of somebody on the way to the address ends.
func (d *demo) throughAWS(tab *browsertest.Browser, person, ends string) {
	d.t.Helper()
	const picker = "/signin?continue="
	stops := []string{picker, ends}
	if !tab.Scripts() {
		stops = append(stops, d.awsURL+"/saml/assertion/")
	}
	tab.WaitURL(stops...)
	if strings.Contains(tab.URL(), picker) {
		tab.ClickSelector(`button[name=username][value="` + person + `"]`)
	}
	if !tab.Scripts() { // AWS's page sends the answer by a script
		tab.WaitText("Continue to Postern")
		tab.Press("Continue to Postern")
	}
	tab.WaitURL(ends)
}
