package setup

import (
	"crypto/rand"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/setup"
	"github.com/postern-sso/postern/templates/setuplink"
	"github.com/postern-sso/postern/web/forms"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/trust"
)

// CertificatePanel is what an administrator sees of the links that are for AWS's
// new certificate alone.
func (rm *Room) CertificatePanel(r *http.Request, a model.Administrator, c model.Connection) (*setuplink.Panel, error) {
	links, err := rm.Store.SetupLinks(r.Context(), c.Slug, model.TaskCertificate, setupLinksShown)
	if err != nil {
		return nil, err
	}
	return &setuplink.Panel{Connection: c.Slug, From: setuplink.FromCertificates, Here: paths.Certificates(c.Slug), Links: links,
		MayChange: a.Role.Includes(model.RoleAdmin), Now: rm.Now()}, nil
}

// createCertificateLink makes a link for AWS's new certificate. It is shown on
// the answer itself, because only its hash is kept.
func (rm *Room) createCertificateLink(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	c, err := trust.With(rm.Kit).LiveConnection(r.Context(), kit.PathValue(r, "slug"))
	if err != nil {
		return err
	}
	days, err := strconv.Atoi(r.PostFormValue(setuplink.FieldDays))
	if err != nil || !slices.Contains(setuplink.Days(), days) {
		return rm.ShowProblem(w, r, a, c, "Choose from the list how long the link works.")
	}
	token, now := rand.Text(), rm.Now()
	link, err := rm.Store.CreateSetupLink(r.Context(), rm.Actor(r, a), c.Slug, model.TaskCertificate, token, now, now.Add(time.Duration(days)*24*time.Hour))
	if err != nil {
		return err
	}
	v := setuplink.MadeLink{
		Page: rm.Page(r, a, layout.NavConnections, "The link is ready", "Send it to the person who holds the AWS console."),
		Link: link, URL: rm.Opts.PublicURL + paths.SetupLink(token), Back: paths.Certificates(c.Slug),
	}
	v.Page.Crumbs = []layout.Crumb{{Label: "Connections", Href: paths.Connections}, {Label: c.Name(), Href: paths.Connection(c.Slug)},
		{Label: "Certificates", Href: paths.Certificates(c.Slug)}}
	return rm.Render(w, r, http.StatusOK, setuplink.Made(v))
}

// renderCertificateLink shows the page to the holder of the link; page has what
// they typed and what was wrong with it.
func (rm *Room) renderCertificateLink(w http.ResponseWriter, r *http.Request, v linkVisit, page setup.CertificateLinkPage) error {
	c, err := trust.With(rm.Kit).LiveConnection(r.Context(), v.link.Connection)
	if err != nil {
		return err
	}
	check, err := rm.Store.MetadataCheck(r.Context(), c.ID)
	if err != nil {
		return err
	}
	if page.Change, err = trust.With(rm.Kit).Change(r.Context(), c, check); err != nil {
		return err
	}
	proposals, err := rm.Store.ProposalsOf(r.Context(), v.link.ID)
	if err != nil {
		return err
	}
	for _, p := range proposals {
		if cert, err := sso.ParseCertificate(p.Certificate, rm.Now()); err == nil { // it was good when it was kept
			page.Proposals = append(page.Proposals, setup.ProposedCertificate{Proposal: p, Certificate: cert})
		}
	}
	page.Token, page.Link, page.Name = v.token, v.link, c.Name()
	if page.ConsoleURL = rm.Opts.DemoAWSURL; page.ConsoleURL == "" {
		idp, err := rm.IdentityProvider(c.Live)
		if err != nil {
			return err
		}
		page.ConsoleURL = wizard.ConsoleURL(idp.Region)
	}
	status := http.StatusOK
	if len(page.Problems) > 0 {
		status = http.StatusUnprocessableEntity
	}
	return rm.Render(w, r, status, setup.CertificateLink(page))
}

// setupLinkCertificate takes what the holder of the link brings as a proposal.
func (rm *Room) setupLinkCertificate(w http.ResponseWriter, r *http.Request, v linkVisit) error {
	if v.link.Task != model.TaskCertificate {
		return store.ErrNotFound
	}
	if err := r.ParseMultipartForm(kit.MaxUpload); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return kit.ErrBadForm
	}
	data, problem, err := forms.BroughtCertificate(r)
	if err != nil {
		return err
	}
	c, err := trust.With(rm.Kit).LiveConnection(r.Context(), v.link.Connection)
	if err != nil {
		return err
	}
	var b trust.Brought
	if problem == "" {
		if b, problem, err = trust.With(rm.Kit).ReadBrought(c, data); err != nil {
			return err
		}
	}
	if problem == "" {
		if problem, err = rm.propose(r, v, b); err != nil {
			return err
		}
	}
	if problem != "" {
		return rm.renderCertificateLink(w, r, v, setup.CertificateLinkPage{
			Typed: r.PostFormValue("metadata"), Problems: []model.Problem{{Field: "metadata", Text: problem}}})
	}
	if len(b.Remarks) > 0 { // said at once: it is kept nowhere
		return rm.renderCertificateLink(w, r, v, setup.CertificateLinkPage{Remarks: b.Remarks})
	}
	return kit.SeeOther(w, r, paths.SetupLink(v.token))
}

func (rm *Room) propose(r *http.Request, v linkVisit, b trust.Brought) (problem string, err error) {
	var all []model.CertificateProposal
	for _, cert := range b.Fresh {
		all = append(all, model.CertificateProposal{Fingerprint: cert.Fingerprint, Certificate: cert.Raw})
	}
	err = rm.Store.ProposeCertificates(r.Context(), v.link, rm.RemoteAddr(r), rm.Now(), all)
	if errors.Is(err, store.ErrLimit) {
		return "Too many certificates wait already. Ask " + v.link.Author + " to look at them first.", nil
	}
	return "", err
}
