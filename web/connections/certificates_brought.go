package connections

import (
	"errors"
	"net/http"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/connections"
	"github.com/postern-sso/postern/web/forms"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/trust"
)

// reviewCertificates shows what somebody brings has on top. It changes nothing:
// they confirm what they see.
func (rm *Room) reviewCertificates(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	if err := r.ParseMultipartForm(kit.MaxUpload); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return kit.BadForm(err)
	}
	data, problem, err := forms.BroughtCertificate(r)
	if err != nil {
		return err
	}
	if problem != "" {
		return rm.refuseCertificates(w, r, a, r.PostFormValue("metadata"), problem)
	}
	c, err := trust.With(rm.Kit).LiveConnection(r.Context(), kit.PathValue(r, "slug"))
	if err != nil {
		return err
	}
	b, problem, err := trust.With(rm.Kit).ReadBrought(c, data)
	if err != nil {
		return err
	}
	if problem != "" {
		return rm.refuseCertificates(w, r, a, r.PostFormValue("metadata"), problem)
	}
	return rm.renderCertificates(w, r, a, connections.CertificatesPage{Brought: &connections.BroughtCertificates{
		Fresh: b.Fresh, Known: b.Known, Remarks: b.Remarks, Text: b.PEM(),
	}})
}

func (rm *Room) refuseCertificates(w http.ResponseWriter, r *http.Request, a model.Administrator, text, problem string) error {
	return rm.renderCertificates(w, r, a, connections.CertificatesPage{Typed: text, Problems: []model.Problem{{Field: "metadata", Text: problem}}})
}
