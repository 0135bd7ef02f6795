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
	return s.renderCertificates(w, r, a, "", nil)
}

func (s *Server) renderCertificates(w http.ResponseWriter, r *http.Request, a model.Administrator, typedText string, problems []model.Problem) error {
	c, err := s.liveConnection(r.Context(), pathValue(r, "slug"))
	if err != nil {
		return err
	}
	check, err := s.store.MetadataCheck(r.Context(), c.ID)
	if err != nil {
		return err
	}
	v := console.CertificatesPage{
		Page: s.page(r, a, layout.NavConnections, "Certificates of "+c.Name(), "AWS signs every login. Postern believes only the certificates in this list."),
		Now:  s.now(), Slug: c.Slug, MetadataURL: c.Live.Config.IdPMetadataURL, Check: check, Typed: typedText, Problems: problems,
	}
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
	if len(problems) > 0 {
		v.Page.Error, status = true, http.StatusUnprocessableEntity
	}
	return s.render(w, r, status, console.Certificates(v))
}

func shownCertificates(all []sso.Certificate) []console.Certificate {
	var shown []console.Certificate
	for _, c := range all {
		shown = append(shown, console.Certificate{Fingerprint: c.Fingerprint, NotBefore: c.NotBefore, NotAfter: c.NotAfter})
	}
	return shown
}

// addCertificates trusts what metadata that somebody brings has on top.
func (s *Server) addCertificates(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
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
	wrong := func(problem string) error {
		return s.renderCertificates(w, r, a, text, []model.Problem{{Field: "metadata", Text: problem}})
	}
	offered, err := sso.ParseMetadata([]byte(text), s.metadataOptions())
	if err != nil {
		return wrong(err.Error())
	}
	return s.trustThese(w, r, a, offered, wrong)
}

// trustThese adds certificates and says how many that were.
func (s *Server) trustThese(w http.ResponseWriter, r *http.Request, a model.Administrator, offered *sso.IdentityProvider, wrong func(string) error) error {
	c, err := s.liveConnection(r.Context(), pathValue(r, "slug"))
	if err != nil {
		return err
	}
	trusted, err := s.identityProvider(c.Live)
	if err != nil {
		return err
	}
	if fresh, _ := sso.CompareCertificates(trusted, offered); len(fresh) == 0 && offered.EntityID == trusted.EntityID {
		return wrong("This metadata has no certificate that is not in the list already. Has AWS made the new one yet? In AWS: Manage certificate, Generate new certificate, then download the metadata again.")
	}
	err = s.trust(r.Context(), s.actor(r, a), c.Slug, offered, "")
	if errors.Is(err, sso.ErrOtherIdP) {
		return wrong(fmt.Sprintf("This is the metadata of another application: %s. The one that is trusted here is %s.", offered.EntityID, trusted.EntityID))
	}
	if err != nil {
		return err
	}
	return s.done(w, r, paths.Certificates(c.Slug), "The new certificate is trusted from now on, and the others still are. In AWS you can set it as active now.")
}

// trustOffered trusts what the last fetch found.
func (s *Server) trustOffered(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	c, err := s.liveConnection(r.Context(), pathValue(r, "slug"))
	if err != nil {
		return err
	}
	check, err := s.store.MetadataCheck(r.Context(), c.ID)
	if err != nil {
		return err
	}
	fresh, _, offered, err := s.offer(c, check)
	if err != nil {
		return err
	}
	wrong := func(problem string) error { return s.renderCertificates(w, r, a, "", []model.Problem{{Text: problem}}) }
	if len(fresh) == 0 || r.PostFormValue("fingerprints") != fingerprintsOf(fresh) { // they confirm what they saw
		return wrong("AWS's metadata offers something else than this page showed. Look at it again.")
	}
	return s.trustThese(w, r, a, offered, wrong)
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
		return s.renderCertificates(w, r, a, "", []model.Problem{{Text: "This is the only certificate. Without it nobody could sign in; add the new one first."}})
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
