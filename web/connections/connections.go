package connections

import (
	"net/http"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/connections"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/standing"
	"github.com/postern-sso/postern/web/traces"
	"github.com/postern-sso/postern/web/trust"
)

func (rm *Room) listConnections(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	all, err := rm.Store.Connections(r.Context())
	if err != nil {
		return err
	}
	judged, err := standing.With(rm.Kit).Connections(r.Context(), all)
	if err != nil {
		return err
	}
	v := connections.ConnectionList{Page: rm.Page(r, a, layout.NavConnections, "Connections",
		"Each connection is one application in AWS IAM Identity Center through which people sign in.")}
	for _, c := range judged {
		v.Connections = append(v.Connections, connections.ConnectionRow{Connection: c.Connection, Health: c.Health})
	}
	return rm.Render(w, r, http.StatusOK, connections.Connections(v))
}

func (rm *Room) showConnection(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	c, err := rm.Store.Connection(r.Context(), kit.PathValue(r, "slug"))
	if err != nil {
		return err
	}
	return rm.renderConnection(w, r, a, c, func(*connections.ConnectionPage) {})
}

// ShowProblem shows a connection's page with what was wrong with an action there.
func (rm *Room) ShowProblem(w http.ResponseWriter, r *http.Request, a model.Administrator, c model.Connection, text string) error {
	return rm.renderConnection(w, r, a, c, func(v *connections.ConnectionPage) { v.Problem = text })
}

// renderConnection shows a connection's page; change puts in what was wrong
// with an action, and makes the answer a 422.
func (rm *Room) renderConnection(w http.ResponseWriter, r *http.Request, a model.Administrator, c model.Connection,
	change func(*connections.ConnectionPage)) error {
	revisions, err := rm.Store.Revisions(r.Context(), c.Slug)
	if err != nil {
		return err
	}
	clock, err := traces.With(rm.Kit).Clock(r.Context(), c, traces.ClockDays)
	if err != nil {
		return err
	}
	judged, err := standing.With(rm.Kit).Connection(r.Context(), c)
	if err != nil {
		return err
	}
	v := connections.ConnectionPage{
		Clock: clock, Health: judged.Health,
		Page: rm.Page(r, a, layout.NavConnections, c.Name(), ""),
		Now:  rm.Now(), Connection: c, AWS: trust.With(rm.Kit).AwsSide(c.Current()), Revisions: revisions,
	}
	apps, err := rm.Store.Apps(r.Context())
	if err != nil {
		return err
	}
	for _, app := range apps {
		if app.Connection == c.Slug {
			v.PinnedApps = append(v.PinnedApps, app.Name)
		}
	}
	if rev := c.Current(); rev != nil {
		sp := rm.ServiceProvider(c.Slug, rev.Config)
		v.Ours = connections.OurSide{
			EntityID: sp.EntityID, ACSURL: sp.ACSURL,
			MetadataURL: rm.Opts.PublicURL + paths.SAMLMetadata(c.Slug),
			SignInLink:  rm.Opts.PublicURL + paths.SAMLLogin(c.Slug),
		}
	}
	if c.Live != nil && c.Draft != nil {
		v.Differences = wizard.Differences(c.Live.Config, c.Draft.Config, rm.Opts.PublicURL, c.Slug, rm.Now())
	}
	v.Page.Crumbs = []layout.Crumb{{Label: "Connections", Href: paths.Connections}}
	if c.Draft != nil {
		if v.Links, err = rm.links.ConnectionPanel(r, a, c); err != nil {
			return err
		}
	}
	change(&v)
	status := http.StatusOK
	if v.Problem != "" || v.DeleteText != "" {
		v.Page.Error, status = true, http.StatusUnprocessableEntity
	}
	return rm.Render(w, r, status, connections.Connection(v))
}
