package people_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/webtest"
)

const (
	opsID  = "64d84438-b0c1-708c-f431-91ece2abb39a"
	devsID = "74d84438-b0c1-708c-f431-91ece2abb39b"
	oldID  = "84d84438-b0c1-708c-f431-91ece2abb39c"
)

// sentGroups is a site to which answers brought three groups: two lately, one long ago.
func sentGroups(t *testing.T) *webtest.Site {
	t.Helper()
	s := webtest.NewSiteOn(t, storetest.OpenPool(t))
	s.SignInAs(model.RoleOwner)
	s.OpenConnection("aws")
	now := time.Now()
	for at, ids := range map[time.Time][]string{now: {opsID, devsID}, now.Add(-40 * 24 * time.Hour): {oldID}} {
		s.AddLogin(func(l *model.Login) {
			l.Connection, l.StartedAt, l.FinishedAt, l.Outcome, l.Verified = "aws", at, at, model.OutcomeRefused, true
			l.Person = &model.Person{Username: "ana", AWSGroups: ids, AWSGroupsSent: true}
		})
	}
	for name, groups := range map[string]string{"ana": `["` + opsID + `", "` + devsID + `"]`, "ben": `["` + opsID + `"]`, "cy": "null"} {
		s.AddUser(name)
		exec(t, s, `insert into identities (user_id, connection_id, idp_entity_id, name_id, last_person)
			select u.id, c.id, 'https://idp', u.username, jsonb_build_object('AWSGroups', $2::jsonb) from users u, connections c where u.username = $1`, name, groups)
	}
	return s
}

// rowOf is the line of a group.
func rowOf(p *webtest.Page, id string) string {
	return strings.Join(strings.Fields(p.Doc.Find("#results tbody tr:contains('"+id+"')").Text()), " ")
}

func TestAWSGroupsAreNamedByHand(t *testing.T) {
	t.Parallel()
	s := sentGroups(t)
	s.Get(paths.Groups).Has(t, "nav.tabs a[href='/aws-groups']", "AWS groups")
	page := s.Get(paths.AWSGroups).Want(t, http.StatusOK)
	for id, want := range map[string]string{opsID: "2 people", devsID: "1 person", oldID: "no longer comes"} {
		if row := rowOf(page, id); !strings.Contains(row, want) {
			t.Errorf("%s does not say %q: %s", id, want, row)
		}
	}
	if row := rowOf(s.Get(paths.AWSGroups+"?which=stale"), opsID); row != "" {
		t.Errorf("seen today, and no longer comes: %s", row)
	}
	form := page.Form("#results form")
	for i, id := range form["id"] {
		if id == opsID {
			form["name"][i] = "Operations"
		}
	}
	s.Post(paths.AWSGroups, form).Want(t, http.StatusSeeOther)
	page = s.Get(paths.AWSGroups)
	page.Has(t, ".alert-success", "1 name was saved.")
	if got := page.Doc.Find("#results input[value=Operations]").Length(); got != 1 {
		t.Errorf("the name is shown %d times", got)
	}
	s.Post(paths.AWSGroups, form).Want(t, http.StatusSeeOther)
	s.Get(paths.AWSGroups).Has(t, ".alert", "Nothing was changed")
	if row := rowOf(s.Get(paths.AWSGroups+"?which=nameless"), opsID); row != "" {
		t.Errorf("named, and without a name: %s", row)
	}
	s.Post(paths.AWSGroups, url.Values{"id": {opsID}, "name": {}, "connection": {"aws"}}).Want(t, http.StatusBadRequest)
}

func TestAWSGroupsAreNamedFromAFile(t *testing.T) {
	t.Parallel()
	s := sentGroups(t)
	for typed, want := range map[string]string{
		"":                            "Type at least one id",
		opsID:                         "Line 1 has no name",
		"id,name\n,Ops":               "Line 2 has no id",
		opsID + ",A\n" + opsID + ",B": "otherwise",
	} {
		s.Post("/aws-groups/import", url.Values{"connection": {"aws"}, "csv": {typed}}).Want(t, http.StatusUnprocessableEntity).Has(t, ".problems", want)
	}
	s.Post("/aws-groups/import", url.Values{"connection": {"none"}, "csv": {opsID + ",Ops"}}).Want(t, http.StatusUnprocessableEntity)
	typed := "GroupId;Name\r\n" + opsID + "\tOperations\r\n\r\n\"" + devsID + "\";\"Developers, all\"\r\nnot-yet-seen, Later\r\n"
	s.Post("/aws-groups/import", url.Values{"connection": {"aws"}, "csv": {typed}}).Want(t, http.StatusSeeOther)
	names, err := s.Store.AWSGroupNames(t.Context(), "aws", nil)
	if err != nil || len(names) != 3 || names[opsID] != "Operations" || names[devsID] != "Developers, all" || names["not-yet-seen"] != "Later" {
		t.Errorf("got %v, %v", names, err)
	}
}

// Names are shown in traces and rules, and a rule is made by a name.
func TestAWSGroupsByNameInTracesAndRules(t *testing.T) {
	t.Parallel()
	s := sentGroups(t)
	names := map[string]string{opsID: "Operations", devsID: "Twins", oldID: "twins"}
	if _, err := s.Store.NameAWSGroups(t.Context(), webtest.Tester, "aws", names, ""); err != nil {
		t.Fatal(err)
	}
	l := s.AddLogin(func(l *model.Login) {
		l.Connection, l.Outcome, l.Verified = "aws", model.OutcomeRefused, true
		l.Person = &model.Person{Username: "ana", AWSGroups: []string{opsID, "other"}, AWSGroupsSent: true}
	})
	s.Get(paths.Login(l.ID)).Has(t, "section[aria-labelledby=person]", "Operations ("+opsID+"), other")
	s.AddGroup("staff")
	s.Get(paths.RulesNew).Has(t, "datalist option[value='"+opsID+"']", "Operations")
	form := url.Values{"name": {"ops"}, "connection": {"aws"}, "kind": {"aws_group"}, "aws_group": {"operations"}, "groups": {"staff"}}
	s.Post(paths.Rules, form).Want(t, http.StatusSeeOther)
	if rule, err := s.Store.Rule(t.Context(), "ops"); err != nil || rule.Value != opsID {
		t.Errorf("the rule is about %q, %v", rule.Value, err)
	}
	// Wherever a rule says why, it says the group's name: tried before it is saved, and
	// when its deletion is.
	const named = "Operations (" + opsID + ")"
	s.Get(paths.Rules).Has(t, "main", named)
	s.AddGroup("more")
	tried := url.Values{"name": {"more"}, "connection": {"aws"}, "kind": {"aws_group"}, "aws_group": {opsID}, "groups": {"more"}, "try": {"everybody"}}
	s.Post(paths.Rules, tried).Want(t, http.StatusOK).Has(t, ".trial-result", "matches the AWS group "+named)
	rule, err := s.Store.Rule(t.Context(), "ops")
	if err != nil || rule.AWSGroup() != named {
		t.Errorf("the rule is about %s, %v", rule.AWSGroup(), err)
	}
	form.Set("name", "twins")
	form.Set("aws_group", "twins")
	s.Post(paths.Rules, form).Want(t, http.StatusUnprocessableEntity).Has(t, ".problems", "2 AWS groups are called “twins”")
	form.Set("aws_group", "94d84438-b0c1-708c-f431-91ece2abb39d") // nobody knows it yet
	s.Post(paths.Rules, form).Want(t, http.StatusSeeOther)
}
