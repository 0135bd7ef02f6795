package sources_test

import (
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/directory/runner"
	"github.com/postern-sso/postern/internal/health"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/webtest"
)

// The number in the navigation is how many sources the overview has something to decide
// or to mend about; pages of sources count anew, others are a minute old at most.
func TestTheNavigationCountsSourcesToLookAt(t *testing.T) {
	t.Parallel()
	s := site(t)
	s.SourceOf("corp", 20)
	shown := func(at string) string { return s.Get(at).Want(t, http.StatusOK).Find("nav a[href='/sources'] .tally") }
	if got := shown(paths.Sources); got != "" {
		t.Errorf("nothing is to be done, and it shows %q", got)
	}
	s.Directories.Fail("corp", errors.New("nobody answers"))
	for range health.SourceFailed - 1 {
		s.RunSource("corp", runner.Ask{Trigger: model.RunBySchedule})
	}
	if got := shown(paths.Sources); got != "" {
		t.Errorf("after two failures it shows %q", got)
	}
	s.RunSource("corp", runner.Ask{Trigger: model.RunBySchedule})
	if got := shown("/users"); got != "" {
		t.Errorf("within the minute it shows %q", got)
	}
	s.Now = s.Now.Add(time.Minute)
	s.Get("/users").Has(t, "nav .tally", "1")
	s.Get("/users").Has(t, "nav .tally", "to look at")

	s.Directories.Have("corp", webtest.ReadingOf(20))
	s.RunSource("corp", runner.Ask{Trigger: model.RunBySchedule})
	if got := shown(paths.Source("corp")); got != "" {
		t.Errorf("read again, it shows %q", got)
	}
	s.Directories.Have("corp", webtest.ReadingOf(10))
	held := s.RunSource("corp", runner.Ask{Trigger: model.RunBySchedule})
	s.Get(paths.SourceRun("corp", held.ID)).Has(t, "nav .tally", "1")
	s.Post(paths.SourceAction("corp", "status"), url.Values{"status": {"paused"}}).Want(t, http.StatusSeeOther)
	if got := shown(paths.Source("corp")); got != "" {
		t.Errorf("paused, it shows %q", got)
	}
	s.Post(paths.SourceAction("corp", "status"), url.Values{"status": {"live"}}).Want(t, http.StatusSeeOther)
	s.Post(paths.SourceRunAction("corp", held.ID, "reject"), nil).Want(t, http.StatusSeeOther)
	if got := shown(paths.Source("corp")); got != "" {
		t.Errorf("decided, it shows %q", got)
	}
}
