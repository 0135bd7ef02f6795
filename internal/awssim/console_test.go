package awssim

import (
	"bytes"
	"encoding/pem"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// allPages are the addresses of all pages.
func allPages(app *Application) []string {
	path := "/applications/" + app.ID
	return []string{
		"/", "/applications/new", path, path + "/configuration", path + "/mappings", path + "/assign", path + "/certificates",
		"/people", "/people/new", "/people/alice", "/signin", "/start", "/start/admin/" + app.ID, "/start/open/" + app.ID, "/nothing",
	}
}

func TestEveryPage(t *testing.T) {
	t.Parallel()
	s, app := newSim(t)
	b := newBrowser(t, s)
	b.signIn("alice")
	for _, path := range allPages(app) {
		a := b.get(path)
		if want := path != "/nothing"; (a.status == http.StatusOK) != want {
			t.Errorf("%s: status %d", path, a.status)
		}
		if title := a.Find("title").Text(); !strings.HasSuffix(title, " · Simulated AWS IAM Identity Center") {
			t.Errorf("%s: title %q", path, title)
		}
		if !strings.Contains(a.Find(".simulation").Text(), "This is a simulation and not AWS") || a.Find("h1").Length() != 1 {
			t.Errorf("%s: no banner, or not one h1", path)
		}
		if a.Find("[style], style, [onclick], script:not([src])").Length() != 0 || strings.Contains(a.body, "<no value>") {
			t.Errorf("%s: inline script or style, or a value is missing", path)
		}
		if csp := a.header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'; script-src 'self'; style-src 'self'") {
			t.Errorf("%s: policy %q", path, csp)
		}
		a.Find("input:not([type=hidden]), select, textarea").Each(func(_ int, e *goquery.Selection) {
			id := e.AttrOr("id", "none")
			if a.Find(`label[for="`+id+`"]`).Length() != 1 && e.AttrOr("aria-label", "") == "" && e.Closest("label").Length() == 0 {
				t.Errorf("%s: field %s has no label", path, e.AttrOr("name", id))
			}
		})
		a.Find("a[href^='/'], script[src], link[href]").Each(func(_ int, e *goquery.Selection) {
			if link := e.AttrOr("href", e.AttrOr("src", "")); b.get(link).status != http.StatusOK {
				t.Errorf("%s: broken link %s", path, link)
			}
		})
	}
}

func TestWizardFromAddToSignIn(t *testing.T) {
	t.Parallel()
	s := newSimWith(t, Options{})
	b := newBrowser(t, s)
	a := b.post("/applications/new", b.get("/applications/new").filled(t, "/applications/new"))
	app := s.App()
	path := "/applications/" + app.ID
	if a.path != path+"/configuration" || !app.Draft {
		t.Fatalf("at %s, application %+v", a.path, app)
	}
	var labels []string
	a.Find("form h2, form label, form dt").Each(func(_ int, e *goquery.Selection) { labels = append(labels, strings.TrimSpace(e.Text())) })
	want := []string{
		"Application", "Display name", "Description",
		"IAM Identity Center metadata", "IAM Identity Center SAML metadata file", "IAM Identity Center sign-in URL", "IAM Identity Center sign-out URL",
		"IAM Identity Center SAML issuer URL", "IAM Identity Center certificate",
		"Application properties optional", "Application start URL", "Relay state", "Session duration",
		"Application metadata", "Manually type your metadata values", "Application ACS URL", "Application SAML audience",
		"Upload application SAML metadata file", "Application SAML metadata file",
	}
	if !slices.Equal(labels, want) {
		t.Errorf("labels\n%q\nwant AWS's in AWS's order\n%q", labels, want)
	}
	other := b.post("/applications/new", url.Values{})
	b.post(other.Find("button[formaction]").AttrOr("formaction", ""), url.Values{})
	if n := len(s.Settings().Applications); n != 1 {
		t.Errorf("%d applications after another one was begun and canceled", n)
	}
	form := a.filled(t, path+"/configuration")
	form.Set("name", "Jira & co")
	form.Set("acs", "no address")
	form.Set("audience", testAudience)
	if a = b.post(path+"/configuration", form); a.status != http.StatusUnprocessableEntity || a.Find("#acs").AttrOr("value", "") != "no address" ||
		!strings.Contains(a.Find(".problem").Text(), "Application ACS URL") {
		t.Fatalf("a bad address: %d\n%.3000s", a.status, a.body)
	}
	form.Set("acs", testACS)
	form.Set("session_duration", "2h0m0s")
	if a = b.post(path+"/configuration", form); a.path != path || !strings.Contains(a.Find("#mappings").Text(), "Subject is not mapped yet") {
		t.Fatalf("%d at %s", a.status, a.path)
	}
	mapSubject(t, b, path)
	assignEngineers(t, b, path)
	b.signIn("alice")
	if n := b.get("/start").Find(".tile").Length(); n != 1 {
		t.Errorf("%d tiles", n)
	}
	xml, _, _ := delivered(t, b.get("/start/open/"+app.ID))
	for _, want := range []string{">alice@example.com</saml2:NameID>", `Name="firstName"`, `SessionNotOnOrAfter="2026-03-04T07:06:07.089Z"`} {
		if !strings.Contains(xml, want) {
			t.Errorf("the message lacks %s\n%s", want, xml)
		}
	}
}

// mapSubject maps Subject and one attribute, with the page's own buttons.
func mapSubject(t *testing.T, b *browser, path string) {
	t.Helper()
	path += "/mappings"
	form := b.get(path).filled(t, path)
	if a := b.post(path, form); a.status != http.StatusUnprocessableEntity {
		t.Errorf("without Subject: %d", a.status)
	}
	form.Set("subject", "${user:email}")
	form.Set("subject_format", "emailAddress")
	form.Set("add", "row")
	form = b.post(path, form).filled(t, path)
	form.Set("name", "unwanted")
	form.Set("add", "row")
	form = b.post(path, form).filled(t, path)
	form.Set("remove", "0")
	form = b.post(path, form).filled(t, path)
	form.Del("remove")
	if form.Get("subject") != "${user:email}" || len(form["name"]) != 1 || form.Get("name") != "" {
		t.Errorf("after adding two rows and removing the first: %v", form)
	}
	form.Set("name", "firstName")
	form.Set("source", "${user:givenName}")
	if a := b.post(path, form); a.status != http.StatusOK || !strings.Contains(a.Find("#mappings").Text(), "firstName") {
		t.Errorf("save: %d at %s\n%.2000s", a.status, a.path, a.body)
	}
}

func assignEngineers(t *testing.T, b *browser, path string) {
	t.Helper()
	form := b.get(path+"/assign").filled(t, path+"/assign")
	form["group"], form["person"] = []string{"Engineers"}, []string{"dave", "nobody"}
	b.post(path+"/assign", form)
	a := b.get(path + "/assign")
	if got := a.filled(t, path+"/assign"); !slices.Equal(got["group"], []string{"Engineers"}) || !slices.Equal(got["person"], []string{"dave"}) {
		t.Errorf("assigned %v", got)
	}
}

func TestUploadApplicationMetadata(t *testing.T) {
	t.Parallel()
	s, app := newSim(t)
	b := newBrowser(t, s)
	path := "/applications/" + app.ID + "/configuration"
	upload := func(metadata string) answer {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		form := b.get(path).filled(t, path)
		form.Set("source", "upload")
		for name, values := range form {
			if err := w.WriteField(name, values[0]); err != nil {
				t.Fatal(err)
			}
		}
		part, err := w.CreateFormFile("metadata", "sp.xml")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write([]byte(metadata)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+path, &body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", w.FormDataContentType())
		return b.do(r)
	}
	upload(`<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="urn:other"><SPSSODescriptor>
		<AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact" Location="https://other.example.com/artifact"/>
		<AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://other.example.com/first"/>
		<AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" isDefault="true" Location="https://other.example.com/acs"/>
		</SPSSODescriptor></EntityDescriptor>`)
	got := s.Application(app.ID)
	if got.ACS != "https://other.example.com/acs" || got.Audience != "urn:other" || got.Subject != app.Subject {
		t.Errorf("application %+v", got)
	}
	if a := upload("<html/>"); a.status != http.StatusUnprocessableEntity || s.Application(app.ID).Audience != "urn:other" {
		t.Errorf("a page instead of metadata: %d", a.status)
	}
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	s, app := newSim(t)
	b := newBrowser(t, s)
	path := "/applications/" + app.ID + "/certificates"
	before := string(s.Metadata(app.ID))
	generate := url.Values{"action": {"generate"}, "months": {"2"}, "algorithm": {SHA1}, "bits": {"1024"}}
	a := b.post(path, generate)
	if a.status != http.StatusOK || !strings.Contains(a.Find(".certificate").Last().Text(), "1024") ||
		a.Find(".certificate").Last().Find(".yellow").Length() != 1 {
		t.Fatalf("status %d\n%.3000s", a.status, a.body)
	}
	if string(s.Metadata(app.ID)) != before {
		t.Error("the inactive certificate changed the metadata")
	}
	if file, _ := pem.Decode([]byte(b.get(path + "/1").body)); file == nil || !strings.Contains(s.Application(app.ID).Certificates[1].Certificate,
		string(pem.EncodeToMemory(file))) {
		t.Error("the inactive certificate cannot be downloaded as a file")
	}
	for name, form := range map[string]url.Values{
		"at most two":         generate,
		"only an inactive":    {"action": {"delete"}, "number": {"0"}},
		"unknown certificate": {"action": {"delete"}, "number": {"7"}},
	} {
		if a := b.post(path, form); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.Find(".problem").Text(), name) {
			t.Errorf("%s: %d, %s", name, a.status, a.Find(".problem").Text())
		}
	}
	b.post(path, url.Values{"action": {"activate"}, "number": {"1"}})
	m := signIn(t, s, app, "")
	if response, assertion := verify(t, s, app, m.XML); response != nil || assertion != nil || !strings.Contains(string(m.XML), "rsa-sha1") ||
		!bytes.Contains(m.XML, []byte("xmldsig#sha1")) {
		t.Errorf("want signatures by the SHA-1 certificate: %v, %v\n%s", response, assertion, m.XML)
	}
	b.post(path, url.Values{"action": {"delete"}, "number": {"0"}})
	left := s.Application(app.ID).Certificates
	if len(left) != 1 || left[0].Algorithm != SHA1 || !left[0].Active {
		t.Errorf("certificates left %d", len(left))
	}
	block, _ := pem.Decode([]byte(b.get(path + "/active").body))
	if cert, err := left[0].parse(); err != nil || block == nil || !bytes.Equal(block.Bytes, cert.Raw) {
		t.Error("the download is not the active certificate")
	}
}

func TestCertificateLooksLikeAWS(t *testing.T) {
	t.Parallel()
	_, app := newSim(t)
	cert, err := app.Certificates[0].parse()
	if err != nil {
		t.Fatal(err)
	}
	if got := cert.Subject.String(); got != "CN=amazonaws.com,OU=IDAS,O=Amazon,C=US" || cert.Issuer.String() != got {
		t.Errorf("subject %s, issuer %s", got, cert.Issuer)
	}
	// The distinguished name, DER: UTF8String but for the country, CN first.
	const name = "0E1\x160\x14\x06\x03U\x04\x03\x0c\x0damazonaws.com1\x0d0\x0b\x06\x03U\x04\x0b\x0c\x04IDAS1" +
		"\x0f0\x0d\x06\x03U\x04\x0a\x0c\x06Amazon1\x0b0\x09\x06\x03U\x04\x06\x13\x02US"
	if string(cert.RawSubject) != name {
		t.Errorf("subject %q", cert.RawSubject)
	}
	if cert.Version != 3 || len(cert.Extensions) != 0 || !cert.NotAfter.Equal(cert.NotBefore.AddDate(5, 0, 0)) || cert.SerialNumber.BitLen() > 32 {
		t.Errorf("version %d, %d extensions, %s to %s, serial %s", cert.Version, len(cert.Extensions), cert.NotBefore, cert.NotAfter, cert.SerialNumber)
	}
	if err := cert.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature); err != nil {
		t.Error(err)
	}
}

func TestFaultPanel(t *testing.T) {
	t.Parallel()
	s, app := newSim(t)
	b := newBrowser(t, s)
	path := "/applications/" + app.ID
	form := b.get(path).filled(t, path+"/faults")
	if len(form) != len(Faults()) {
		t.Errorf("%d switches, want %d", len(form), len(Faults()))
	}
	form.Set(string(FaultExpired), string(Once))
	form.Set(string(FaultIssuer), string(On))
	a := b.post(path+"/faults", form)
	if got := s.Application(app.ID).Faults; len(got) != 2 || got[FaultExpired] != Once || got[FaultIssuer] != On {
		t.Errorf("faults %v", got)
	}
	if shown := a.Find(".warning").Text(); !strings.Contains(shown, "Wrong issuer, Expired") {
		t.Errorf("the page says %q", shown)
	}
	form = a.filled(t, path+"/faults")
	if form.Get(string(FaultIssuer)) != string(On) {
		t.Error("the switch does not show its state")
	}
	form.Set("action", "clear")
	b.post(path+"/faults", form)
	if got := s.Application(app.ID).Faults; len(got) != 0 {
		t.Errorf("after clearing: %v", got)
	}
}

func TestPeopleAndGroups(t *testing.T) {
	t.Parallel()
	s, app := newSim(t)
	b := newBrowser(t, s)
	if err := s.Assign(app.ID, "dave"); err != nil {
		t.Fatal(err)
	}
	form := b.get("/people/dave").filled(t, "/people/dave")
	before := *s.Settings().person("dave")
	form.Set("username", "david")
	form.Add("group", "Administrators")
	form.Del("enabled")
	b.post("/people/dave", form)
	got := s.Settings().person("david")
	if got == nil || got.ID != before.ID || got.Email != before.Email || !got.Disabled || !slices.Equal(got.Groups, []string{"Administrators"}) {
		t.Fatalf("david %+v, was %+v", got, before)
	}
	if assigned := s.Application(app.ID).AssignedPeople; !slices.Equal(assigned, []string{"david"}) {
		t.Errorf("assigned %v", assigned)
	}
	form = b.get("/people/new").filled(t, "/people/new")
	form.Set("username", "Alice")
	if a := b.post("/people/new", form); a.status != http.StatusUnprocessableEntity || a.Find("#username").AttrOr("value", "") != "Alice" {
		t.Errorf("a username taken: %d", a.status)
	}
	form.Set("username", "o'neil/x y")
	b.post("/people/new", form)
	if p := s.Settings().person("o'neil/x y"); p == nil || p.ID == "" || p.Disabled {
		t.Errorf("new person %+v", p)
	}
	link := b.get("/people").Find("table a").Last().AttrOr("href", "")
	if a := b.get(link); a.Find("#username").AttrOr("value", "") != "o'neil/x y" {
		t.Errorf("the link %s leads to %d", link, a.status)
	}
	b.post(link, url.Values{"action": {"remove"}})
	b.post("/people/david", url.Values{"action": {"remove"}})
	if len(s.Settings().People) != 4 || len(s.Application(app.ID).AssignedPeople) != 0 {
		t.Errorf("%d people, assigned %v", len(s.Settings().People), s.Application(app.ID).AssignedPeople)
	}

	b.post("/groups", url.Values{"action": {"rename"}, "was": {"Engineers"}, "name": {"Builders"}})
	if c := s.Settings(); !slices.Contains(c.person("bob").Groups, "Builders") || !c.Applications[0].assigned(c.person("bob")) {
		t.Errorf("after renaming: %+v", c.person("bob"))
	}
	b.post("/groups", url.Values{"action": {"remove"}, "was": {"Builders"}})
	b.post("/groups", url.Values{"action": {"add"}, "name": {"Builders"}})
	if c := s.Settings(); c.group("Builders").ID == "14588468-9051-7063-d632-5c1f3ad7e2b0" || c.Applications[0].assigned(c.person("bob")) {
		t.Error("a group made again has the ID or the assignments of the old one")
	}
	if a := b.post("/groups", url.Values{"action": {"add"}, "name": {"Builders"}}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a second group of the name: %d", a.status)
	}
}

func TestFormsFromOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	s, app := newSim(t)
	b := newBrowser(t, s)
	path := "/applications/" + app.ID
	for _, p := range []string{
		"/signin", "/signout", "/applications/new", path + "/remove", path + "/configuration", path + "/mappings", path + "/assign",
		path + "/certificates", path + "/faults", "/people/new", "/people/alice", "/groups",
	} {
		a := b.post(p, url.Values{"action": {"remove"}, "was": {"Engineers"}}, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example")
		if a.status != http.StatusForbidden {
			t.Errorf("%s: %d, want 403", p, a.status)
		}
	}
	if c := s.Settings(); len(c.Applications) != 1 || len(c.People) != 5 || len(c.Groups) != 2 {
		t.Error("something changed")
	}
}

func TestContinueStaysHere(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"/start/open/x?y=1": "/start/open/x?y=1", "": "/start", "https://evil.example": "/start", "//evil.example": "/start",
		`/\evil.example`: "/start", "/a\r\nb": "/start", "/\t/evil.example": "/start",
	} {
		if got := ownPath(given); got != want {
			t.Errorf("ownPath(%q) = %q, want %q", given, got, want)
		}
	}
}
