package connections

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/connections"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/parts"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/forms"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/trust"
)

// showCertificates lists the certificates that a connection trusts.
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
	check, err := rm.Store.MetadataCheck(r.Context(), c.ID)
	if err != nil {
		return err
	}
	v.Page = rm.Page(r, a, layout.NavConnections, "Certificates of "+c.Name(), "AWS signs every login. Postern believes only the certificates in this list.")
	v.Now, v.Slug, v.MetadataURL, v.Check = rm.Now(), c.Slug, c.Live.Config.IdPMetadataURL, check
	if side := trust.With(rm.Kit).AwsSide(c.Live); side != nil {
		v.Trusted = side.Certificates
	}
	fresh, gone, _, err := trust.With(rm.Kit).Offer(c, check)
	if err != nil {
		return err
	}
	v.Fresh, v.Gone = shownCertificates(fresh), shownCertificates(gone)
	v.Page.Crumbs = []layout.Crumb{{Label: "Connections", Href: paths.Connections}, {Label: c.Name(), Href: paths.Connection(c.Slug)}}
	status := http.StatusOK
	if len(v.Problems) > 0 {
		v.Page.Error, status = true, http.StatusUnprocessableEntity
	}
	return rm.Render(w, r, status, connections.Certificates(v))
}

func shownCertificates(all []sso.Certificate) []parts.Certificate {
	var shown []parts.Certificate
	for _, c := range all {
		one := parts.Certificate{Fingerprint: c.Fingerprint, NotBefore: c.NotBefore, NotAfter: c.NotAfter}
		for _, f := range c.Findings {
			one.Findings = append(one.Findings, f.Text)
		}
		shown = append(shown, one)
	}
	return shown
}

// reviewCertificates shows what metadata that somebody brings has on top. It
// changes nothing: they confirm what they see.
func (rm *Room) reviewCertificates(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	if err := r.ParseMultipartForm(kit.MaxUpload); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return kit.ErrBadForm
	}
	text, err := forms.UploadedMetadata(r)
	if err != nil {
		return err
	}
	if text == "" {
		text = strings.TrimSpace(r.PostFormValue("metadata"))
	}
	c, err := trust.With(rm.Kit).LiveConnection(r.Context(), kit.PathValue(r, "slug"))
	if err != nil {
		return err
	}
	fresh, _, problem, err := rm.brought(c, text)
	if err != nil {
		return err
	}
	if problem != "" {
		return rm.refuseCertificates(w, r, a, text, problem)
	}
	return rm.renderCertificates(w, r, a, connections.CertificatesPage{Brought: shownCertificates(fresh), BroughtText: text})
}

func (rm *Room) refuseCertificates(w http.ResponseWriter, r *http.Request, a model.Administrator, text, problem string) error {
	p := model.Problem{Text: problem}
	if text != "" {
		p.Field = "metadata"
	}
	return rm.renderCertificates(w, r, a, connections.CertificatesPage{Typed: text, Problems: []model.Problem{p}})
}

// brought are the certificates that metadata of the same application has and the
// live connection has not; problem says why there are none.
func (rm *Room) brought(c model.Connection, text string) (fresh []sso.Certificate, offered *sso.IdentityProvider, problem string, err error) {
	trusted, err := rm.IdentityProvider(c.Live)
	if err != nil {
		return nil, nil, "", err
	}
	offered, err = sso.ParseMetadata([]byte(text), rm.MetadataOptions())
	if err != nil {
		return nil, nil, err.Error(), nil //nolint:nilerr // the text is what is wrong with the metadata
	}
	if offered.EntityID != trusted.EntityID {
		return nil, nil, fmt.Sprintf("This is the metadata of another application: %s. The one that is trusted here is %s.", offered.EntityID, trusted.EntityID), nil
	}
	fresh, _ = sso.CompareCertificates(trusted, offered)
	if len(fresh) == 0 {
		problem = "This metadata has no certificate that is not in the list already. Has AWS made the new one yet? In AWS: Manage certificate, Generate new " +
			"certificate, then download the metadata again."
	}
	return fresh, offered, problem, nil
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
	return rm.Done(w, r, paths.Certificates(c.Slug), "The new certificate is trusted from now on, and the others still are. In AWS you can set it as active now.")
}

// toConfirm is what the form is about: metadata that came along, or without it
// what the last fetch found.
func (rm *Room) toConfirm(r *http.Request, c model.Connection, text string) (fresh []sso.Certificate, offered *sso.IdentityProvider,
	problem string, err error) {
	if text != "" {
		return rm.brought(c, text)
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
		return store.ErrNotFound
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
	return rm.Done(w, r, paths.Certificates(c.Slug), "The certificate is not trusted any more. Bring the revision before back to undo it.")
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
	if check.Problem == "" && check.Offered == "" {
		said = "AWS's metadata says the same as before."
	}
	return rm.Done(w, r, paths.Certificates(c.Slug), said)
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
