package web

import (
	"context"
	"net/http"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/console"
	"github.com/postern-sso/postern/templates/layout"
)

// How much the overview lists.
const (
	refusedOnOverview = 5
	peopleOnOverview  = 10
)

func (s *Server) showOverview(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	v, err := s.overview(r.Context())
	if err != nil {
		return err
	}
	v.Page = s.page(r, a, layout.NavOverview, "Overview", "How sign-in through AWS is doing, and what needs you.")
	return s.render(w, r, http.StatusOK, console.Overview(v))
}

func (s *Server) overview(ctx context.Context) (console.OverviewPage, error) {
	v := console.OverviewPage{Now: s.now()}
	connections, err := s.store.Connections(ctx)
	if err != nil || len(connections) == 0 {
		return v, err
	}
	for _, c := range connections {
		oc := console.OverviewConnection{Connection: c}
		if side := s.awsSide(c.Current()); side != nil {
			oc.Certificates = side.Certificates
		}
		v.Connections = append(v.Connections, oc)
	}
	since := s.now().Add(-day)
	counts, err := s.store.CountLogins(ctx, since)
	if err != nil {
		return v, err
	}
	v.Today = console.LoginCounts{
		SignedIn: counts[model.OutcomeSignedIn], Refused: counts[model.OutcomeRefused], Pending: counts[model.OutcomePending],
	}
	refused, _, err := s.store.Logins(ctx, store.LoginQuery{Outcome: model.OutcomeRefused, Page: store.Page{Limit: refusedOnOverview}})
	if err != nil {
		return v, err
	}
	v.Refused = s.loginRows(refused)
	v.People, err = s.triedPeople(ctx)
	return v, err
}

// triedPeople are those whom AWS let through and who are not known here.
func (s *Server) triedPeople(ctx context.Context) ([]console.TriedPerson, error) {
	refused, err := s.store.RefusedPeople(ctx, "", peopleOnOverview)
	if err != nil {
		return nil, err
	}
	var people []console.TriedPerson
	for _, p := range refused {
		name := p.DisplayName
		if name == "" {
			name = p.Username
		}
		people = append(people, console.TriedPerson{
			Name: name, Email: p.Email, Connection: p.Connection, LoginID: p.LastLoginID, Count: p.Count, LastAt: p.LastAt,
			Add: addPerson(p.Username, p.Email, p.DisplayName, "", ""),
		})
	}
	return people, nil
}
