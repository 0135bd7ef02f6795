package store_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// pushing is a live source that is pushed to at random. What it says is kept here too.
type pushing struct {
	r       *rand.Rand
	names   map[int]string
	groups  map[int]map[int]bool // members, by number
	renamed int
}

// first is everybody, and groups of which limits count the share that goes.
func (p *pushing) first() []store.Push {
	var everybody store.Push
	var groups []store.Push
	for n := range 40 {
		p.names[n] = fmt.Sprintf("person%d", n)
		everybody.People = append(everybody.People, pushed(fmt.Sprint(n), p.names[n], true))
	}
	for which := range 4 {
		g := store.PushedGroup{ID: fmt.Sprint("g", which), Name: fmt.Sprint("g", which), Whole: true}
		p.groups[which] = map[int]bool{}
		for n := range 12 {
			p.groups[which][n] = true
			g.Members = append(g.Members, fmt.Sprint(n))
		}
		groups = append(groups, store.Push{Groups: []store.PushedGroup{g}})
	}
	return append([]store.Push{everybody}, groups...)
}

// next is a push of any kind: people who come, are renamed, disabled or taken away, or
// are somebody of another source under another name; groups that come, are renamed,
// lose and get members, are emptied and deleted.
func (p *pushing) next() store.Push {
	who, which := p.r.IntN(40), p.r.IntN(4)
	id, group := fmt.Sprint(who), fmt.Sprint("g", which)
	member := func(there bool) store.Push {
		g := store.PushedGroup{ID: group, Name: group, Touched: []string{id}}
		if there {
			g.Members = g.Touched
		}
		p.groups[which][who] = there
		return store.Push{Groups: []store.PushedGroup{g}}
	}
	whole := func(name string, deleted bool) store.Push {
		g := store.PushedGroup{ID: group, Name: name, Whole: true, Deleted: deleted}
		for n, there := range p.groups[which] {
			if there && !deleted {
				g.Members = append(g.Members, fmt.Sprint(n))
			}
		}
		return store.Push{Groups: []store.PushedGroup{g}}
	}
	switch p.r.IntN(14) {
	case 0, 1:
		return store.Push{People: []model.SourcePerson{pushed(id, p.names[who], false)}}
	case 2:
		p.renamed++
		p.names[who] = fmt.Sprintf("renamed%d", p.renamed)
		return store.Push{People: []model.SourcePerson{pushed(id, p.names[who], true)}}
	case 3:
		return store.Push{Gone: []string{id}}
	case 4:
		other := pushed("as"+id, "new-"+id, true)
		other.ForeignIDs = []string{"corp" + id}
		return store.Push{People: []model.SourcePerson{other}}
	case 5, 6:
		return member(false)
	case 7:
		return whole(fmt.Sprint(group, p.r.IntN(2)), false)
	case 8:
		if p.r.IntN(3) == 0 {
			p.groups[which] = map[int]bool{}
			return whole(group, true)
		}
		return whole(group, false)
	case 9, 10, 11:
		return member(true)
	default:
		return store.Push{People: []model.SourcePerson{pushed(id, p.names[who], true)}}
	}
}

// What limits count is counted only where it matters, and only as far: the plan of any
// push is that of one for which everything was counted.
func TestWhatIsNotCountedChangesNoPlan(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	ctx := t.Context()
	src := model.NewSource(model.SourceSCIM)
	src.Slug, src.Name, src.Status, src.AdoptExisting = "entra", "Entra ID", model.SourceLive, true
	must(st.CreateSource(ctx, storetest.Actor, src))
	corp := model.NewSource(model.SourceLDAP)
	corp.Slug, corp.Name, corp.LDAP.URLs, corp.LDAP.Base = "corp", "Corp", []string{"ldaps://dc.example.com"}, "dc=example,dc=com"
	must(st.CreateSource(ctx, storetest.Actor, corp))
	for n := range 40 {
		u := storetest.User(t, st, fmt.Sprintf("here%d", n))
		err := st.Exec(ctx, `insert into source_users (source_id, stable_id, digest, says, username, username_key, enabled, user_id, first_run, changed_run)
			select id, 'corp' || $2, '', 0, 'x' || $2, 'x' || $2, true, $1, 1, 1 from sources where slug = 'corp'`, u.ID, fmt.Sprint(n))
		if err != nil {
			t.Fatal(err)
		}
	}
	held := map[model.HoldKind]int{}
	for round := range 3 {
		p := &pushing{r: rand.New(rand.NewPCG(uint64(round), 7)), names: map[int]string{}, groups: map[int]map[int]bool{}}
		pushes := p.first()
		for range 120 {
			pushes = append(pushes, p.next())
		}
		for i, push := range pushes {
			err := st.InTxAgain(ctx, func(tx *store.Store) error {
				src := must(tx.Source(ctx, "entra"))
				src.Limits.DeactivatePercent, src.Limits.RenamePercent, src.Limits.GroupPercent = 10*round, 10*round, 15*round // 0 as well
				plan, all := must(tx.PlanPush(ctx, src, push)), must(tx.PlanPushCounted(ctx, src, push))
				if !reflect.DeepEqual(plan, all) {
					t.Errorf("round %d, push %d, %+v:\n%+v\nand with everything counted\n%+v", round, i, push, plan, all)
				}
				for _, h := range plan.Holds {
					held[h.Kind]++
				}
				_, err := tx.CarryOutPush(ctx, src, push, plan)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, kind := range []model.HoldKind{model.HoldDeactivations, model.HoldRenames, model.HoldGroupShrinks, model.HoldGroupEmptied} {
		if held[kind] == 0 {
			t.Errorf("no push was held for %s: %v", kind, held)
		}
	}
}
