package directory_test

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/model"
)

// A group that was counted as far as it matters is held as one that was counted whole.
func TestCountingFurtherChangesNothing(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	held := 0
	for range 5000 {
		src := model.NewSource(model.SourceSCIM)
		src.Slug, src.Limits.GroupPercent = "entra", r.IntN(101)
		had, recent := 1+r.IntN(60), directory.Recent{Removed: map[int64]int{1: r.IntN(12)}}
		in := directory.Input{Source: src, Partial: true, Now: time.Now(),
			Reading: model.Reading{GroupsRead: true, Groups: []model.SourceGroup{{StableID: "g", Name: "staff"}}},
			Known: directory.Known{Users: []directory.User{{ID: "u"}}, Mirror: []directory.MirrorPerson{{StableID: "p", UserID: "u", Present: true}},
				Groups: []directory.Group{{ID: 1, Name: "staff"}}, Memberships: []directory.Membership{{Ref: "entra/g", Group: 1, Users: []string{"u"}}}, Recent: recent}}
		in.Known.Sizes = map[int64]int{1: had}
		whole, err := directory.Plan(in)
		if err != nil || !directory.Limited(whole) {
			t.Fatalf("%+v, %v", whole, err)
		}
		in.Known.Sizes = map[int64]int{1: min(had, directory.SizeThatMatters(src.Limits, 1, recent))}
		if far, err := directory.Plan(in); err != nil || !reflect.DeepEqual(whole.Holds, far.Holds) {
			t.Fatalf("of %d, %+v, %d %%: %+v, and counted less far %+v, %v", had, recent, src.Limits.GroupPercent, whole.Holds, far.Holds, err)
		}
		held += len(whole.Holds)
	}
	if held == 0 {
		t.Error("nothing was held")
	}
}
