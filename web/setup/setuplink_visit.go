package setup

import (
	"crypto/rand"
	"errors"
	"maps"
	"net/http"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/setup"
	"github.com/postern-sso/postern/web/kit"
)

// setupLinkCookie tells the browser that opened a setup link from every other.
// Its path is the link's own, so that it serves nothing else.
const setupLinkCookie = "postern-setup-link"

// linkVisit is a request by somebody who holds a setup link, in the browser
// that opened it.
type linkVisit struct {
	token string
	link  model.SetupLink
}

type linkHandler func(w http.ResponseWriter, r *http.Request, v linkVisit) error

// readSetupLink finds the link in the address, and whether it was opened by
// this browser.
func (rm *Room) readSetupLink(r *http.Request) (v linkVisit, mine bool, err error) {
	v.token = kit.PathValue(r, "token")
	cookie := ""
	if c, err := r.Cookie(rm.setupLinkCookieName()); err == nil {
		cookie = c.Value
	}
	v.link, mine, err = rm.Store.SetupLinkByToken(r.Context(), v.token, cookie)
	return v, mine, err
}

// setupLinkCookieName has the prefix by which browsers insist on https; the one
// for a single host does not go with a path.
func (rm *Room) setupLinkCookieName() string {
	if rm.Secure() {
		return "__Secure-" + setupLinkCookie
	}
	return setupLinkCookie
}

// holdSetupLink lets a part of the page behind a setup link run only for the
// browser that opened the link, and only while the link can be used.
func (rm *Room) holdSetupLink(h linkHandler) http.HandlerFunc {
	return rm.Handle(func(w http.ResponseWriter, r *http.Request) error {
		v, mine, err := rm.readSetupLink(r)
		usable := err == nil && mine && v.link.State(rm.Now()) == model.SetupLinkOpen
		switch {
		case err != nil && !errors.Is(err, store.ErrNotFound):
			return err
		case usable:
			return h(w, r, v)
		case r.Header.Get("HX-Request") != "":
			w.Header().Set("HX-Refresh", "true") // the whole page says why
			w.WriteHeader(http.StatusNoContent)
			return nil
		default:
			return kit.SeeOther(w, r, paths.SetupLink(v.token))
		}
	})
}

// showSetupLink is the page behind a setup link: the steps for the browser that
// opened it, the button to open it while nobody has, and else what to do.
func (rm *Room) showSetupLink(w http.ResponseWriter, r *http.Request) error {
	v, mine, err := rm.readSetupLink(r)
	if errors.Is(err, store.ErrNotFound) {
		return rm.Render(w, r, http.StatusNotFound, setup.LinkUnknown())
	}
	if err != nil {
		return err
	}
	state := v.link.State(rm.Now())
	switch {
	case !v.link.Usable(rm.Now()):
		return rm.Render(w, r, http.StatusGone, setup.LinkOver(v.link, state))
	case state == model.SetupLinkWaiting:
		c, err := rm.Store.Connection(r.Context(), v.link.Connection)
		if err != nil {
			return err
		}
		return rm.Render(w, r, http.StatusOK, setup.LinkWaiting(v.link, v.token, c.Name()))
	case !mine:
		return rm.Render(w, r, http.StatusGone, setup.LinkElsewhere(v.link))
	}
	if v.link.Task == model.TaskCertificate {
		return rm.renderCertificateLink(w, r, v, setup.CertificateLinkPage{})
	}
	sc, page, err := rm.linkPage(r, v)
	if err != nil {
		return err
	}
	page.Brought = r.URL.Query().Get("brought") != ""
	return rm.renderLinkPage(w, r, http.StatusOK, sc, page)
}

// openSetupLink binds the link to this browser. Nothing else does: mail
// programs and scanners that look at the address leave it alone.
func (rm *Room) openSetupLink(w http.ResponseWriter, r *http.Request) error {
	token, cookie := kit.PathValue(r, "token"), rand.Text()
	link, err := rm.Store.OpenSetupLink(r.Context(), token, cookie, rm.RemoteAddr(r), rm.Now())
	if errors.Is(err, store.ErrConflict) {
		return kit.SeeOther(w, r, paths.SetupLink(token)) // says why
	}
	if err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{
		Name: rm.setupLinkCookieName(), Value: cookie, Path: paths.SetupLink(token), Expires: link.ExpiresAt,
		HttpOnly: true, Secure: rm.Secure(), SameSite: http.SameSiteLaxMode,
	})
	return kit.SeeOther(w, r, paths.SetupLink(token))
}

// linkCase is the draft that a link is for, as the wizard sees it. Whoever
// brings metadata has made the application, so that step counts as done.
func (rm *Room) linkCase(r *http.Request, link model.SetupLink) (SetupCase, wizard.Step, error) {
	c, err := rm.Store.Connection(r.Context(), link.Connection)
	if err != nil {
		return SetupCase{}, wizard.Step{}, err
	}
	if c.Draft == nil || c.Draft.ID != link.RevisionID || link.Task != model.TaskSetup {
		return SetupCase{}, wizard.Step{}, store.ErrNotFound // went live this moment
	}
	sc := SetupCase{Connection: c, Draft: *c.Draft}
	sc.facts = rm.SetupFacts(sc, 0)
	sc.facts.Draft.Ticks = maps.Clone(sc.facts.Draft.Ticks)
	sc.facts.Draft.Ticks[string(wizard.StepAWSApplication)] = true
	step, ok := rm.Flow.Step(wizard.StepMetadata)
	if !ok {
		return sc, step, store.ErrNotFound
	}
	return sc, step, nil
}

// linkPage is the page with the form as it is stored.
func (rm *Room) linkPage(r *http.Request, v linkVisit) (SetupCase, setup.LinkPage, error) {
	sc, step, err := rm.linkCase(r, v.link)
	if err != nil {
		return sc, setup.LinkPage{}, err
	}
	sc.byLink = true
	page := setup.LinkPage{Token: v.token, Link: v.link}
	page.Frame = setup.Frame{
		Page: layout.Page{}, Connection: sc.Connection, Draft: sc.Draft, Step: step,
		Fields: step.FieldsFor(sc.facts), Answers: storedAnswers(step, sc.facts), Version: sc.Draft.Version,
	}
	return sc, page, nil
}

func (rm *Room) renderLinkPage(w http.ResponseWriter, r *http.Request, status int, sc SetupCase, page setup.LinkPage) error {
	evidence, err := rm.evidence(r.Context(), sc)
	if err != nil {
		return err
	}
	page.Drawings, page.Stored, page.Evidence, page.Now = rm.drawings(r, sc, sc.Draft.Config), rm.setupAWS(sc), evidence, rm.Now()
	return rm.Render(w, r, status, setup.Link(page))
}

// setupLinkEvidence is the part of the page that follows what was seen at AWS.
// It answers 204 while there is no news.
func (rm *Room) setupLinkEvidence(w http.ResponseWriter, r *http.Request, v linkVisit) error {
	if r.Header.Get("HX-Request") == "" {
		return kit.SeeOther(w, r, paths.SetupLink(v.token))
	}
	sc, page, err := rm.linkPage(r, v)
	if err != nil {
		return err
	}
	if page.Evidence, err = rm.evidence(r.Context(), sc); err != nil {
		return err
	}
	if r.URL.Query().Get("seen") == page.Evidence.Seen() {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return rm.Render(w, r, http.StatusOK, setup.LinkEvidence(page))
}

// setupLinkMetadata takes AWS's metadata as the wizard's own step does.
func (rm *Room) setupLinkMetadata(w http.ResponseWriter, r *http.Request, v linkVisit) error {
	sc, page, err := rm.linkPage(r, v)
	if err != nil {
		return err
	}
	in, err := rm.readStep(r, sc, page.Step)
	if err != nil {
		return err
	}
	if in.version != sc.Draft.Version {
		return rm.setupLinkConflict(w, r, v, in)
	}
	page.Answers = in.shown
	delete(in.answers, wizard.FieldOther) // an administrator's choice
	draft, problems := wizard.Draft{}, in.problems
	if len(problems) == 0 {
		draft, problems = rm.Flow.Submit(page.Step.ID, sc.facts, in.answers)
	}
	if len(problems) > 0 {
		for i := range problems {
			if problems[i].Field == wizard.FieldOther {
				problems[i].Field = wizard.FieldMetadata
			}
		}
		page.Problems = in.placed(problems)
		return rm.renderLinkPage(w, r, http.StatusUnprocessableEntity, sc, page)
	}
	_, err = rm.Store.SaveThroughSetupLink(r.Context(), v.link, rm.RemoteAddr(r), rm.Now(), sc.Draft.Version, func(rev *model.Revision) error {
		rev.Config, rev.Ticks = draft.Config, draft.Ticks
		return nil
	})
	switch {
	case errors.Is(err, store.ErrConflict):
		return rm.setupLinkConflict(w, r, v, in)
	case errors.Is(err, store.ErrNotFound):
		return kit.SeeOther(w, r, paths.SetupLink(v.token)) // ended this moment: says why
	case err != nil:
		return err
	}
	return kit.SeeOther(w, r, paths.WithQuery(paths.SetupLink(v.token), "brought", "yes"))
}

// setupLinkConflict shows what is stored now, and keeps what was brought in the
// form.
func (rm *Room) setupLinkConflict(w http.ResponseWriter, r *http.Request, v linkVisit, in stepForm) error {
	sc, page, err := rm.linkPage(r, v)
	if err != nil {
		return err
	}
	page.Answers, page.Conflict = in.shown, sc.Draft.Author
	if err := keepUploaded(r, page.Answers); err != nil {
		return err
	}
	if sc.Draft.Author == v.link.Actor() {
		page.Conflict = "You"
	}
	return rm.renderLinkPage(w, r, http.StatusConflict, sc, page)
}
