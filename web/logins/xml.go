package logins

import (
	"encoding/base64"
	"net/http"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/web/kit"
)

// revealXML shows the message, laid out for reading.
func (rm *Room) revealXML(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	v, err := rm.loginPage(r.Context(), kit.PathValue(r, "id"))
	if err != nil {
		return err
	}
	xml, err := rm.openXML(r, a, v.Row.Login, "login.xml_shown")
	if err != nil {
		return err
	}
	v.XML, v.XMLBase64 = sso.Pretty(xml, v.Row.Login.Refusal), base64.StdEncoding.EncodeToString(xml)
	return rm.renderLogin(w, r, a, v)
}

// downloadXML hands out the message byte for byte.
func (rm *Room) downloadXML(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	l, err := rm.Store.Login(r.Context(), kit.PathValue(r, "id"))
	if err != nil {
		return err
	}
	xml, err := rm.openXML(r, a, l, "login.xml_downloaded")
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("Content-Disposition", `attachment; filename="login-`+l.ID+`.xml"`)
	_, err = w.Write(xml)
	return err
}

// openXML unseals the message of a login; store.ErrNotFound when it is kept no
// more. It names a person and what AWS knows about them, so that somebody looked
// is written down first, under action.
func (rm *Room) openXML(r *http.Request, a model.Administrator, l model.Login, action string) ([]byte, error) {
	if len(l.XMLSealed) == 0 {
		return nil, store.ErrNotFound
	}
	if err := rm.Store.RecordAudit(r.Context(), rm.Actor(r, a), action, l.ID, ""); err != nil {
		return nil, err
	}
	return rm.Sealer.Open(l.XMLSealed, model.SealedXML(l.ID))
}
