package configdoc_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/configdoc"
	"github.com/postern-sso/postern/internal/forecast"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/provision"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// company has a live connection through which three people have signed in, two
// groups, a rule, and an app that sees one of the groups.
func company(t *testing.T) *store.Store {
	t.Helper()
	st := storetest.OpenPool(t)
	apply(t, st, `version: 1
connections:
  - {slug: aws, name: AWS, provisioning: jit, status: live, idp_metadata_file: aws.xml, attributes: {username: subject, email: email, external_id: userId}}
groups: [{name: staff}, {name: ops}]
rules: [{name: all, connection: aws, when: {email_domain: example.com}, groups: [staff]}]
apps: [{slug: jira, kind: oidc, name: Jira, redirect_uris: [https://jira.example.com/cb], groups: [ops]}]
`)
	c, err := st.Connection(t.Context(), "aws")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ana", "bo", "cy"} {
		signsIn(t, st, c, name)
	}
	if err := st.AddMember(t.Context(), storetest.Actor, "ops", "ana"); err != nil {
		t.Fatal(err)
	}
	return st
}

// signsIn is a real login, as provision decides it.
func signsIn(t *testing.T, st *store.Store, c model.Connection, name string) {
	t.Helper()
	idp, err := sso.ParseMetadata([]byte(c.Live.Config.IdPMetadata), sso.MetadataOptions{Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	p := model.Person{IdPEntityID: idp.EntityID, NameID: name, ExternalID: "id-" + name, Username: name, Email: name + "@example.com",
		Attributes: map[string][]string{"email": {name + "@example.com"}, "userId": {"id-" + name}, "login": {name + ".new"}}}
	rules, err := st.Rules(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = st.CompleteLogin(t.Context(), store.Completion{
		Login:        model.Login{ID: store.NewLoginID(), Connection: c.Slug, StartedAt: time.Now(), Person: &p, Username: name},
		ConnectionID: c.ID, AssertionID: "_" + name, AssertionExpires: time.Now().Add(time.Hour), Person: p, Now: time.Now(),
		Decide: func(k model.Known) model.Decision {
			k.Rules = rules
			return provision.Decide(provision.Input{Connection: c.Slug, Config: c.Live.Config, Person: p, Known: k, Now: time.Now()})
		},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func rehearsed(t *testing.T, st *store.Store, text string) configdoc.Outcome {
	t.Helper()
	o, err := mustParse(t, "version: 1\n"+text).Rehearse(t.Context(), st, storetest.Actor)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// What a document does to people is said, and who is locked out by it is counted.
func TestDocumentSaysWhatItDoesToPeople(t *testing.T) {
	t.Parallel()
	st := company(t)
	each := func(effects ...forecast.Effect) []forecast.Effect {
		var all []forecast.Effect
		for _, name := range []string{"ana", "bo", "cy"} {
			for _, e := range effects {
				e.Username = name
				if e.Effect == forecast.RenamedTo {
					e.From, e.To = name, name+".new"
				}
				all = append(all, e)
			}
		}
		return all
	}
	for name, c := range map[string]struct {
		document string
		people   []forecast.Effect
		apps     []forecast.AppEffect
		locked   int
	}{
		"nothing": {"connections: [{slug: aws}]", nil, nil, 0},
		"a name":  {"connections: [{slug: aws, name: Amazon}]", nil, nil, 0},
		"an attribute that never came": {"connections: [{slug: aws, attributes: {username: nickname}}]",
			each(forecast.Effect{Connection: "aws", Effect: forecast.LockedOut, Code: model.CodeAttributeMissing}), nil, 3},
		"suspended": {"connections: [{slug: aws, status: suspended}]",
			each(forecast.Effect{Connection: "aws", Effect: forecast.LockedOut, Code: model.CodeConnectionNotLive}), nil, 3},
		"removed, with what its rules gave": {"connections: []\nrules: []",
			each(forecast.Effect{Effect: forecast.GroupLost, From: "staff"},
				forecast.Effect{Connection: "aws", Effect: forecast.LockedOut, Code: model.CodeConnectionNotLive}), nil, 3},
		"deactivated by the document": {"users: [{username: bo, active: false}]",
			[]forecast.Effect{{Username: "bo", Effect: forecast.Deactivated}}, nil, 0},
		"renamed": {"connections: [{slug: aws, attributes: {username: login}}]",
			each(forecast.Effect{Connection: "aws", Effect: forecast.RenamedTo}), []forecast.AppEffect{{Slug: "jira", Effect: forecast.AppPeopleRenamed}}, 0},
		"a rule's domain": {"rules: [{name: all, connection: aws, when: {email_domain: example.org}, groups: [staff]}]",
			each(forecast.Effect{Connection: "aws", Effect: forecast.GroupLost, From: "staff"}), nil, 0},
		"a rule's group too": {"rules: [{name: all, connection: aws, when: {always: true}, groups: [staff, ops]}]",
			[]forecast.Effect{{Username: "bo", Connection: "aws", Effect: forecast.GroupGained, To: "ops"},
				{Username: "cy", Connection: "aws", Effect: forecast.GroupGained, To: "ops"}}, nil, 0},
		"a group goes, the app's last": {"groups: [{name: staff}]",
			[]forecast.Effect{{Username: "ana", Effect: forecast.GroupLost, From: "ops"}}, []forecast.AppEffect{{Slug: "jira", Effect: forecast.AppNoGroupLeft}}, 0},
		"somebody new": {"users: [{username: new, email: new@example.com}]", nil, nil, 0},
	} {
		o := rehearsed(t, st, c.document)
		if !slices.Equal(o.People, c.people) || !slices.Equal(o.Apps, c.apps) || o.LockedOut != c.locked {
			t.Errorf("%s:\n%+v\n%+v, %d locked out; want\n%+v\n%+v, %d", name, o.People, o.Apps, o.LockedOut, c.people, c.apps, c.locked)
		}
	}
	if o := rehearsed(t, st, "connections: [{slug: aws, name: AWS}]"); len(o.Changes) != 0 {
		t.Errorf("a rehearsal has left %v", o.Changes)
	}
}

// A document that locks people out changes nothing, unless that is accepted, and
// then the audit has it.
func TestDocumentThatLocksOut(t *testing.T) {
	t.Parallel()
	st := company(t)
	doc := mustParse(t, "version: 1\nconnections: [{slug: aws, status: suspended}]")
	var lockOut *configdoc.LockOutError
	if _, err := doc.ApplyUnlessLockedOut(t.Context(), st, storetest.Actor, false); !errors.As(err, &lockOut) || lockOut.Outcome.LockedOut != 3 {
		t.Fatalf("applied: %v", err)
	}
	if c, err := st.Connection(t.Context(), "aws"); err != nil || c.Status != model.StatusLive {
		t.Errorf("the connection is %s, %v", c.Status, err)
	}
	if _, err := doc.ApplyUnlessLockedOut(t.Context(), st, storetest.Actor, true); err != nil {
		t.Fatal(err)
	}
	entries, _, err := st.Audit(t.Context(), store.AuditQuery{Action: "config.lock_out_accepted"})
	if err != nil || len(entries) != 1 || !strings.HasSuffix(entries[0].Note, ": 3.") {
		t.Errorf("audited %+v, %v", entries, err)
	}
}

// Another issuer is said in words, not as other text.
func TestMetadataChangeInWords(t *testing.T) {
	t.Parallel()
	s := full(t)
	s.Connections[0].Live.Config.IdPMetadata = strings.ReplaceAll(readFile(t, "aws.xml"), "eu-central-1", "us-east-1")
	got := strings.Join(planned(t, "version: 1\nconnections: [{slug: aws, idp_metadata_file: aws.xml}]", s), "\n")
	for _, want := range []string{"connection aws: idp_metadata issuer https://portal.sso.us-east-1.", "idp_metadata region us-east-1 → eu-central-1"} {
		if !strings.Contains(got, want) {
			t.Errorf("the plan does not say %q:\n%s", want, got)
		}
	}
	if strings.Contains(got, "certificates") || strings.Contains(got, "other content") {
		t.Errorf("the plan:\n%s", got)
	}
	s.Connections[0].Live.Config.IdPMetadata = strings.Replace(readFile(t, "aws.xml"), "/saml/logout/", "/elsewhere/logout/", 1)
	if got := planned(t, "version: 1\nconnections: [{slug: aws, idp_metadata_file: aws.xml}]", s); len(got) != 1 || !strings.Contains(got[0], "sign-out address") {
		t.Errorf("another sign-out address: %v", got)
	}
}
