package webtest

import (
	"context"
	"slices"
	"strings"

	"github.com/postern-sso/postern/internal/store"
)

func (s *Site) MembersOf(group string) string {
	s.T.Helper()
	members, _, err := s.Store.Members(context.Background(), group, store.MemberQuery{})
	if err != nil {
		s.T.Fatal(err)
	}
	var names []string
	for _, m := range members {
		names = append(names, m.User.Username)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}
