package directory_test

import (
	"testing"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/model"
)

func TestGroups(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		then    func(w *world)
		changes []string
		left    []string
	}{
		"somebody comes": {func(w *world) { w.group("h", "dev", "0000", "0001") }, []string{"group_made dev", "members dev +2 -0"}, nil},
		"somebody goes":  {func(w *world) { w.group("g", "staff", "0000", "0001") }, []string{"members staff +0 -1"}, nil},
		"the group is gone": {func(w *world) { w.group("h", "dev", "0000"); delete(w.groups, "g") },
			[]string{"group_made dev", "members dev +1 -0", "members staff +0 -3"}, nil},
		"the group is called otherwise": {func(w *world) { w.group("g", "crew", "0000", "0001", "0002") },
			[]string{"group_made crew", "members crew +3 -0", "members staff +0 -3"}, nil},
		"members of whom nothing is known": {func(w *world) { w.group("g", "staff", "0000", "0001", "0002", "strange") }, nil, nil},
		"groups here have a prefix": {func(w *world) { w.source.Groups = model.GroupMapping{Mode: model.GroupsPrefix, Prefix: "ad-"} },
			[]string{"group_made ad-staff", "members ad-staff +3 -0", "members staff +0 -3"}, nil},
		"only what is in the map": {func(w *world) {
			w.source.Groups = model.GroupMapping{Mode: model.GroupsMap, Map: map[string]string{"STAFF": "staff"}}
			w.group("h", "dev", "0000")
		}, nil, nil},
		"no groups": {func(w *world) { w.source.Groups.Mode = model.GroupsNone }, []string{"members staff +0 -3"}, nil},
		"by hand only": {func(w *world) {
			w.localGroup("admins", func(g *directory.Group) { g.ByHandOnly = true }).group("h", "Admins", "0000")
		}, nil, []string{"by_hand_only Admins"}},
		"by hand only from now on": {func(w *world) {
			g := w.local["staff"]
			g.ByHandOnly = true
			w.local["staff"] = g
		}, []string{"members staff +0 -3"}, []string{"by_hand_only staff"}},
		"a name that our rules refuse": {func(w *world) { w.group("h", "a\u200bb", "0000") }, nil, []string{"group_name a\u200bb"}},
		"two of the source's are one here": {func(w *world) {
			w.source.Groups = model.GroupMapping{Mode: model.GroupsMap, Map: map[string]string{"staff": "staff", "dev": "staff"}}
			w.group("h", "dev", "0000")
		}, []string{"members staff +1 -0"}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := company(t, 3)
			test.then(w)
			expect(t, w.run(t), test.changes, test.left)
		})
	}
}
