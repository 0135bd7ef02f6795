package connections

import (
	"errors"
	"net/http"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/connections"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/kit"
)

// editConnection starts a draft, or goes on with the one there is, at the step
// that the form names.
func (rm *Room) editConnection(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	slug := kit.PathValue(r, "slug")
	if _, err := rm.Store.StartDraft(r.Context(), rm.Actor(r, a), slug); err != nil {
		return err
	}
	if step := kit.Typed(r, "step"); step != "" {
		return kit.SeeOther(w, r, paths.SetupStep(slug, wizard.StepID(step)))
	}
	return kit.SeeOther(w, r, paths.Setup(slug))
}

func (rm *Room) discardDraft(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	slug := kit.PathValue(r, "slug")
	if err := rm.Store.DiscardDraft(r.Context(), rm.Actor(r, a), slug); err != nil {
		return err
	}
	return rm.Done(w, r, paths.Connection(slug), "The draft is gone. Logins go on with the live revision.")
}

func (rm *Room) suspendConnection(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	return rm.setStatus(w, r, a, model.StatusSuspended, "Suspended. Nobody can sign in through this connection until you resume it.")
}

func (rm *Room) resumeConnection(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	return rm.setStatus(w, r, a, model.StatusLive, "Live again.")
}

func (rm *Room) setStatus(w http.ResponseWriter, r *http.Request, a model.Administrator, to model.Status, said string) error {
	c, err := rm.Store.Connection(r.Context(), kit.PathValue(r, "slug"))
	if err != nil {
		return err
	}
	err = rm.Store.SetStatus(r.Context(), rm.Actor(r, a), c.Slug, to)
	if errors.Is(err, store.ErrTransition) {
		return rm.renderConnection(w, r, a, c, func(v *connections.ConnectionPage) {
			v.Problem = "The connection is in a state that does not allow this. Somebody may have changed it since you opened the page."
		})
	}
	if err != nil {
		return err
	}
	return rm.Done(w, r, paths.Connection(c.Slug), said)
}

func (rm *Room) deleteConnection(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	c, err := rm.Store.Connection(r.Context(), kit.PathValue(r, "slug"))
	if err != nil {
		return err
	}
	if text := kit.Confirmed(r, c.Name(), c.Slug); text != "" {
		return rm.renderConnection(w, r, a, c, func(v *connections.ConnectionPage) { v.DeleteText = text })
	}
	if err := rm.Store.DeleteConnection(r.Context(), rm.Actor(r, a), c.Slug); err != nil {
		return err
	}
	return rm.Done(w, r, paths.Connections, "Connection "+c.Name()+" deleted.")
}
