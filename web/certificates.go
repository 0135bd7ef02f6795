package web

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/console"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
)

// showCertificates lists the certificates that a connection trusts.
func (s *Server) showCertificates(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	return s.renderCertificates(w, r, a, console.CertificatesPage{})
}

// renderCertificates shows the page; v has what was typed, what is wrong with it,
// and what it has that is to be confirmed.
func (s *Server) renderCertificates(w http.ResponseWriter, r *http.Request, a model.Administrator, v console.CertificatesPage) error {
	c, err := s.liveConnection(r.Context(), pathValue(r, "slug"))
	if err != nil {
		return err
	}
	check, err := s.store.MetadataCheck(r.Context(), c.ID)
	if err != nil {
		return err
	}
	v.Page = s.page(r, a, layout.NavConnections, "Certificates of "+c.Name(), "AWS signs every login. Postern believes only the certificates in this list.")
	v.Now, v.Slug, v.MetadataURL, v.Check = s.now(), c.Slug, c.Live.Config.IdPMetadataURL, check
	if side := s.awsSide(c.Live); side != nil {
		v.Trusted = side.Certificates
	}
	fresh, gone, _, err := s.offer(c, check)
	if err != nil {
		return err
	}
	v.Fresh, v.Gone = shownCertificates(fresh), shownCertificates(gone)
	v.Page.Crumbs = []layout.Crumb{{Label: "Connections", Href: paths.Connections}, {Label: c.Name(), Href: paths.Connection(c.Slug)}}
	status := http.StatusOK
	if len(v.Problems) > 0 {
		v.Page.Error, status = true, http.StatusUnprocessableEntity
	}
	return s.render(w, r, status, console.Certificates(v))
}

func shownCertificates(all []sso.Certificate) []console.Certificate {
	var shown []console.Certificate
	for _, c := range all {
		one := console.Certificate{Fingerprint: c.Fingerprint, NotBefore: c.NotBefore, NotAfter: c.NotAfter}
		for _, f := range c.Findings {
			one.Findings = append(one.Findings, f.Text)
		}
		shown = append(shown, one)
	}
	return shown
}

// reviewCertificates shows what metadata that somebody brings has on top. It
// changes nothing: they confirm what they see.
func (s *Server) reviewCertificates(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	if err := r.ParseMultipartForm(maxUpload); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return errBadForm
	}
	text, err := uploadedMetadata(r)
	if err != nil {
		return err
	}
	if text == "" {
		text = strings.TrimSpace(r.PostFormValue("metadata"))
	}
	c, err := s.liveConnection(r.Context(), pathValue(r, "slug"))
	if err != nil {
		return err
	}
	fresh, _, problem, err := s.brought(c, text)
	if err != nil {
		return err
	}
	if problem != "" {
		return s.refuseCertificates(w, r, a, text, problem)
	}
	return s.renderCertificates(w, r, a, console.CertificatesPage{Brought: shownCertificates(fresh), BroughtText: text})
}

func (s *Server) refuseCertificates(w http.ResponseWriter, r *http.Request, a model.Administrator, text, problem string) error {
	p := model.Problem{Text: problem}
	if text != "" {
		p.Field = "metadata"
	}
	return s.renderCertificates(w, r, a, console.CertificatesPage{Typed: text, Problems: []model.Problem{p}})
}

// brought are the certificates that metadata of the same application has and the
// live connection has not; problem says why there are none.
func (s *Server) brought(c model.Connection, text string) (fresh []sso.Certificate, offered *sso.IdentityProvider, problem string, err error) {
	trusted, err := s.identityProvider(c.Live)
	if err != nil {
		return nil, nil, "", err
	}
	offered, err = sso.ParseMetadata([]byte(text), s.metadataOptions())
	if err != nil {
		return nil, nil, err.Error(), nil //nolint:nilerr // the text is what is wrong with the metadata
	}
	if offered.EntityID != trusted.EntityID {
		return nil, nil, fmt.Sprintf("This is the metadata of another application: %s. The one that is trusted here is %s.", offered.EntityID, trusted.EntityID), nil
	}
	fresh, _ = sso.CompareCertificates(trusted, offered)
	if len(fresh) == 0 {
		problem = "This metadata has no certificate that is not in the list already. Has AWS made the new one yet? In AWS: Manage certificate, Generate new certificate, then download the metadata again."
	}
	return fresh, offered, problem, nil
}

// trustCertificates trusts what the last fetch found, or what somebody brought,
// once they have confirmed the fingerprints that the page showed.
func (s *Server) trustCertificates(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	c, err := s.liveConnection(r.Context(), pathValue(r, "slug"))
	if err != nil {
		return err
	}
	text := r.PostFormValue("metadata")
	fresh, offered, problem, err := s.toConfirm(r, c, text)
	if err != nil {
		return err
	}
	if problem == "" && (len(fresh) == 0 || r.PostFormValue("fingerprints") != fingerprintsOf(fresh)) {
		problem = "These are other certificates than this page showed. Look at them again."
	}
	if problem != "" {
		return s.refuseCertificates(w, r, a, text, problem)
	}
	only := *offered
	only.Certificates = fresh
	if err := s.trust(r.Context(), s.actor(r, a), c.Slug, &only, ""); err != nil {
		return err
	}
	return s.done(w, r, paths.Certificates(c.Slug), "The new certificate is trusted from now on, and the others still are. In AWS you can set it as active now.")
}

// toConfirm is what the form is about: metadata that came along, or without it
// what the last fetch found.
func (s *Server) toConfirm(r *http.Request, c model.Connection, text string) (fresh []sso.Certificate, offered *sso.IdentityProvider, problem string, err error) {
	if text != "" {
		return s.brought(c, text)
	}
	check, err := s.store.MetadataCheck(r.Context(), c.ID)
	if err != nil {
		return nil, nil, "", err
	}
	fresh, _, offered, err = s.offer(c, check)
	return fresh, offered, "", err
}

func fingerprintsOf(all []sso.Certificate) string {
	var prints []string
	for _, c := range all {
		prints = append(prints, c.Fingerprint)
	}
	return strings.Join(prints, " ")
}

// removeCertificate takes one off the list.
func (s *Server) removeCertificate(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	c, err := s.liveConnection(r.Context(), pathValue(r, "slug"))
	if err != nil {
		return err
	}
	fingerprint := r.PostFormValue("fingerprint")
	if !s.hasCertificate(c, fingerprint) {
		return store.ErrNotFound
	}
	err = s.store.ChangeTrust(r.Context(), s.actor(r, a), c.Slug, "removed "+fingerprint, func(trusted string) (string, error) {
		return sso.RemoveCertificate(trusted, fingerprint, s.metadataOptions())
	})
	if errors.Is(err, sso.ErrLastCertificate) {
		return s.refuseCertificates(w, r, a, "", "This is the only certificate. Without it nobody could sign in; add the new one first.")
	}
	if err != nil {
		return err
	}
	return s.done(w, r, paths.Certificates(c.Slug), "The certificate is not trusted any more. Bring the revision before back to undo it.")
}

// checkMetadata fetches AWS's metadata now.
func (s *Server) checkMetadata(w http.ResponseWriter, r *http.Request, _ model.Administrator) error {
	c, err := s.liveConnection(r.Context(), pathValue(r, "slug"))
	if err != nil {
		return err
	}
	if c.Live.Config.IdPMetadataURL == "" {
		return store.ErrNotFound
	}
	if _, err := s.store.ClaimMetadataCheck(r.Context(), c.ID, s.now()); err != nil {
		return err
	}
	if err := s.refreshMetadata(r.Context(), c); err != nil {
		return err
	}
	check, err := s.store.MetadataCheck(r.Context(), c.ID)
	if err != nil {
		return err
	}
	said := "" // a problem and a find are on the page
	if check.Problem == "" && check.Offered == "" {
		said = "AWS's metadata says the same as before."
	}
	return s.done(w, r, paths.Certificates(c.Slug), said)
}

// saveTrustPolicy says whether new certificates are trusted without asking.
func (s *Server) saveTrustPolicy(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	slug, trust := pathValue(r, "slug"), r.PostFormValue("trust_new") != ""
	if err := s.store.SetTrustNew(r.Context(), s.actor(r, a), slug, trust); err != nil {
		return err
	}
	said := "New certificates wait for your word."
	if trust {
		said = "New certificates of AWS's metadata are trusted without asking."
	}
	return s.done(w, r, paths.Certificates(slug), said)
}
