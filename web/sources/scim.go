package sources

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/postern-sso/postern/internal/directory/scim"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/parts"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/sources"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/kit"
)

// requestsShown is how many of the newest requests a source's page shows.
const requestsShown = 8

// baseURL is where an identity provider pushes to.
func (rm *Room) baseURL(s model.Source) string { return rm.Opts.PublicURL + scim.BasePath(s.Slug) }

// pushes is how an identity provider reaches us, and what it asked for lately.
func (rm *Room) pushes(r *http.Request, a model.Administrator, s model.Source) (sources.PushesCard, error) {
	v := sources.PushesCard{Source: s, Base: rm.baseURL(s), MayChange: parts.CanChange(layout.Page{Viewer: a}), Now: rm.Now()}
	var err error
	if v.Tokens, err = rm.Store.SCIMTokens(r.Context(), s.Slug); err != nil {
		return v, err
	}
	v.Full = len(v.Tokens) >= store.MaxSCIMTokens
	v.Requests, _, err = rm.Store.SCIMRequests(r.Context(), s.Slug, store.SCIMRequestQuery{Page: store.Page{Limit: requestsShown}})
	return v, err
}

// pushing is the source of the address, if it is one that is pushed to.
func (rm *Room) pushing(r *http.Request) (model.Source, error) {
	s, err := rm.source(r)
	if err == nil && s.Kind != model.SourceSCIM {
		err = store.ErrNotFound
	}
	return s, err
}

// makeToken makes a token, and shows it this once: the page is the answer itself.
func (rm *Room) makeToken(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	s, err := rm.pushing(r)
	if err != nil {
		return err
	}
	var expires time.Time
	if days, err := strconv.Atoi(r.PostFormValue("days")); err == nil && days > 0 && days <= sources.MaxTokenDays {
		expires = rm.Now().Add(time.Duration(days) * 24 * time.Hour)
	}
	token, ended, err := rm.Store.MakeSCIMToken(r.Context(), rm.Actor(r, a), s.Slug, expires)
	if errors.Is(err, store.ErrNoTokens) {
		return store.ErrNotFound
	}
	if err != nil {
		return err
	}
	p := rm.pageBelow(r, a, s, "Token of "+s.Name, "It is shown this once. Copy it now.")
	return rm.Render(w, r, http.StatusOK, sources.NewToken(sources.TokenPage{Page: p, Source: s,
		Base: rm.baseURL(s), Token: token, Expires: expires, Ended: ended}))
}

// endToken takes a token back.
func (rm *Room) endToken(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	s, err := rm.pushing(r)
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(kit.PathValue(r, "id"), 10, 64)
	if err != nil {
		return store.ErrNotFound
	}
	if err := rm.Store.DeleteSCIMToken(r.Context(), rm.Actor(r, a), s.Slug, id); err != nil {
		return err
	}
	return rm.Done(w, r, paths.Source(s.Slug), "The token has ended. Nobody gets in with it any more.")
}

// listRequests are the requests of an identity provider, a page at a time.
func (rm *Room) listRequests(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	s, err := rm.pushing(r)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	v := sources.RequestsPage{Source: s, Outcome: q.Get("outcome"), Name: q.Get("q")}
	query := store.SCIMRequestQuery{Outcome: model.SCIMOutcome(v.Outcome), Name: v.Name, Page: kit.PageOf(r)}
	if v.Outcome == sources.OutcomeChanges {
		query.Outcome, query.Changes = "", true
	}
	var next string
	if v.Requests, next, err = rm.Store.SCIMRequests(r.Context(), s.Slug, query); err != nil {
		return err
	}
	v.Paging = kit.Paging(r, paths.SourceAction(s.Slug, "requests"), next)
	v.Page = rm.pageBelow(r, a, s, "Requests of "+s.Name, "What it asked for and what came of it. Kept for "+
		ui.Count(int(store.SCIMRequestsKept/(24*time.Hour)), "day", "days")+".")
	return rm.Render(w, r, http.StatusOK, sources.Requests(v))
}
