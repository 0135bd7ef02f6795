package connections_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/web/webtest"
)

func TestReplayShowsWhatWouldHaveGoneDifferently(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change func(*model.Config)
		says   string
		rows   int
	}{
		"nothing":             {func(*model.Config) {}, "every one would have ended", 0},
		"a missing attribute": {func(c *model.Config) { c.Attributes.Username = "nickname" }, "2 would be refused that the live revision lets in", 3},
		"only a new name":     {func(c *model.Config) { c.Name = "Other" }, "every one would have ended", 0},
		"people are created no more, which concerns nobody known": {func(c *model.Config) { c.JIT.Create = false }, "every one would have ended", 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := webtest.EditedLive(t, c.change)
			if first := s.Get("/connections/aws/replay"); first.Status != http.StatusOK || first.Doc.Find("[hx-trigger=load]").Length() != 1 {
				t.Fatalf("the page answered %d", first.Status)
			}
			res := s.Get("/connections/aws/replay?run=1")
			if !strings.Contains(res.Text(), c.says) {
				t.Errorf("says %s", res.Text())
			}
			if n := res.Doc.Find("tbody tr").Length(); n != c.rows {
				t.Errorf("%d rows, want %d: %s", n, c.rows, res.Text())
			}
		})
	}
}
