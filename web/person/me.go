package person

import (
	"context"
	"errors"
	"net/http"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/person"
	"github.com/postern-sso/postern/web/kit"
)

// me is who Postern thinks the person is. Somebody who is not signed in gets
// the connections to sign in with.
func (rm *Room) me(w http.ResponseWriter, r *http.Request) error {
	u, err := rm.CurrentPerson(r)
	if errors.Is(err, store.ErrNotFound) {
		return rm.chooseConnection(w, r)
	}
	if err != nil {
		return err
	}
	memberships, err := rm.Store.UserMemberships(r.Context(), u.ID)
	if err != nil {
		return err
	}
	through := rm.Persons.GetString(r.Context(), kit.KeyPersonConn)
	apps, err := rm.appTiles(r.Context(), through)
	if err != nil {
		return err
	}
	set, err := rm.Store.Settings(r.Context())
	if err != nil {
		return err
	}
	return rm.Render(w, r, http.StatusOK, person.Me(person.Self{
		User: u, Apps: apps, Text: set.MeText, Groups: GroupNames(memberships), Connection: through,
	}))
}

// appTiles are the apps that begin a sign-in by themselves at a known address,
// and let in who came through that connection.
func (rm *Room) appTiles(ctx context.Context, connection string) ([]person.AppTile, error) {
	apps, err := rm.Store.Apps(ctx)
	if err != nil {
		return nil, err
	}
	var tiles []person.AppTile
	for _, a := range apps {
		start := wizard.StartURL(a)
		if start != "" && (a.Connection == "" || a.Connection == connection) {
			tiles = append(tiles, person.AppTile{Name: a.Name, Start: start})
		}
	}
	return tiles, nil
}

func (rm *Room) chooseConnection(w http.ResponseWriter, r *http.Request) error {
	live, err := rm.OpenConnections(r)
	if err != nil {
		return err
	}
	return rm.Render(w, r, http.StatusOK, person.NotSignedIn(live))
}

// GroupNames lists each group once, in the order given.
func GroupNames(memberships []model.Membership) []string {
	var names []string
	seen := make(map[int64]bool)
	for _, m := range memberships {
		if !seen[m.GroupID] {
			seen[m.GroupID] = true
			names = append(names, m.Group)
		}
	}
	return names
}
