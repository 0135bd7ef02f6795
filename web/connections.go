package web

import (
	"net/http"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/console"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
)

func (rm *connectionsRoom) listConnections(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	connections, err := rm.store.Connections(r.Context())
	if err != nil {
		return err
	}
	return rm.render(w, r, http.StatusOK, console.Connections(console.ConnectionList{
		Page: rm.page(r, a, layout.NavConnections, "Connections",
			"Each connection is one application in AWS IAM Identity Center through which people sign in."),
		Connections: connections,
	}))
}

func (rm *connectionsRoom) showConnection(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	c, err := rm.store.Connection(r.Context(), pathValue(r, "slug"))
	if err != nil {
		return err
	}
	return rm.renderConnection(w, r, a, c, func(*console.ConnectionPage) {})
}

// showProblem shows a connection's page with what was wrong with an action there.
func (rm *connectionsRoom) showProblem(w http.ResponseWriter, r *http.Request, a model.Administrator, c model.Connection, text string) error {
	return rm.renderConnection(w, r, a, c, func(v *console.ConnectionPage) { v.Problem = text })
}

// renderConnection shows a connection's page; change puts in what was wrong
// with an action, and makes the answer a 422.
func (rm *connectionsRoom) renderConnection(w http.ResponseWriter, r *http.Request, a model.Administrator, c model.Connection,
	change func(*console.ConnectionPage)) error {
	revisions, err := rm.store.Revisions(r.Context(), c.Slug)
	if err != nil {
		return err
	}
	clock, err := onTraces(rm.kit).clock(r.Context(), c, clockDays)
	if err != nil {
		return err
	}
	v := console.ConnectionPage{
		Clock: clock,
		Page:  rm.page(r, a, layout.NavConnections, c.Name(), ""),
		Now:   rm.now(), Connection: c, AWS: onTrust(rm.kit).awsSide(c.Current()), Revisions: revisions,
	}
	apps, err := rm.store.Apps(r.Context())
	if err != nil {
		return err
	}
	for _, app := range apps {
		if app.Connection == c.Slug {
			v.PinnedApps = append(v.PinnedApps, app.Name)
		}
	}
	if rev := c.Current(); rev != nil {
		sp := rm.serviceProvider(c.Slug, rev.Config)
		v.Ours = console.OurSide{
			EntityID: sp.EntityID, ACSURL: sp.ACSURL,
			MetadataURL: rm.opts.PublicURL + paths.SAMLMetadata(c.Slug),
			SignInLink:  rm.opts.PublicURL + paths.SAMLLogin(c.Slug),
		}
	}
	if c.Live != nil && c.Draft != nil {
		v.Differences = wizard.Differences(c.Live.Config, c.Draft.Config, rm.opts.PublicURL, c.Slug, rm.now())
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
	return rm.render(w, r, status, console.Connection(v))
}

// awsSide describes AWS as the revision's metadata does; nil without usable
// metadata, which a draft may lack for long.
func (lf trustLeaf) awsSide(rev *model.Revision) *console.AWSSide {
	if rev == nil || rev.Config.IdPMetadata == "" {
		return nil
	}
	idp, err := lf.identityProvider(rev)
	if err != nil {
		return nil
	}
	side := &console.AWSSide{
		Region: idp.Region, Account: idp.AccountID, EntityID: idp.EntityID, SignInURL: idp.RedirectURL,
		FetchedFrom: rev.Config.IdPMetadataURL,
	}
	for _, cert := range idp.Certificates {
		side.Certificates = append(side.Certificates, console.Certificate{
			Fingerprint: cert.Fingerprint, NotBefore: cert.NotBefore, NotAfter: cert.NotAfter,
		})
	}
	return side
}
