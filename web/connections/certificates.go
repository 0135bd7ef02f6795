package connections

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/connections"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/trust"
)

// showCertificates is where the change of AWS's certificate stands, and what the
// connection trusts.
func (rm *Room) showCertificates(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	return rm.renderCertificates(w, r, a, connections.CertificatesPage{})
}

// renderCertificates shows the page; v has what was typed, what is wrong with it,
// and what it has that is to be confirmed.
func (rm *Room) renderCertificates(w http.ResponseWriter, r *http.Request, a model.Administrator, v connections.CertificatesPage) error {
	c, err := trust.With(rm.Kit).LiveConnection(r.Context(), kit.PathValue(r, "slug"))
	if err != nil {
		return err
	}
	v.Now, v.Slug, v.MetadataURL = rm.Now(), c.Slug, c.Live.Config.IdPMetadataURL
	if v.Check, err = rm.Store.MetadataCheck(r.Context(), c.ID); err != nil {
		return err
	}
	if v.Change, err = trust.With(rm.Kit).Change(r.Context(), c, v.Check); err != nil {
		return err
	}
	if err := rm.tellCertificates(r.Context(), c, &v); err != nil {
		return err
	}
	if v.Links, err = rm.links.CertificatePanel(r, a, c); err != nil {
		return err
	}
	v.ConsoleURL = rm.Opts.DemoAWSURL
	if v.ConsoleURL == "" {
		v.ConsoleURL = wizard.ConsoleURL(rm.region(c))
	}
	v.Page = rm.Page(r, a, layout.NavConnections, "Certificates", v.Intro())
	v.Page.Crumbs = []layout.Crumb{{Label: "Connections", Href: paths.Connections}, {Label: c.Name(), Href: paths.Connection(c.Slug)}}
	status := http.StatusOK
	if len(v.Problems) > 0 {
		v.Page.Error, status = true, http.StatusUnprocessableEntity
	}
	return rm.Render(w, r, status, connections.Certificates(v))
}

func (rm *Room) region(c model.Connection) string {
	if idp, err := rm.IdentityProvider(c.Live); err == nil {
		return idp.Region
	}
	return ""
}

// tellCertificates fills in what is known of each certificate: who brought it,
// what was seen of it, and what was taken off the list last.
func (rm *Room) tellCertificates(ctx context.Context, c model.Connection, v *connections.CertificatesPage) error {
	idp, err := rm.IdentityProvider(c.Live)
	if err != nil {
		return err
	}
	ders := make([]string, len(idp.Certificates))
	for i, cert := range idp.Certificates {
		ders[i] = base64.StdEncoding.EncodeToString(cert.Raw)
	}
	origins, err := rm.Store.CertificateOrigins(ctx, c.ID, ders)
	if err != nil {
		return err
	}
	for i, cert := range idp.Certificates {
		v.Trusted = append(v.Trusted, connections.TrustedCertificate{Certificate: cert, By: origins[i].By, At: origins[i].At})
	}
	if v.Proposals, err = rm.Store.OpenProposals(ctx, c.Slug); err != nil {
		return err
	}
	before, err := rm.Store.RevisionBefore(ctx, c.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err == nil {
		v.Removed = rm.removed(c, before, idp)
	}
	return nil
}

// removed is what the live revision has no more of the one before, where that
// is all that it changed; nil otherwise.
func (rm *Room) removed(c model.Connection, before model.Revision, idp *sso.IdentityProvider) *connections.RemovedCertificate {
	was, err := rm.IdentityProvider(&before)
	if err != nil || was.EntityID != idp.EntityID {
		return nil
	}
	fresh, gone := sso.CompareCertificates(was, idp)
	if len(fresh) > 0 || len(gone) == 0 {
		return nil
	}
	return &connections.RemovedCertificate{Certificates: gone, By: c.Live.Author, At: c.Live.LiveAt}
}

// trustCertificates trusts what the last fetch found, or what somebody brought,
// once they have confirmed the fingerprints that the page showed.
func (rm *Room) trustCertificates(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	c, err := trust.With(rm.Kit).LiveConnection(r.Context(), kit.PathValue(r, "slug"))
	if err != nil {
		return err
	}
	text := r.PostFormValue("metadata")
	fresh, offered, problem, err := rm.toConfirm(r, c, text)
	if err != nil {
		return err
	}
	if problem == "" && (len(fresh) == 0 || r.PostFormValue("fingerprints") != trust.FingerprintsOf(fresh)) {
		problem = "These are other certificates than this page showed. Look at them again."
	}
	if problem != "" {
		return rm.refuseCertificates(w, r, a, text, problem)
	}
	only := *offered
	only.Certificates = fresh
	if err := trust.With(rm.Kit).Trust(r.Context(), rm.Actor(r, a), c.Slug, &only, ""); err != nil {
		return err
	}
	return rm.Done(w, r, paths.Certificates(c.Slug), trustedWords(len(fresh)))
}

func trustedWords(n int) string {
	if n == 1 {
		return "The new certificate is trusted from now on, and what was trusted before still is."
	}
	return model.Number(n) + " new certificates are trusted from now on, and what was trusted before still is."
}

// toConfirm is what the form is about: a text that came along, or without it
// what the last fetch found.
func (rm *Room) toConfirm(r *http.Request, c model.Connection, text string) (fresh []sso.Certificate, offered *sso.IdentityProvider,
	problem string, err error) {
	if text != "" {
		b, problem, err := trust.With(rm.Kit).ReadBrought(c, []byte(text))
		return b.Fresh, b.Provider, problem, err
	}
	check, err := rm.Store.MetadataCheck(r.Context(), c.ID)
	if err != nil {
		return nil, nil, "", err
	}
	fresh, _, offered, err = trust.With(rm.Kit).Offer(c, check)
	return fresh, offered, "", err
}

// removeCertificate takes one off the list.
func (rm *Room) removeCertificate(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	c, err := trust.With(rm.Kit).LiveConnection(r.Context(), kit.PathValue(r, "slug"))
	if err != nil {
		return err
	}
	fingerprint := r.PostFormValue("fingerprint")
	if !trust.With(rm.Kit).HasCertificate(c, fingerprint) {
		return store.GoneCertificate(c.Slug, fingerprint)
	}
	err = rm.Store.ChangeTrust(r.Context(), rm.Actor(r, a), c.Slug, "removed "+fingerprint, func(trusted string) (string, error) {
		return sso.RemoveCertificate(trusted, fingerprint, rm.MetadataOptions())
	})
	if errors.Is(err, sso.ErrLastCertificate) {
		return rm.refuseCertificates(w, r, a, "", "This is the only certificate. Without it nobody could sign in; add the new one first.")
	}
	if err != nil {
		return err
	}
	return rm.Done(w, r, paths.Certificates(c.Slug), "The certificate is not trusted any more.")
}

// refuseProposal ends what somebody proposed without trust.
func (rm *Room) refuseProposal(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	id, err := strconv.ParseInt(r.PostFormValue("proposal"), 10, 64)
	if err != nil {
		return store.ErrNotFound
	}
	slug := kit.PathValue(r, "slug")
	if err := rm.Store.RefuseProposal(r.Context(), rm.Actor(r, a), slug, id, rm.Now()); err != nil {
		return err
	}
	return rm.Done(w, r, paths.Certificates(slug), "The certificate is not trusted. Whoever brought it sees that.")
}

// checkMetadata fetches AWS's metadata now.
func (rm *Room) checkMetadata(w http.ResponseWriter, r *http.Request, _ model.Administrator) error {
	c, err := trust.With(rm.Kit).LiveConnection(r.Context(), kit.PathValue(r, "slug"))
	if err != nil {
		return err
	}
	if c.Live.Config.IdPMetadataURL == "" {
		return store.ErrNotFound
	}
	before, err := rm.Store.MetadataCheck(r.Context(), c.ID)
	if err != nil {
		return err
	}
	if _, err := rm.Store.ClaimMetadataCheck(r.Context(), c.ID, rm.Now()); err != nil {
		return err
	}
	if err := trust.With(rm.Kit).RefreshMetadata(r.Context(), c); err != nil {
		return err
	}
	check, err := rm.Store.MetadataCheck(r.Context(), c.ID)
	if err != nil {
		return err
	}
	said := "" // a problem and a find are on the page
	if check.Problem == "" && check.Offered == before.Offered {
		said = "AWS's metadata has the same certificate as before."
		if !slices.Equal(check.Shown, before.Shown) {
			said = "AWS's metadata has been read."
		}
	}
	if said == "" {
		return kit.SeeOther(w, r, paths.Certificates(c.Slug))
	}
	return rm.Inform(w, r, paths.Certificates(c.Slug), said)
}

// saveTrustPolicy says whether new certificates are trusted without asking.
func (rm *Room) saveTrustPolicy(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	slug, trust := kit.PathValue(r, "slug"), r.PostFormValue("trust_new") != ""
	if err := rm.Store.SetTrustNew(r.Context(), rm.Actor(r, a), slug, trust); err != nil {
		return err
	}
	said := "New certificates wait for your word."
	if trust {
		said = "New certificates of AWS's metadata are trusted without asking."
	}
	return rm.Done(w, r, paths.Certificates(slug), said)
}
