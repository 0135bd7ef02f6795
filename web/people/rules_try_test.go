package people_test

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

func TestARuleIsTriedBeforeItIsSaved(t *testing.T) {
	t.Parallel()
	s := webtest.EditedLive(t, func(*model.Config) {})
	ctx := t.Context()
	storetest.Group(t, s.Store, "staff")
	storetest.Group(t, s.Store, "ops")
	if err := s.Store.AddMember(ctx, storetest.Actor, "staff", "bo"); err != nil {
		t.Fatal(err)
	}
	form := url.Values{"name": {"everyone"}, "connection": {"aws"}, "kind": {"email_domain"}, "domain": {"example.com"}, "groups": {"staff"}, "try": {"everybody"}}
	res := s.Post("/rules", form)
	// bo has it by hand; ana and carl gain it, and dora, whose email is enough.
	if res.Status != http.StatusOK || !strings.Contains(res.Find(".trial-result"), "3 would gain a group and 0 would lose one") {
		t.Fatalf("answered %d: %s", res.Status, res.Find(".trial-result"))
	}
	if res.Value("domain") != "example.com" || res.Value("name") != "everyone" {
		t.Error("what was typed is gone")
	}
	if rules, err := s.Store.Rules(ctx); err != nil || len(rules) != 0 {
		t.Errorf("%d rules were saved, %v", len(rules), err)
	}
	form.Set("try", "one")
	form.Set("try_username", "bo")
	if res := s.Post("/rules", form); !strings.Contains(res.Find(".trial-result"), "Nothing changes") {
		t.Errorf("for bo: %s", res.Find(".trial-result"))
	}
	form.Set("try_username", "nobody")
	if res := s.Post("/rules", form); res.Status != http.StatusUnprocessableEntity {
		t.Errorf("for nobody: %d", res.Status)
	}
	form.Set("kind", "attribute")
	form.Set("attribute", "login")
	form.Set("value", "ana2")
	form.Set("try", "list")
	list, err := csv.NewReader(strings.NewReader(s.Post("/rules", form).Body)).ReadAll()
	if err != nil || len(list) != 3 || list[1][0] != "ana" || list[1][3] != "staff" || list[2][0] != "dora" || list[2][5] == "yes" {
		t.Errorf("the list is %q, %v", list, err)
	}
}

func TestDeletingARuleIsTriedFirst(t *testing.T) {
	t.Parallel()
	s := webtest.EditedLive(t, func(*model.Config) {})
	storetest.Group(t, s.Store, "staff")
	_, err := s.Store.CreateRule(t.Context(), storetest.Actor, model.Rule{Name: "everyone", Connection: "aws", Kind: model.RuleAlways, Groups: []string{"staff"}})
	if err != nil {
		t.Fatal(err)
	}
	res := s.Post("/rules/everyone/delete", url.Values{"try": {"everybody"}})
	if !strings.Contains(res.Find(".trial-result"), "4 would lose one") {
		t.Errorf("answered %d: %s", res.Status, res.Find(".trial-result"))
	}
	if _, err := s.Store.Rule(t.Context(), "everyone"); err != nil {
		t.Error("trying deleted the rule")
	}
}
