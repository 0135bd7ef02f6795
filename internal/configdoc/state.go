package configdoc

import (
	"context"
	"fmt"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

// State is everything that a document can speak of, as the database has it.
type State struct {
	Connections []model.Connection
	Groups      []model.Group
	Rules       []model.Rule
	Users       []UserState
	Apps        []model.App
	Sources     []model.Source
}

// UserState is a user and the groups that were given by hand.
type UserState struct {
	model.User
	Groups []string
}

// pageSize is how many rows are read at a time.
const pageSize = 1000

// Read reads the state from the database.
func Read(ctx context.Context, st *store.Store) (State, error) {
	s, err := read(ctx, st)
	if err != nil {
		return State{}, fmt.Errorf("read the configuration: %w", err)
	}
	return s, nil
}

func read(ctx context.Context, st *store.Store) (s State, err error) {
	if s.Connections, err = st.Connections(ctx); err != nil {
		return s, err
	}
	if s.Rules, err = st.Rules(ctx); err != nil {
		return s, err
	}
	if s.Apps, err = st.Apps(ctx); err != nil {
		return s, err
	}
	if s.Sources, err = st.Sources(ctx); err != nil {
		return s, err
	}
	s.Groups, err = pages(func(p store.Page) ([]model.Group, string, error) {
		return st.Groups(ctx, store.GroupQuery{Page: p})
	})
	if err != nil {
		return s, err
	}
	s.Users, err = users(ctx, st)
	return s, err
}

// users are all users with the groups that were given by hand.
func users(ctx context.Context, st *store.Store) ([]UserState, error) {
	return pages(func(p store.Page) ([]UserState, string, error) {
		some, next, err := st.Users(ctx, store.UserQuery{Page: p})
		if err != nil {
			return nil, "", err
		}
		ids := make([]string, len(some))
		for i, u := range some {
			ids[i] = u.ID
		}
		byHand, err := st.ManualGroups(ctx, ids)
		states := make([]UserState, len(some))
		for i, u := range some {
			states[i] = UserState{User: u, Groups: byHand[u.ID]}
		}
		return states, next, err
	})
}

// pages reads every page of a list.
func pages[T any](read func(store.Page) ([]T, string, error)) ([]T, error) {
	var all []T
	for p := (store.Page{Limit: pageSize}); ; {
		rows, next, err := read(p)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
		if next == "" {
			return all, nil
		}
		p.After = next
	}
}
