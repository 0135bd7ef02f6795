package web

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/templates/console"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/ui"
)

// inspectable is a revision by which a pasted response can be judged.
type inspectable struct {
	slug     string
	revision *model.Revision
}

func (i inspectable) id() string { return strconv.FormatInt(i.revision.ID, 10) }

func (i inspectable) label() string {
	return fmt.Sprintf("%s, revision %d (%s)", i.slug, i.revision.Number, i.revision.State)
}

// inspectables are the live revision and the draft of every connection, as far
// as they have AWS's metadata.
func (s *Server) inspectables(ctx context.Context) ([]inspectable, error) {
	connections, err := s.store.Connections(ctx)
	if err != nil {
		return nil, err
	}
	var found []inspectable
	for _, c := range connections {
		for _, rev := range []*model.Revision{c.Live, c.Draft} {
			if rev != nil && rev.Config.IdPMetadata != "" {
				found = append(found, inspectable{slug: c.Slug, revision: rev})
			}
		}
	}
	return found, nil
}

func (s *Server) showInspector(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	found, err := s.inspectables(r.Context())
	if err != nil {
		return err
	}
	return s.renderInspector(w, r, a, console.InspectorPage{}, found, r.URL.Query().Get("revision"))
}

func (s *Server) renderInspector(w http.ResponseWriter, r *http.Request, a model.Administrator, v console.InspectorPage, found []inspectable, chosen string) error {
	v.Page = s.page(r, a, layout.NavLogins, "Inspect a SAML response",
		"Runs every check of a login on a response that you paste. Nobody is signed in, and nothing is kept.")
	v.Page.Crumbs = []layout.Crumb{{Label: "Logins", Href: paths.Logins}}
	for _, i := range found {
		v.Revisions = append(v.Revisions, ui.Option{Value: i.id(), Label: i.label(), Selected: i.id() == chosen})
	}
	status := http.StatusOK
	if len(v.Problems) > 0 {
		v.Page.Error, status = true, http.StatusUnprocessableEntity
	}
	return s.render(w, r, status, console.Inspector(v))
}

func (s *Server) inspect(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	found, err := s.inspectables(r.Context())
	if err != nil {
		return err
	}
	v := console.InspectorPage{Response: r.PostFormValue("response"), At: strings.TrimSpace(r.PostFormValue("at"))}
	chosen := r.PostFormValue("revision")
	at, err := pretendedTime(v.At, s.now())
	if err != nil {
		v.Problems = append(v.Problems, model.Problem{Field: "at", Text: "Type the time as UTC, for example 2026-11-23T14:05:00Z, or leave it empty for now."})
	}
	if strings.TrimSpace(v.Response) == "" {
		v.Problems = append(v.Problems, model.Problem{Field: "response", Text: "Paste a SAML response first."})
	}
	by := findInspectable(found, chosen)
	if by == nil {
		v.Problems = append(v.Problems, model.Problem{Field: "revision", Text: "Choose a revision from the list."})
	}
	if len(v.Problems) == 0 {
		if v.Verdict, err = s.verdict(*by, v.Response, at); err != nil {
			v.Problems = append(v.Problems, model.Problem{Field: "revision", Text: "AWS's metadata of this revision cannot be used. Import it again in the setup."})
		}
	}
	return s.renderInspector(w, r, a, v, found, chosen)
}

func findInspectable(found []inspectable, id string) *inspectable {
	for _, i := range found {
		if i.id() == id {
			return &i
		}
	}
	return nil
}

// pretendedTime reads the time by which a response is judged; empty means now.
func pretendedTime(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return now, nil
	}
	var at time.Time
	var err error
	for _, form := range []string{time.RFC3339, "2006-01-02 15:04:05 UTC", "2006-01-02 15:04:05", "2006-01-02 15:04"} {
		if at, err = time.Parse(form, text); err == nil {
			return at, nil
		}
	}
	return at, err
}

// verdict judges a response by a revision. The error means that the revision's
// metadata cannot be read.
func (s *Server) verdict(by inspectable, response string, at time.Time) (*console.Verdict, error) {
	idp, err := s.identityProvider(by.revision)
	if err != nil {
		return nil, err
	}
	cfg := by.revision.Config
	sp := s.serviceProvider(by.slug, cfg)
	found := sso.Inspect([]byte(strings.TrimSpace(response)), sso.InspectOptions{
		Metadata: idp, Now: at, EntityID: sp.EntityID, ACSURL: sp.ACSURL,
		RequireSignatures: cfg.RequireSignatures, ClockSkew: cfg.ClockSkew, Config: &cfg,
	})
	v := &console.Verdict{Accepted: found.Refusal == nil, Revision: by.label(), Person: found.Person, Checks: found.Checks}
	if found.Refusal != nil {
		why := explain(found.Refusal.Code, found.Refusal)
		v.Why = &why
	}
	return v, nil
}

// fingerprint is a SHA-256 fingerprint as the trace writes it.
var fingerprint = regexp.MustCompile(`\b(?:[0-9A-F]{2}:){31}[0-9A-F]{2}\b`)

// verifiedBy finds in a trace which certificate verified the message; empty
// when none did.
func verifiedBy(checks []model.Check) string {
	for _, c := range checks {
		if c.State != model.CheckPassed && c.State != model.CheckWarning {
			continue
		}
		if f := fingerprint.FindString(c.Received + " " + c.Note); f != "" {
			return f
		}
	}
	return ""
}
