package directory_test

import (
	"fmt"
	"testing"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/model"
)

func TestHolds(t *testing.T) {
	t.Parallel()
	leave := func(n int) func(*world) {
		return func(w *world) {
			for i := range n {
				delete(w.people, fmt.Sprintf("%04d", i))
			}
		}
	}
	switchOff := func(n int) func(*world) {
		return func(w *world) {
			for i := range n {
				w.change(fmt.Sprintf("%04d", i), disabled)
			}
		}
	}
	renameAll := func(n int) func(*world) {
		return func(w *world) {
			for i := range n {
				rename(w, fmt.Sprintf("%04d", i), fmt.Sprintf("q%04d", i))
			}
		}
	}
	shrink := func(to int) func(*world) {
		return func(w *world) {
			g := w.groups["g"]
			g.Members = g.Members[:to]
			w.groups["g"] = g
		}
	}
	privileged := func(w *world) {
		g := w.local["staff"]
		g.Privileged = true
		w.local["staff"] = g
		w.group("h", "dev", "0000")
		delete(w.groups, "g")
	}
	tests := []struct {
		name   string
		people int
		then   func(*world)
		recent directory.Recent
		want   []model.Hold
	}{
		{"the least is let through", 6, leave(5), directory.Recent{}, nil},
		{"more than the least", 8, leave(6), directory.Recent{}, []model.Hold{{Kind: "deactivations", Would: 6, Allowed: 5, Of: 8, Common: "OU=Staff"}}},
		{"a tenth is let through", 100, leave(10), directory.Recent{}, nil},
		{"more than a tenth", 100, switchOff(11), directory.Recent{}, []model.Hold{{Kind: "deactivations", Would: 11, Allowed: 10, Of: 100, Common: "OU=Staff"}}},
		{"many small runs", 95, leave(6), directory.Recent{Deactivated: 5},
			[]model.Hold{{Kind: "deactivations", Would: 6, Before: 5, Allowed: 10, Of: 100, Common: "OU=Staff"}}},
		{"nothing to do after many", 95, leave(0), directory.Recent{Deactivated: 50}, nil},
		{"names", 100, renameAll(6), directory.Recent{}, []model.Hold{{Kind: "renames", Would: 6, Allowed: 5, Of: 100}}},
		{"few names", 100, renameAll(5), directory.Recent{}, nil},
		{"a small group", 9, shrink(1), directory.Recent{}, nil},
		{"a fifth of a group", 10, shrink(8), directory.Recent{}, nil},
		{"more than a fifth of a group", 10, shrink(7), directory.Recent{}, []model.Hold{{Kind: "group_shrinks", Group: "staff", Would: 3, Allowed: 2, Of: 10}}},
		{"more than a fifth in two runs", 10, shrink(8), directory.Recent{Removed: map[int64]int{1: 1}},
			[]model.Hold{{Kind: "group_shrinks", Group: "staff", Would: 2, Before: 1, Allowed: 2, Of: 11}}},
		{"a group is emptied", 10, shrink(0), directory.Recent{}, []model.Hold{{Kind: "group_emptied", Group: "staff", Would: 10, Of: 10}}},
		{"a small group is emptied", 9, shrink(0), directory.Recent{}, nil},
		{"a small group that gives much is emptied", 3, privileged, directory.Recent{}, []model.Hold{{Kind: "group_emptied", Group: "staff", Would: 3, Of: 3}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := company(t, test.people)
			test.then(w)
			w.recent = test.recent
			plan := w.plan(t)
			if fmt.Sprint(plan.Holds) != fmt.Sprint(test.want) {
				t.Errorf("\n got  %+v\n want %+v", plan.Holds, test.want)
			}
		})
	}
}

func TestFirstRunIsNotHeld(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for i := range 1000 {
		w.person(fmt.Sprintf("%04d", i), fmt.Sprintf("p%04d", i))
	}
	if plan := w.plan(t); len(plan.Holds) != 0 || plan.Counts.Created != 1000 {
		t.Errorf("%+v, %+v", plan.Counts, plan.Holds)
	}
}

func TestEqualPlansHaveOneDigest(t *testing.T) {
	t.Parallel()
	one, two := company(t, 50), company(t, 50)
	for _, w := range []*world{one, two} {
		delete(w.people, "0007")
		rename(w, "0008", "zoe")
	}
	a, b := one.plan(t), one.plan(t) // the order of a reading differs each time
	if a.Digest != b.Digest {
		t.Error("the same reading twice gives plans with two digests")
	}
	rename(two, "0008", "zed")
	if c := two.plan(t); c.Digest == a.Digest {
		t.Error("plans that differ have one digest")
	}
}
