package login_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/postern-sso/postern/internal/attack"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/testall"
	"github.com/postern-sso/postern/web/webtest"
)

// alwaysOverHTTP show, by name, that a message is held against the connection's own
// settings: the tolerance of clocks to the second, and which signatures it wants.
var alwaysOverHTTP = []string{"honest, valid for one more second", "conditions over by this second", "assertion alone signed"}

// overHTTP are the messages that are sent over HTTP: of each class of attack one
// for every verdict, since status, page and trace depend on no more, and another
// one every day. internal/sso's tests judge all of them.
func overHTTP(t *testing.T) []attack.Variant {
	t.Helper()
	type kind struct {
		row                        int
		want                       model.Code
		assertionOnly, unsolicited bool
	}
	variants := map[kind][]attack.Variant{}
	var kinds []kind
	for _, v := range attack.Variants() {
		k := kind{v.Row, v.Want, v.AssertionOnly, v.Unsolicited}
		if variants[k] == nil {
			kinds = append(kinds, k)
		}
		variants[k] = append(variants[k], v)
	}
	var chosen []attack.Variant
	for _, k := range kinds {
		sampled := testall.Sample(t, 1, len(variants[k]))
		for i, v := range variants[k] {
			if slices.Contains(sampled, i) || slices.Contains(alwaysOverHTTP, v.Name) {
				chosen = append(chosen, v)
			}
		}
	}
	return chosen
}

// Whatever a message was judged, the answer over HTTP, the trace, everything that
// is stored and the log keep what is promised of every message.
func TestAttacksOverHTTP(t *testing.T) {
	t.Parallel()
	both := webtest.NewTarget(t, nil)
	assertionOnly := webtest.NewTarget(t, func(c *model.Config) { c.RequireSignatures = model.SignaturesAssertion })
	for _, v := range overHTTP(t) { //nolint:paralleltest // one after the other on one site
		x := both
		if v.AssertionOnly {
			x = assertionOnly
		}
		t.Run(fmt.Sprintf("row %d/%s", v.Row, v.Name), func(t *testing.T) { x.Try(t, v) })
	}
}
