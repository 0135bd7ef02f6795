package setup

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/setuplink"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/traces"
)

// setupLinksShown is how many links an administrator sees, newest first.
const setupLinksShown = 5

// ConnectionPanel is what an administrator sees of the setup links on the page of a
// connection that has a draft; nil when there is nothing to hand over yet.
func (rm *Room) ConnectionPanel(r *http.Request, a model.Administrator, c model.Connection) (*setuplink.Panel, error) {
	sc := SetupCase{Connection: c, Draft: *c.Draft}
	sc.facts = rm.SetupFacts(sc, 0)
	return rm.linkPanel(r, a, sc, "")
}

// linkPanel is what an administrator sees of the setup links of a connection;
// nil when there is nothing to hand over yet, or nothing any more.
func (rm *Room) linkPanel(r *http.Request, a model.Administrator, sc SetupCase, from string) (*setuplink.Panel, error) {
	if !rm.mayVisit(wizard.StepAWSApplication, sc.facts) {
		return nil, nil //nolint:nilnil // no panel is no fault
	}
	links, err := rm.Store.SetupLinks(r.Context(), sc.Connection.Slug, model.TaskSetup, setupLinksShown)
	if err != nil {
		return nil, err
	}
	evidence, err := rm.evidence(r.Context(), sc)
	if err != nil {
		return nil, err
	}
	return &setuplink.Panel{
		Connection: sc.Connection.Slug, From: from, Here: r.URL.Path, Links: links, Evidence: evidence,
		MayChange: a.Role.Includes(model.RoleAdmin), Now: rm.Now(),
	}, nil
}

// evidence says how far a draft has got with AWS, by what was seen.
func (rm *Room) evidence(ctx context.Context, sc SetupCase) (setuplink.Evidence, error) {
	e := setuplink.Evidence{Passed: sc.Draft.TestedLogin != ""}
	if aws := rm.setupAWS(sc); aws != nil && aws.Problem == "" {
		e.Metadata, e.Region, e.Account = true, aws.Region, aws.Account
	}
	trials, err := rm.Store.Trials(ctx, sc.Draft.ID)
	if err != nil {
		return e, err
	}
	e.RequestAt, e.ResponseAt = trials.RequestAt, trials.ResponseAt
	if trials.Refusal != nil {
		why := traces.Explain(trials.Refusal.Code, trials.Refusal)
		e.Refused, e.Field = why.Title, why.Field
	}
	return e, nil
}

// createSetupLink makes a link for the draft of a connection. The link is shown
// on the answer itself, because only its hash is kept.
func (rm *Room) createSetupLink(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	c, err := rm.Store.Connection(r.Context(), kit.PathValue(r, "slug"))
	if err != nil {
		return err
	}
	refuse := func(text string) error {
		return rm.ShowProblem(w, r, a, c, text)
	}
	if c.Draft == nil {
		return refuse("Nobody is editing this connection, so there is nothing to set up in AWS. Start a draft first.")
	}
	sc := SetupCase{Connection: c, Draft: *c.Draft}
	sc.facts = rm.SetupFacts(sc, 0)
	if !rm.mayVisit(wizard.StepAWSApplication, sc.facts) {
		return refuse("The values for AWS are not settled yet. Finish the setup's first steps, up to “The application in AWS”.")
	}
	days, err := strconv.Atoi(r.PostFormValue(setuplink.FieldDays))
	if err != nil || !slices.Contains(setuplink.Days(), days) {
		return refuse("Choose from the list how long the setup link works.")
	}
	token, now := rand.Text(), rm.Now()
	link, err := rm.Store.CreateSetupLink(r.Context(), rm.Actor(r, a), c.Slug, model.TaskSetup, token, now, now.Add(time.Duration(days)*24*time.Hour))
	if err != nil {
		return err
	}
	v := setuplink.MadeLink{
		Page: rm.Page(r, a, layout.NavConnections, "The setup link is ready", "Send it to the person who holds the AWS console."),
		Link: link, URL: rm.Opts.PublicURL + paths.SetupLink(token), Back: linkPanelPath(r, c.Slug),
	}
	v.Page.Crumbs = kit.SetupCrumbs(c)
	return rm.Render(w, r, http.StatusOK, setuplink.Made(v))
}

// linkPanelPath is the page on which a button of the panel was pressed.
func linkPanelPath(r *http.Request, slug string) string {
	switch r.URL.Query().Get("from") {
	case setuplink.FromSetup:
		return paths.SetupStep(slug, wizard.StepAWSApplication)
	case setuplink.FromCertificates:
		return paths.Certificates(slug)
	}
	return paths.Connection(slug)
}

func (rm *Room) revokeSetupLink(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	id, err := strconv.ParseInt(kit.PathValue(r, "id"), 10, 64)
	if err != nil {
		return store.ErrNotFound
	}
	slug := kit.PathValue(r, "slug")
	if err := rm.Store.RevokeSetupLink(r.Context(), rm.Actor(r, a), slug, id, rm.Now()); err != nil {
		return err
	}
	return rm.Done(w, r, linkPanelPath(r, slug), "The setup link does not work any more.")
}
