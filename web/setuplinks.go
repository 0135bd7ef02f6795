package web

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
)

// setupLinksShown is how many links an administrator sees, newest first.
const setupLinksShown = 5

// ConnectionPanel is what an administrator sees of the setup links on the page of a
// connection that has a draft; nil when there is nothing to hand over yet.
func (rm *setupRoom) ConnectionPanel(r *http.Request, a model.Administrator, c model.Connection) (*setuplink.Panel, error) {
	sc := setupCase{connection: c, draft: *c.Draft}
	sc.facts = rm.setupFacts(sc, 0)
	return rm.linkPanel(r, a, sc, "")
}

// linkPanel is what an administrator sees of the setup links of a connection;
// nil when there is nothing to hand over yet, or nothing any more.
func (rm *setupRoom) linkPanel(r *http.Request, a model.Administrator, sc setupCase, from string) (*setuplink.Panel, error) {
	if !rm.mayVisit(wizard.StepAWSApplication, sc.facts) {
		return nil, nil //nolint:nilnil // no panel is no fault
	}
	links, err := rm.store.SetupLinks(r.Context(), sc.connection.Slug, setupLinksShown)
	if err != nil {
		return nil, err
	}
	evidence, err := rm.evidence(r.Context(), sc)
	if err != nil {
		return nil, err
	}
	return &setuplink.Panel{
		Connection: sc.connection.Slug, From: from, Here: r.URL.Path, Links: links, Evidence: evidence,
		MayChange: a.Role.Includes(model.RoleAdmin), Now: rm.now(),
	}, nil
}

// evidence says how far a draft has got with AWS, by what was seen.
func (rm *setupRoom) evidence(ctx context.Context, sc setupCase) (setuplink.Evidence, error) {
	e := setuplink.Evidence{Passed: sc.draft.TestedLogin != ""}
	if aws := rm.setupAWS(sc); aws != nil && aws.Problem == "" {
		e.Metadata, e.Region, e.Account = true, aws.Region, aws.Account
	}
	trials, err := rm.store.Trials(ctx, sc.draft.ID)
	if err != nil {
		return e, err
	}
	e.RequestAt, e.ResponseAt = trials.RequestAt, trials.ResponseAt
	if trials.Refusal != nil {
		why := explain(trials.Refusal.Code, trials.Refusal)
		e.Refused, e.Field = why.Title, why.Field
	}
	return e, nil
}

// createSetupLink makes a link for the draft of a connection. The link is shown
// on the answer itself, because only its hash is kept.
func (rm *setupRoom) createSetupLink(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	c, err := rm.store.Connection(r.Context(), pathValue(r, "slug"))
	if err != nil {
		return err
	}
	refuse := func(text string) error {
		return rm.showProblem(w, r, a, c, text)
	}
	if c.Draft == nil {
		return refuse("Nobody is editing this connection, so there is nothing to set up in AWS. Start a draft first.")
	}
	sc := setupCase{connection: c, draft: *c.Draft}
	sc.facts = rm.setupFacts(sc, 0)
	if !rm.mayVisit(wizard.StepAWSApplication, sc.facts) {
		return refuse("The values for AWS are not settled yet. Finish the setup's first steps, up to “The application in AWS”.")
	}
	days, err := strconv.Atoi(r.PostFormValue(setuplink.FieldDays))
	if err != nil || !slices.Contains(setuplink.Days(), days) {
		return refuse("Choose from the list how long the setup link works.")
	}
	token, now := rand.Text(), rm.now()
	link, err := rm.store.CreateSetupLink(r.Context(), rm.actor(r, a), c.Slug, token, now, now.Add(time.Duration(days)*24*time.Hour))
	if err != nil {
		return err
	}
	v := setuplink.MadeLink{
		Page: rm.page(r, a, layout.NavConnections, "The setup link is ready", "Send it to the person who holds the AWS console."),
		Link: link, URL: rm.opts.PublicURL + paths.SetupLink(token), Back: linkPanelPath(r, c.Slug),
	}
	v.Page.Crumbs = setupCrumbs(c)
	return rm.render(w, r, http.StatusOK, setuplink.Made(v))
}

// linkPanelPath is the page on which a button of the panel was pressed.
func linkPanelPath(r *http.Request, slug string) string {
	if r.URL.Query().Get("from") == setuplink.FromSetup {
		return paths.SetupStep(slug, wizard.StepAWSApplication)
	}
	return paths.Connection(slug)
}

func (rm *setupRoom) revokeSetupLink(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	id, err := strconv.ParseInt(pathValue(r, "id"), 10, 64)
	if err != nil {
		return store.ErrNotFound
	}
	slug := pathValue(r, "slug")
	if err := rm.store.RevokeSetupLink(r.Context(), rm.actor(r, a), slug, id, rm.now()); err != nil {
		return err
	}
	return rm.done(w, r, linkPanelPath(r, slug), "The setup link does not work any more.")
}
