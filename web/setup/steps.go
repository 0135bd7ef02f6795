package setup

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/setup"
	"github.com/postern-sso/postern/templates/setuplink"
	"github.com/postern-sso/postern/web/forecast"
)

// renderStep shows a step's own page around the frame.
func (rm *Room) renderStep(w http.ResponseWriter, r *http.Request, status int, f setup.Frame, sc SetupCase) error {
	page, err := rm.stepPage(r, f, sc)
	if err != nil {
		return err
	}
	return rm.Render(w, r, status, page)
}

// stepPage is the page of a step; setup.Plain where it has none of its own.
func (rm *Room) stepPage(r *http.Request, f setup.Frame, sc SetupCase) (templ.Component, error) {
	if page, ok := stepPages[f.Step.ID]; ok {
		return page(rm, r, f, sc)
	}
	return setup.Plain(f), nil
}

// stepPages are the pages of the steps that show more than their form.
var stepPages = map[wizard.StepID]func(*Room, *http.Request, setup.Frame, SetupCase) (templ.Component, error){
	wizard.StepWelcome: func(rm *Room, r *http.Request, f setup.Frame, _ SetupCase) (templ.Component, error) {
		return setup.Welcome(setup.WelcomePage{Frame: f, URLFixed: rm.urlFixedFor(f.Page.Viewer), AtStart: rm.Opts.PublicURLFixed, SeenAs: rm.seenAs(r)}), nil
	},
	wizard.StepProvisioning: func(_ *Room, r *http.Request, f setup.Frame, _ SetupCase) (templ.Component, error) {
		return setup.Provisioning(provisioningPage(r, f)), nil
	},
	wizard.StepAWSApplication: func(rm *Room, r *http.Request, f setup.Frame, sc SetupCase) (templ.Component, error) {
		links, err := rm.linkPanel(r, f.Page.Viewer, sc, setuplink.FromSetup)
		return setup.Application(setup.ApplicationPage{Frame: f, Drawings: rm.drawings(r, sc, sc.Draft.Config), Links: links}), err
	},
	wizard.StepMetadata: func(rm *Room, _ *http.Request, f setup.Frame, sc SetupCase) (templ.Component, error) {
		return setup.Metadata(setup.MetadataPage{Frame: f, Stored: rm.setupAWS(sc), Now: rm.Now()}), nil
	},
	wizard.StepAttributes: func(rm *Room, r *http.Request, f setup.Frame, sc SetupCase) (templ.Component, error) {
		v, err := rm.attributesPage(r, f, sc, "")
		return setup.Attributes(v), err
	},
	wizard.StepDirectory: func(rm *Room, r *http.Request, f setup.Frame, sc SetupCase) (templ.Component, error) {
		v, err := rm.directoryPage(r.Context(), f, sc)
		return setup.Directory(v), err
	},
	wizard.StepUsers: func(rm *Room, r *http.Request, f setup.Frame, sc SetupCase) (templ.Component, error) {
		v, err := rm.usersPage(r.Context(), f, sc)
		return setup.Users(v), err
	},
	wizard.StepGroups: func(rm *Room, r *http.Request, f setup.Frame, sc SetupCase) (templ.Component, error) {
		v, err := rm.groupsPage(r.Context(), f, sc)
		if r.Method == http.MethodPost {
			keepGroups(r, &v)
		}
		return setup.Groups(v), err
	},
	wizard.StepAssign: func(rm *Room, r *http.Request, f setup.Frame, sc SetupCase) (templ.Component, error) {
		return setup.Assign(setup.AssignPage{Frame: f, Drawings: rm.drawings(r, sc, sc.Draft.Config)}), nil
	},
	wizard.StepTest: func(rm *Room, r *http.Request, f setup.Frame, sc SetupCase) (templ.Component, error) {
		v, err := rm.testPage(r.Context(), f, sc)
		return setup.Test(v), err
	},
	wizard.StepApps: func(rm *Room, r *http.Request, f setup.Frame, _ SetupCase) (templ.Component, error) {
		v, err := rm.appsPage(r, f)
		return setup.Apps(v), err
	},
	wizard.StepGoLive: func(rm *Room, r *http.Request, f setup.Frame, sc SetupCase) (templ.Component, error) {
		v, err := rm.goLivePage(r, f, sc)
		return setup.GoLive(v), err
	},
}

// appsPage has what was seen of the apps that are connected already.
func (rm *Room) appsPage(r *http.Request, f setup.Frame) (setup.AppsPage, error) {
	v := setup.AppsPage{Frame: f}
	apps, err := rm.Store.Apps(r.Context())
	if err != nil {
		return v, err
	}
	for _, app := range apps {
		if !slices.Contains(f.Draft.Config.Apps, app.Product) {
			continue
		}
		seen, err := rm.AppSeen(r, app)
		if err != nil {
			return v, err
		}
		seen.Page = f.Page
		v.Connected = append(v.Connected, seen)
	}
	return v, nil
}

// provisioningPage suggests one of the three ways from the answers in the
// address, and chooses it in the form unless something was typed.
func provisioningPage(r *http.Request, f setup.Frame) setup.ProvisioningPage {
	v := setup.ProvisioningPage{Frame: f, Asked: map[string]string{}}
	for _, q := range wizard.ProvisioningQuestions() {
		if answer := r.URL.Query().Get(q.Name); answer != "" {
			v.Asked[q.Name] = answer
		}
	}
	v.Suggestion = wizard.SuggestProvisioning(v.Asked)
	if v.Suggestion.Model != "" && r.Method == http.MethodGet {
		v.Answers = wizard.Answers{wizard.FieldProvisioning: {v.Suggestion.Model}}
	}
	return v
}

// seenAs is the address that this browser uses for Postern, where it is not
// the public URL's; AWS sends people to the latter.
func (rm *Room) seenAs(r *http.Request) string {
	u, err := url.Parse(rm.Opts.PublicURL)
	if err != nil || strings.EqualFold(r.Host, u.Host) {
		return ""
	}
	return r.Host
}

// drawings are AWS's screens with the values of a configuration, that of the
// draft or the one in the form. The links lead to the region that the metadata
// tells, else to the one in the address, or to the simulated AWS.
func (rm *Room) drawings(r *http.Request, sc SetupCase, cfg model.Config) setup.Drawings {
	d := setup.Drawings{
		Slug: sc.Connection.Slug, Name: cfg.Name, NameIDFormat: cfg.NameIDFormat,
		Values: wizard.AWSValues(sc.facts), Rows: wizard.AWSAttributeRows(cfg),
	}
	if rm.Opts.DemoAWSURL != "" {
		d.ConsoleURL, d.Simulated = rm.Opts.DemoAWSURL, true
		return d
	}
	d.Region = wizard.CheckedRegion(r.URL.Query().Get("region"))
	if idp, err := sc.facts.Stored(); err == nil && idp.Region != "" {
		d.Region = idp.Region
	}
	d.ConsoleURL = wizard.ConsoleURL(d.Region)
	return d
}

// setupAWS describes AWS as the draft's metadata does; nil without any.
func (rm *Room) setupAWS(sc SetupCase) *setup.AWS {
	cfg := sc.Draft.Config
	if cfg.IdPMetadata == "" {
		return nil
	}
	idp, err := sc.facts.Stored()
	if err != nil {
		return &setup.AWS{Problem: "The metadata that is stored cannot be used any more. Replace it.", FetchedFrom: cfg.IdPMetadataURL}
	}
	v := &setup.AWS{
		Region: idp.Region, Account: idp.AccountID, EntityID: idp.EntityID, SignInURL: idp.RedirectURL,
		FetchedFrom: cfg.IdPMetadataURL,
	}
	for _, c := range idp.Certificates {
		v.Certificates = append(v.Certificates, setup.Certificate{Fingerprint: c.Fingerprint, NotAfter: c.NotAfter})
	}
	for _, f := range idp.Findings {
		v.Findings, v.Other = append(v.Findings, f.Text), v.Other || f.Code == sso.FindingOtherIdP
	}
	return v
}

// goLivePage gathers the review.
func (rm *Room) goLivePage(r *http.Request, f setup.Frame, sc SetupCase) (setup.GoLivePage, error) {
	ctx := r.Context()
	groups, err := rm.Store.CountGroups(ctx)
	if err != nil {
		return setup.GoLivePage{}, err
	}
	rules, err := rm.connectionRules(ctx, sc.Connection.Slug)
	if err != nil {
		return setup.GoLivePage{}, err
	}
	v := setup.GoLivePage{
		Frame: f, AWS: rm.setupAWS(sc), Now: rm.Now(), Users: sc.facts.Users, Groups: groups, Rules: len(rules),
		SignInLink: rm.signInLink(sc.Connection.Slug),
	}
	if v.Connected, err = forecast.With(rm.Kit).AppNames(ctx, sc.Connection.Slug); err != nil {
		return v, err
	}
	if !sc.Draft.Config.DirectorySynced {
		told, err := rm.Store.SourcesTold(ctx)
		if err != nil {
			return v, err
		}
		v.NoSource = len(told) == 0
	}
	if live := sc.Connection.Live; live != nil {
		v.Differences = wizard.Differences(live.Config, sc.Draft.Config, rm.Opts.PublicURL, sc.Connection.Slug, rm.Now())
	}
	if v.AWS == nil || v.AWS.Problem != "" {
		v.Preflight = &forecast.Preflight{} // nobody could be judged by it
	} else if sc.facts.Users <= preflightAtOnce || r.URL.Query().Get("people") != "" || r.Method == http.MethodPost {
		v.Preflight, err = forecast.With(rm.Kit).Preflight(ctx, sc.Connection, &sc.Draft)
	}
	return v, err
}

// preflightAtOnce is how many users a preflight judges while the page is made;
// more take longer than a second.
const preflightAtOnce = 5000

// connectionRules are the rules of one connection.
func (rm *Room) connectionRules(ctx context.Context, slug string) ([]model.Rule, error) {
	all, err := rm.Store.Rules(ctx)
	if err != nil {
		return nil, err
	}
	var rules []model.Rule
	for _, rule := range all {
		if rule.Connection == slug {
			rules = append(rules, rule)
		}
	}
	return rules, nil
}
