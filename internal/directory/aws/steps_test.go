package aws

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/awssim"
	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/model"
)

func byName(steps []directory.Step) map[string]directory.Step {
	all := map[string]directory.Step{}
	for _, s := range steps {
		all[s.Name] = s
	}
	return all
}

func TestStepsOfATestThatGoesWell(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	steps, sample := w.reader().Test(t.Context())
	want := map[string]string{
		"credentials": "You are arn:aws:iam::123456789012:user/postern, account 123456789012.",
		"people":      "5 people came.",
		"groups":      "2 groups came.",
		"members":     "1 member of one group came.",
		"application": "Is there, and only people who are assigned may use it.",
		"assignments": "1 assignment came.",
	}
	got := byName(steps)
	for name, detail := range want {
		if s := got[name]; s.State != directory.StepOK || s.Detail != detail || s.Title == "" {
			t.Errorf("%s: %+v, want %q", name, s, detail)
		}
	}
	if !strings.Contains(got["instance"].Detail, "arn:aws:sso:::instance/ssoins-") || len(steps) != 7 {
		t.Errorf("%+v", steps)
	}
	if len(sample) != 5 || sample[0].Username != "alice" || sample[2].Says.Has(model.SaysEmail) {
		t.Errorf("%+v", sample)
	}
	steps, _ = w.reader(func(o *Options) { o.Application = "" }).Test(t.Context())
	if len(steps) != 4 {
		t.Errorf("%d steps without a connection", len(steps))
	}
}

// All that is missing shows at once: a step is skipped only where it needs another.
func TestStepsNameAllThatIsMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.update(func(c *awssim.Settings) {
		c.DeniedActions = []string{"identitystore:ListUsers", "identitystore:ListGroupMemberships", "sso:ListInstances"}
	})
	steps, sample := w.reader().Test(t.Context())
	got := byName(steps)
	for name, action := range map[string]string{
		"people": "identitystore:ListUsers", "members": "identitystore:ListGroupMemberships", "instance": "sso:ListInstances",
	} {
		if s := got[name]; s.State != directory.StepFailed || !strings.Contains(s.Detail, action) || !strings.Contains(s.Remedy, "Add "+action) {
			t.Errorf("%+v", s)
		}
	}
	if got["groups"].State != directory.StepOK || got["application"].State != directory.StepSkipped || got["assignments"].State != directory.StepSkipped ||
		len(sample) != 0 {
		t.Errorf("%+v", steps)
	}
	w.intercept(func(rw http.ResponseWriter, _ *http.Request, _ string, _ int) bool {
		return fail(rw, http.StatusForbidden, "UnrecognizedClientException", "no")
	})
	steps, _ = w.reader().Test(t.Context())
	for i, s := range steps {
		if (s.State == directory.StepFailed) != (i == 0) || i > 0 && s.State != directory.StepSkipped {
			t.Errorf("%+v", s)
		}
	}
}

func TestStepsWithoutGroupsAndWithMany(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.update(func(c *awssim.Settings) {
		c.People, c.Groups, c.OlderAnswers, c.Applications[0].AssignedGroups = nil, nil, true, nil
		for i := range 101 {
			c.People = append(c.People, awssim.Person{Username: fmt.Sprintf("person%03d", i)})
		}
	})
	steps, _ := w.reader().Test(t.Context())
	got := byName(steps)
	if s := got["members"]; s.State != directory.StepSkipped || s.Detail != "There is no group whose members could be listed." {
		t.Errorf("%+v", s)
	}
	if want := "A first page of 100 came, and there are more people. 100 of them came without a status: " +
		"AWS does not say whether they are enabled, and nobody is deactivated for it."; got["people"].Detail != want {
		t.Errorf("%q", got["people"].Detail)
	}
	if got["groups"].Detail != "No groups came." || got["assignments"].Detail != "No assignments came." {
		t.Errorf("%+v", steps)
	}
}
