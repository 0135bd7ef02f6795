package sources

import (
	"errors"
	"net/http"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/sources"
	"github.com/postern-sso/postern/web/kit"
)

// decidedShown is how many decisions by hand the page of conflicts lists.
const decidedShown = 100

// conflicts are those of the source's people of whom somebody has to decide.
func (rm *Room) conflicts(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	s, err := rm.source(r)
	if err != nil {
		return err
	}
	v := sources.ConflictsPage{Source: s}
	var next string
	if v.Conflicts, next, err = rm.Store.SourceConflicts(r.Context(), s, kit.PageOf(r)); err != nil {
		return err
	}
	if v.Decided, err = rm.Store.LinkedByHand(r.Context(), s, decidedShown); err != nil {
		return err
	}
	if v.Called, err = rm.Store.Called(r.Context()); err != nil {
		return err
	}
	v.Page = rm.pageBelow(r, a, s, "Conflicts of "+s.Name, "People of the source of whom you have to say who they are here. Until then nothing happens to them.")
	v.Paging = kit.Paging(r, paths.SourceAction(s.Slug, "conflicts"), next)
	return rm.Render(w, r, http.StatusOK, sources.Conflicts(v))
}

// link says which user somebody of the source is.
func (rm *Room) link(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	s, err := rm.source(r)
	if err != nil {
		return err
	}
	u, err := rm.Store.LinkByHand(r.Context(), rm.Actor(r, a), s.Slug, r.PostFormValue("id"), r.PostFormValue("user"))
	if err != nil {
		return rm.undecided(w, r, s, err)
	}
	text := u.Username + " is this person of the source from now on. "
	if u.Home == s.Slug {
		text += "The source says their username, name, email and whether they are active, from its next run on."
	} else {
		text += "They stay the other source's; this one adds groups, from its next run on."
	}
	return rm.Done(w, r, paths.SourceAction(s.Slug, "conflicts"), text)
}

// unlink takes such a decision back.
func (rm *Room) unlink(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	s, err := rm.source(r)
	if err != nil {
		return err
	}
	u, err := rm.Store.UnlinkByHand(r.Context(), rm.Actor(r, a), s.Slug, r.PostFormValue("id"))
	if err != nil {
		return rm.undecided(w, r, s, err)
	}
	return rm.Done(w, r, paths.SourceAction(s.Slug, "conflicts"), u.Username+" is not this person of the source any more. What the source wrote into their "+
		"fields stays; the next run takes back the groups that it gave.")
}

// undecided says why a decision was not taken.
func (rm *Room) undecided(w http.ResponseWriter, r *http.Request, s model.Source, err error) error {
	to := paths.SourceAction(s.Slug, "conflicts")
	var not *store.NotAdopted
	switch {
	case errors.As(err, &not):
		return rm.Inform(w, r, to, "Nothing was changed. "+not.Why)
	case errors.Is(err, store.ErrRunning):
		return rm.Inform(w, r, to, "Nothing was changed: a run of this source is under way. Wait until it is over.")
	case errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrConflict):
		return rm.Inform(w, r, to, "Nothing was changed: it is otherwise by now. Look again.")
	default:
		return err
	}
}
