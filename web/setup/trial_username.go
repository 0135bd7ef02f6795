package setup

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/setup"
)

// usernameChoices are the values of a test login that could be the username,
// each with what the rule makes of it and whether that is somebody known.
func (rm *Room) usernameChoices(ctx context.Context, cfg model.Config, p *model.Person) ([]setup.UsernameChoice, error) {
	if p == nil {
		return nil, nil
	}
	choices := []setup.UsernameChoice{{Source: model.AttributeSubject, Value: p.NameID}}
	for _, name := range slices.Sorted(maps.Keys(p.Attributes)) {
		if values := p.Attributes[name]; len(values) == 1 && values[0] != "" {
			choices = append(choices, setup.UsernameChoice{Source: name, Value: values[0]})
		}
	}
	names := make([]string, len(choices))
	for i := range choices {
		c := &choices[i]
		username, err := sso.PreviewUsername(cfg.Username, c.Value)
		if c.Username, names[i] = username, username; err != nil {
			c.Problem = "The username " + err.Error() + "."
		}
		c.Current = c.Source == cfg.Attributes.Username
	}
	users, err := rm.Store.UsersByName(ctx, names)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, u := range users {
		known[model.Key(u.Username)] = true
	}
	for i := range choices {
		choices[i].Known = known[model.Key(choices[i].Username)]
	}
	return choices, nil
}

// chooseUsername makes one of the values that really arrived the source of the
// username. The draft has to be tested again then.
func (rm *Room) chooseUsername(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	sc, _, err := rm.loadStep(r, wizard.StepTest)
	if err != nil {
		return err
	}
	l, err := rm.Store.LatestTest(r.Context(), sc.Draft.ID)
	if err != nil {
		return err
	}
	choices, err := rm.usernameChoices(r.Context(), sc.Draft.Config, l.Person)
	if err != nil {
		return err
	}
	source := r.PostFormValue("source")
	chosen := slices.IndexFunc(choices, func(c setup.UsernameChoice) bool { return c.Source == source && c.Problem == "" })
	if chosen < 0 {
		return store.ErrNotFound // no such value arrived, or it can be nobody's username
	}
	_, err = rm.Store.SaveDraft(r.Context(), rm.Actor(r, a), sc.Connection.Slug, formVersion(r), func(rev *model.Revision) error {
		rev.Config.Attributes.Username = source
		return nil
	})
	if err != nil {
		return err
	}
	return rm.Done(w, r, paths.SetupStep(sc.Connection.Slug, wizard.StepTest),
		fmt.Sprintf("The username now comes from “%s”. Start another test: only what has been tested can go live.", source))
}
