package web_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/configdoc"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/csvimport"
	"github.com/postern-sso/postern/web/outgoing"
	"github.com/postern-sso/postern/web/webtest"
)

// judged is a field with the one judge that it has, and the roads by which it comes.
type judged struct {
	field string
	judge func(string) error
	most  int                   // characters
	put   string                // a good value around what is tried: "%s@example.com"; empty: "%s"
	canon func(string) string   // the form into which each road brings it before it is judged; nil: model.Canonical
	words bool                  // blanks separate several
	form  func(v string) string // where it is typed: an address, with the other fields; no address: it cannot be typed
	csv   string                // a column; empty: no file has it
	doc   string                // a document with %s in the place of the value
	aws   string                // a field of model.AttributeMap; empty: AWS does not send it
}

// filled is a form: its address, and the fields beside the one that is tried.
func filled(address string, fields ...string) string {
	v := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		v.Add(fields[i], fields[i+1])
	}
	return address + "?" + v.Encode()
}

func judgedFields() []judged {
	n := 0
	fresh := func(address, key string, more ...string) func(string) string {
		return func(string) string {
			n++
			return filled(address, append(more, key, fmt.Sprintf("fresh-%d", n))...)
		}
	}
	only := func(address string, fields ...string) func(string) string {
		return func(string) string { return filled(address, fields...) }
	}
	person := func(field string) judged {
		return judged{field: field, judge: model.CheckPersonName, most: model.MaxPersonName, form: fresh(paths.Users, "username"), csv: field,
			doc: "users: [{username: ana, " + field + ": %s}]"}
	}
	first, last := person("first_name"), person("last_name")
	first.aws, last.aws = "first_name", "last_name"
	rule := func(kind string) func(string) string {
		return fresh(paths.Rules, "name", "connection", "aws", "groups", "staff", "kind", kind, "attribute", "a", "value", "a")
	}
	settings := func(key string) func(string) string {
		return only(paths.Settings, "public_url", "https://sso.example.com", "retention_days", "30", "login_days", "90", "product_name", "Postern", key, "")
	}
	mail := only("/settings/warnings/mail", "smtp_host", "smtp.example.com", "smtp_port", "587", "smtp_tls", model.MailStartTLS,
		"mail_from", "postern@example.com", "mail_to", "ops@example.com")
	const ruleDoc = "rules: [{name: r, connection: aws, groups: [staff], when: "
	return []judged{
		person("display_name"), first, last,
		{field: "username", judge: model.CheckUsername, most: model.MaxUsername, form: only(paths.Users), csv: "username",
			doc: "users: [{username: %s}]", aws: "username"},
		{field: "email", judge: model.CheckEmail, most: model.MaxEmail, put: "%s@example.com", form: fresh(paths.Users, "username"), csv: "email",
			doc: "users: [{username: ana, email: %s}]", aws: "email"},
		{field: "external_id", judge: model.CheckExternalID, most: model.MaxExternalID, aws: "external_id"},
		{field: "name", judge: model.CheckGroupName, most: model.MaxGroupName, form: only(paths.Groups), csv: "groups", doc: "groups: [{name: %s}]"},
		{field: "description", judge: model.CheckDescription, most: model.MaxDescription, form: fresh(paths.Groups, "name"),
			doc: "groups: [{name: staff, description: %s}]"},
		{field: "name", judge: model.CheckGroupName, most: model.MaxGroupName, form: only(paths.Rules, "connection", "aws", "groups", "staff", "kind", "always"),
			doc: "rules: [{name: %s, connection: aws, groups: [staff], when: {always: true}}]"},
		{field: "attribute", judge: model.CheckRuleText, most: 1024, form: rule("attribute"), doc: ruleDoc + "{attribute: %s, equals: a}}]"},
		{field: "value", judge: model.CheckRuleText, most: 1024, form: rule("attribute"), doc: ruleDoc + "{attribute: a, equals: %s}}]"},
		{field: "aws_group", judge: model.CheckRuleText, most: 1024, form: rule("aws_group"), doc: ruleDoc + "{aws_group: %s}}]"},
		{field: "name", judge: model.CheckTitle, most: model.MaxTitle, form: fresh("/setup", "slug"), doc: "connections: [{slug: aws, name: %s}]"},
		{field: "name", judge: model.CheckTitle, most: model.MaxTitle, form: only(paths.App("jira"), "group_scope", "all",
			"redirect_uris", "https://jira.example.com/"), doc: "apps: [{slug: jira, kind: oidc, name: %s}]"},
		{field: "domain", judge: model.CheckEmailDomain, most: 200, put: "%s.example.com", canon: model.CanonicalDomain, form: rule("email_domain"),
			doc: ruleDoc + "{email_domain: %s}}]"},
		{field: "slug", judge: model.CheckSlug, most: 64, form: only("/setup", "name", "A"), doc: "connections: [{slug: %s}]"},
		{field: "slug", judge: model.CheckSlug, most: 64, form: only(paths.Apps, "product", "other", "road", "oidc", "redirect_uri", "https://x.example.com"),
			doc: "apps: [{slug: %s, kind: oidc, name: a, redirect_uris: [\"https://x.example.com\"]}]"},
		{field: "redirect_uris", judge: model.CheckRedirectURI, most: 255, put: "https://%s", words: true, form: only(paths.App("jira"), "name", "Jira",
			"group_scope", "all"), doc: "apps: [{slug: jira, kind: oidc, redirect_uris: [%s]}]"},
		{field: "email", judge: model.CheckEmail, most: model.MaxEmail, put: "%s@example.com", form: only(paths.Administrators, "role", "viewer")},
		{field: "help_contact", judge: model.CheckContact, most: model.MaxContact, canon: oneLine, form: settings("help_contact")},
		{field: "product_name", judge: model.CheckProductName, most: model.MaxProductName, form: settings("product_name")},
		{field: "mail_from", judge: model.CheckMailbox, most: model.MaxEmail, put: "%s@example.com", form: mail},
		{field: "mail_to", judge: model.CheckMailboxes, most: model.MaxEmail, put: "%s@example.com", form: mail},
		{field: "webhook_url", judge: judgeWebhook, most: 255, put: "https://%s", form: only("/settings/warnings/webhook")},
	}
}

// oneLine is what people type on several lines, or with many blanks.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// judgeWebhook is the judge of those who call it: an address from here goes out.
func judgeWebhook(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" {
		return errors.New("is not a web address")
	}
	return outgoing.NewFetcher(false).JudgeURL(u)
}

// tried are values of every kind that a judge refuses, and good ones at the limit.
// Some are not in normal form C, or have blanks around them: each road mends that.
func tried(f judged) []string {
	put := f.put
	if put == "" {
		put = "%s"
	}
	var values []string
	for _, s := range []string{"good", "a b", "a/b", "a\vb", "a\x07b", "a\u0085b", "a\u202eb", "a\u2066b", "a\u200bb",
		"a\u00adb", "a\uff4bb", "p\u0430ypal", "e\u0301va", "\u1100\u1161", "*", "A.B", "a\u00a0b"} {
		values = append(values, fmt.Sprintf(put, s))
	}
	values = append(values, " "+fmt.Sprintf(put, "padded"), fmt.Sprintf(put, "filled")+" ")
	room := f.most - len(fmt.Sprintf(put, ""))
	for _, s := range []string{strings.Repeat("x", room), strings.Repeat("x", room+1), strings.Repeat("é", room+1)} {
		values = append(values, fmt.Sprintf(put, s))
	}
	return values
}

// Whatever road a value comes by, the same is refused: what its judge refuses.
func TestEveryRoadHasTheSameJudge(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleOwner)
	s.AddConnection("aws")
	if err := s.Store.CreateApp(t.Context(), webtest.Tester, model.App{Slug: "jira", Kind: model.AppOIDC, Name: "Jira", Product: "jira", AllGroups: true,
		RedirectURIs: []string{"https://jira.example.com/"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Store.CreateGroup(t.Context(), webtest.Tester, model.Group{Name: "staff"}); err != nil {
		t.Fatal(err)
	}
	for _, f := range judgedFields() {
		for _, v := range tried(f) {
			want := f.verdict(v)
			for road, said := range f.roads(t, s, v) {
				if (said == "") != (want == nil) {
					t.Errorf("%s %.30q (%d bytes) by %s: it says %q, its judge %v", f.field, v, len(v), road, said, want)
				} else if want != nil && !strings.Contains(said, want.Error()) && !strings.Contains(said, "too long") && (!f.words || len(strings.Fields(v)) < 2) {
					t.Errorf("%s %.30q by %s: it says %q, its judge %v", f.field, v, road, said, want)
				}
			}
		}
	}
}

// verdict is what the judge says to a value in its form.
func (f judged) verdict(v string) error {
	if f.canon != nil {
		return f.judge(f.canon(v))
	}
	return f.judge(model.Canonical(v))
}

// roads sends a value by every road of the field, and is what each says against it.
func (f judged) roads(t *testing.T, s *webtest.Site, v string) map[string]string {
	t.Helper()
	said := map[string]string{}
	if f.form != nil {
		said["form"] = f.typed(t, s, v)
	}
	if f.csv != "" {
		said["CSV"] = f.inFile(t, v)
	}
	if f.doc != "" {
		_, problems := configdoc.Parse([]byte("version: 1\n"+fmt.Sprintf(f.doc, strconv.QuoteToASCII(v))+"\n"), nil)
		said["document"] = ""
		for _, p := range problems {
			said["document"] += p.Text
		}
	}
	if f.aws != "" {
		said["AWS"] = f.fromAWS(v)
	}
	return said
}

func (f judged) typed(t *testing.T, s *webtest.Site, v string) string {
	t.Helper()
	address, query, _ := strings.Cut(f.form(v), "?")
	form, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	form.Set(f.field, v)
	page := s.Post(address, form)
	if page.Status == http.StatusSeeOther || page.Status == http.StatusOK {
		return ""
	}
	return page.Want(t, http.StatusUnprocessableEntity).Doc.Find(".problems").Text()
}

func (f judged) inFile(t *testing.T, v string) string {
	t.Helper()
	row := map[string]string{csvimport.ColumnUsername: "ana"}
	row[f.csv] = v
	var header, cells []string
	for column := range maps.Keys(row) {
		header, cells = append(header, column), append(cells, row[column])
	}
	var text strings.Builder
	w := csv.NewWriter(&text)
	if err := w.WriteAll([][]string{header, cells}); err != nil {
		t.Fatal(err)
	}
	said := ""
	for _, p := range csvimport.Parse([]byte(text.String())).Problems {
		said += p.Text
	}
	return said
}

// fromAWS is why AWS's value is refused, or that it was kept otherwise than it was sent.
func (f judged) fromAWS(v string) string {
	cfg := model.Config{Attributes: model.AttributeMap{Username: "username"}}
	id := sso.Identity{NameID: "1", Attributes: map[string][]string{"username": {"ana"}}}
	for field, at := range map[string]*string{"email": &cfg.Attributes.Email, "first_name": &cfg.Attributes.FirstName, "last_name": &cfg.Attributes.LastName,
		"external_id": &cfg.Attributes.ExternalID} {
		if field == f.aws {
			*at = field
		}
	}
	id.Attributes[f.aws] = []string{v}
	_, checks, refusal := sso.MapAttributes(cfg, &id)
	if refusal != nil {
		return refusal.Detail
	}
	for _, c := range checks {
		if c.ID == "attribute_"+f.aws {
			return c.Note
		}
	}
	return ""
}
