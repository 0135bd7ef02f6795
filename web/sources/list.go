package sources

import (
	"net/http"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/sources"
	"github.com/postern-sso/postern/web/kit"
)

func (rm *Room) list(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	all, err := rm.Store.Sources(r.Context())
	if err != nil {
		return err
	}
	last, err := rm.Store.LastRuns(r.Context())
	if err != nil {
		return err
	}
	if err := rm.CountSources(r.Context()); err != nil {
		return err
	}
	v := sources.ListPage{Page: rm.Page(r, a, layout.NavSources, "Sources", "Where people and groups come from before anybody signs in."), Now: rm.Now(),
		Simulated: rm.offer(all)}
	for _, s := range all {
		v.Rows = append(v.Rows, sources.Row{Source: s, Last: last[s.Slug]})
	}
	return rm.Render(w, r, http.StatusOK, sources.List(v))
}

// choose asks which kind of source it is to be.
func (rm *Room) choose(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	p := rm.Page(r, a, layout.NavSources, "Connect a source", "Which of them knows your people?")
	p.Crumbs = crumbs()
	v := sources.ChoosePage{Page: p, Setup: kit.Truncate(r.URL.Query().Get(sources.FieldSetup), maxSlug)}
	if rm.Opts.DemoDirectory != nil {
		all, err := rm.Store.Sources(r.Context())
		if err != nil {
			return err
		}
		v.Simulated = rm.offer(all)
	}
	return rm.Render(w, r, http.StatusOK, sources.Choose(v))
}

// maxSlug is the length of the longest slug.
const maxSlug = 64

func crumbs(more ...layout.Crumb) []layout.Crumb {
	return append([]layout.Crumb{{Label: "Sources", Href: paths.Sources}}, more...)
}

// pageBelow is the head of a page below that of a source.
func (rm *Room) pageBelow(r *http.Request, a model.Administrator, s model.Source, title, intro string) layout.Page {
	p := rm.Page(r, a, layout.NavSources, title, intro)
	p.Crumbs = crumbs(layout.Crumb{Label: s.Name, Href: paths.Source(s.Slug)})
	return p
}
