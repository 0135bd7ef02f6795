package logins

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/logins"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/forecast"
	"github.com/postern-sso/postern/web/traces"
)

// inspectable is a revision by which a pasted response can be judged.
type inspectable struct {
	connection model.Connection
	revision   *model.Revision
}

func (i inspectable) id() string { return strconv.FormatInt(i.revision.ID, 10) }

func (i inspectable) label() string {
	return fmt.Sprintf("%s, revision %d (%s)", i.connection.Name(), i.revision.Number, i.revision.State)
}

// inspectables are all revisions of every connection, as far as they have AWS's
// metadata: live ones and drafts first, then past ones, the newest first.
func (rm *Room) inspectables(ctx context.Context) ([]inspectable, error) {
	connections, err := rm.Store.Connections(ctx)
	if err != nil {
		return nil, err
	}
	var present, past []inspectable
	for _, c := range connections {
		revisions, err := rm.Store.Revisions(ctx, c.Slug)
		if err != nil {
			return nil, err
		}
		for _, rev := range revisions {
			switch {
			case rev.Config.IdPMetadata == "":
			case rev.State == model.RevisionPast:
				past = append(past, inspectable{c, &rev})
			default:
				present = append(present, inspectable{c, &rev})
			}
		}
	}
	slices.SortStableFunc(present, func(a, b inspectable) int { // of a connection the live one before its draft
		return cmp.Or(cmp.Compare(a.connection.Slug, b.connection.Slug), cmp.Compare(b.revision.State, a.revision.State))
	})
	return append(present, past...), nil
}

func (rm *Room) showInspector(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	found, err := rm.inspectables(r.Context())
	if err != nil {
		return err
	}
	return rm.renderInspector(w, r, a, logins.InspectorPage{}, found, r.URL.Query().Get("revision"))
}

func (rm *Room) renderInspector(w http.ResponseWriter, r *http.Request, a model.Administrator, v logins.InspectorPage,
	found []inspectable, chosen string) error {
	v.Page = rm.Page(r, a, layout.NavLogins, "Inspect a SAML response",
		"Runs every check of a login on a response that you paste. Nobody is signed in, and nothing is kept.")
	v.Page.Crumbs = []layout.Crumb{{Label: "Logins", Href: paths.Logins}}
	for _, i := range found {
		v.Revisions = append(v.Revisions, ui.Option{Value: i.id(), Label: i.label(), Selected: i.id() == chosen})
	}
	status := http.StatusOK
	if len(v.Problems) > 0 {
		v.Page.Error, status = true, http.StatusUnprocessableEntity
	}
	return rm.Render(w, r, status, logins.Inspector(v))
}

func (rm *Room) inspect(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	found, err := rm.inspectables(r.Context())
	if err != nil {
		return err
	}
	v := logins.InspectorPage{
		Response: r.PostFormValue("response"), At: strings.TrimSpace(r.PostFormValue("at")),
		Clock: r.PostFormValue("clock"), RequestID: strings.TrimSpace(r.PostFormValue("request_id")),
	}
	chosen := r.PostFormValue("revision")
	q := inspection{response: v.Response, requestID: v.RequestID}
	if q.at, err = pretendedTime(v.At, rm.Now()); err != nil {
		v.Problems = append(v.Problems, model.Problem{Field: "at", Text: "Type the time as UTC, for example 2026-11-23T14:05:00Z, or leave it empty for now."})
	}
	if strings.TrimSpace(v.Response) == "" {
		v.Problems = append(v.Problems, model.Problem{Field: "response", Text: "Paste a SAML response first."})
	} else if is := sso.NotResponse([]byte(v.Response)); is != "" {
		v.Problems = append(v.Problems, model.Problem{Field: "response", Text: is})
	} else if v.Clock == logins.ClockMade {
		issued, ok := sso.IssueInstant([]byte(v.Response))
		if !ok {
			v.Problems = append(v.Problems, model.Problem{Field: "clock", Text: "The response does not say when it was made. Choose another time."})
		}
		q.at = issued
	}
	by := findInspectable(found, chosen)
	if by == nil {
		v.Problems = append(v.Problems, model.Problem{Field: "revision", Text: "Choose a revision from the list."})
	}
	if len(v.Problems) == 0 {
		v.Verdict, err = rm.verdict(r.Context(), *by, q)
		switch {
		case errors.Is(err, forecast.ErrUnusableMetadata):
			v.Problems = append(v.Problems, model.Problem{Field: "revision", Text: "AWS's metadata of this revision cannot be used. Import it again in the setup."})
		case err != nil:
			return err
		}
	}
	return rm.renderInspector(w, r, a, v, found, chosen)
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
	for _, form := range []string{time.RFC3339, "2006-01-02 15:04:05 UTC", "2006-01-02 15:04:05", "2006-01-02 15:04",
		"2 January 2006, 15:04:05 UTC", "2 January 2006, 15:04 UTC"} {
		if at, err = time.Parse(form, text); err == nil {
			return at, nil
		}
	}
	return at, err
}

// inspection is a pasted response and how it is to be judged.
type inspection struct {
	response  string
	at        time.Time
	requestID string // empty: any
}

// verdict judges a response by a revision, and says what provisioning would do.
func (rm *Room) verdict(ctx context.Context, by inspectable, q inspection) (*logins.Verdict, error) {
	idp, err := rm.IdentityProvider(by.revision)
	if err != nil {
		return nil, forecast.ErrUnusableMetadata
	}
	cfg := by.revision.Config
	sp := rm.ServiceProvider(by.connection.Slug, cfg)
	found := sso.Inspect([]byte(q.response), sso.InspectOptions{
		Metadata: idp, Now: q.at, EntityID: sp.EntityID, ACSURL: sp.ACSURL, RequestID: q.requestID,
		RequireSignatures: cfg.RequireSignatures, ClockSkew: cfg.ClockSkew, Config: &cfg,
	})
	v := &logins.Verdict{
		Accepted: found.Refusal == nil, Revision: by.label(), At: q.at, Person: found.Person, Checks: found.Checks,
		TileRefused: found.Unsolicited && !cfg.AllowIdPInitiated,
	}
	if v.AWSNames, err = rm.awsNames(ctx, by.connection.Slug, found.Person); err != nil {
		return nil, err
	}
	if found.Refusal != nil {
		why := traces.Explain(found.Refusal.Code, found.Refusal)
		v.Why = &why
		return v, nil
	}
	if v.Undecided = cfg.Provisioning == ""; v.Undecided { // a draft in its first steps
		return v, nil
	}
	l := model.Login{ID: "preview", Connection: by.connection.Slug, Person: found.Person}
	d, err := rm.Store.PreviewLogin(ctx, by.connection.ID, by.connection.Slug, *found.Person,
		rm.Decide(by.connection, by.revision, l))
	if err != nil {
		return nil, err
	}
	v.Checks = append(v.Checks, d.Check)
	v.Changes = d.Changes
	if d.Refusal != nil {
		why := traces.Explain(d.Refusal.Code, d.Refusal)
		v.Keeps = &why
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
