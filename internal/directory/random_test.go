package directory_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/model"
)

// TestAnyHistoryComesToRest lets a small source with few names change at random, so
// that names collide, people leave and come back, and an administrator interferes. Each
// plan must be one that can be carried out in its order (world.applyPerson), touch
// nobody who is out of reach, and after a few runs of one reading nothing is left to do.
func TestAnyHistoryComesToRest(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 1))
		w := newWorld()
		w.source.AdoptExisting = r.IntN(2) == 0
		w.user("olga", administers).user("hand").localGroup("admins", func(g *directory.Group) { g.ByHandOnly = true })
		olga := w.users["u1"]
		for range 6 {
			happen(r, w)
			rest(t, seed, w)
		}
		if w.users["u1"].UserFields != olga.UserFields || w.users["u1"].Home != "" {
			t.Fatalf("seed %d: a source changed who administers the console: %+v", seed, w.users["u1"])
		}
		if len(w.members["corp/3\nadmins"]) != 0 {
			t.Fatalf("seed %d: a source put somebody into a group by hand only", seed)
		}
	}
}

// happen changes the source, and now and then what is here, at random.
func happen(r *rand.Rand, w *world) {
	names := []string{"ana", "ben", "cid", "dee", "hand", "olga"}
	for range 1 + r.IntN(5) {
		id := fmt.Sprint(r.IntN(6))
		switch r.IntN(8) {
		case 0, 1, 2:
			w.person(id, names[r.IntN(len(names))])
		case 3:
			delete(w.people, id)
		case 4:
			if _, ok := w.people[id]; ok {
				w.change(id, disabled)
			}
		case 5:
			if _, ok := w.people[id]; ok {
				rename(w, id, names[r.IntN(len(names))])
			}
		case 6:
			members := slices.Sorted(maps.Keys(w.people))
			w.group(fmt.Sprint(r.IntN(4)), []string{"staff", "dev", "ops", "admins"}[r.IntN(4)], members[:r.IntN(len(members)+1)]...)
		case 7:
			byAdministrator(r, w)
		}
	}
	w.person("9", "zoe") // a source without anybody is another test
	w.group("9", "all", "9")
}

func byAdministrator(r *rand.Rand, w *world) {
	all := slices.Sorted(maps.Keys(w.users))
	u := w.users[all[r.IntN(len(all))]]
	if u.Administrator {
		return
	}
	switch r.IntN(3) {
	case 0:
		u.Active, u.DeactivatedBy = false, model.DeactivatedByHand
	case 1:
		u.Active, u.DeactivatedBy = true, ""
	case 2:
		u.Pins = model.Pins{model.PinFields()[r.IntN(4)]: {By: "olga"}}
	}
	w.users[u.ID] = u
}

func rest(t *testing.T, seed uint64, w *world) {
	t.Helper()
	var plan model.SourcePlan
	for range 4 {
		before := maps.Clone(w.users)
		plan = w.plan(t)
		w.apply(t, plan)
		for id, u := range before {
			if after := w.users[id]; !u.Active && u.DeactivatedBy == model.DeactivatedByHand && after.Active {
				t.Fatalf("seed %d: %s was deactivated by hand and is active", seed, u.Username)
			} else if u.Pins.Holds(model.PinUsername, now) && after.Username != u.Username {
				t.Fatalf("seed %d: the username %s is pinned and became %s", seed, u.Username, after.Username)
			}
		}
		if len(plan.Changes) == 0 {
			return
		}
	}
	t.Fatalf("seed %d: the same reading changes something each time: %q, left out %q", seed, told(plan), leftOut(plan))
}
