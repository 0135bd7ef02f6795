package directory_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/model"
)

// BenchmarkPlan plans for 100,000 people, 10,000 groups and 1,000,000 memberships.
func BenchmarkPlan(b *testing.B) {
	const people, groups, each = 100_000, 10_000, 100
	w := newWorld()
	w.source.Groups.Mode = model.GroupsSame
	in := directory.Input{Source: w.source, Now: now, Reading: model.Reading{GroupsRead: true}}
	r := rand.New(rand.NewPCG(1, 1))
	for i := range people {
		id := fmt.Sprintf("%08x-0000-4000-8000-%012x", i, i)
		name := fmt.Sprintf("person%06d", i)
		in.Reading.People = append(in.Reading.People, model.SourcePerson{StableID: id, Username: name, Email: name + "@example.com", FirstName: "Person",
			LastName: fmt.Sprint(i), Enabled: true, Says: model.SaysAll})
	}
	for i := range groups {
		g := model.SourceGroup{StableID: fmt.Sprintf("g%07d", i), Name: fmt.Sprintf("group%05d", i)}
		for range each {
			g.Members = append(g.Members, in.Reading.People[r.IntN(people)].StableID)
		}
		slices.Sort(g.Members)
		g.Members = slices.Compact(g.Members)
		in.Reading.Groups = append(in.Reading.Groups, g)
	}
	b.Run("first", func(b *testing.B) { plans(b, in, people) })
	known(&in)
	b.Run("unchanged", func(b *testing.B) { plans(b, in, 0) })
	for i := 0; i < people; i += 100 {
		in.Reading.People[i].LastName += "x"
	}
	b.Run("1%", func(b *testing.B) { plans(b, in, people/100) })
}

func plans(b *testing.B, in directory.Input, changed int) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		plan, err := directory.Plan(in)
		if err != nil || plan.Counts.Created+plan.Counts.Updated != changed {
			b.Fatal(plan.Counts, err)
		}
	}
}

// known makes the database know what the reading says.
func known(in *directory.Input) {
	user := map[string]string{}
	for i, p := range in.Reading.People {
		u := directory.User{ID: fmt.Sprintf("%08x-1111-4111-8111-%012x", i, i), Home: in.Source.Slug, UserFields: model.UserFields{Username: p.Username,
			Email: p.Email, FirstName: p.FirstName, LastName: p.LastName, DisplayName: p.FirstName + " " + p.LastName, Active: true}}
		user[p.StableID] = u.ID
		in.Known.Users = append(in.Known.Users, u)
		in.Known.Mirror = append(in.Known.Mirror, directory.MirrorPerson{StableID: p.StableID, Username: p.Username, Present: true, Enabled: true, UserID: u.ID})
	}
	for i, g := range in.Reading.Groups {
		in.Known.Groups = append(in.Known.Groups, directory.Group{ID: int64(i + 1), Name: g.Name})
		m := directory.Membership{Ref: model.SourceRef(in.Source.Slug, g.StableID), Group: int64(i + 1)}
		for _, id := range g.Members {
			m.Users = append(m.Users, user[id])
		}
		in.Known.Memberships = append(in.Known.Memberships, m)
	}
	in.Known.Active = len(in.Reading.People)
}
