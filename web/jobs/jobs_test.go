package jobs_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/webtest"
)

// importOf is a job that nobody works on yet.
func importOf(t *testing.T, st *store.Store, people int) model.Job {
	t.Helper()
	rows := make([]store.ImportRow, people)
	for i := range rows {
		rows[i].User = model.User{Username: fmt.Sprintf("person%d", i), Active: true}
	}
	j, err := st.StartImport(t.Context(), webtest.Tester, rows, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// A job is found again, shows how far it is, and is ended; who sees everything and
// changes nothing sees that.
func TestAJobIsFoundFollowedAndEnded(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	j := importOf(t, s.Store, 700)
	s.Get(paths.Jobs).Has(t, "tbody a[href='"+paths.Job(j.ID)+"']", "Import of 700 users")
	if _, err := s.Store.ClaimJob(t.Context(), j.ID, "w"); err != nil {
		t.Fatal(err)
	}
	next := func(tx *store.Store, j model.Job) (model.Job, error) { return tx.ImportNext(t.Context(), j) }
	if _, err := s.Store.StepJob(t.Context(), j.ID, "w", next); err != nil {
		t.Fatal(err)
	}
	page := s.Get(paths.Job(j.ID)).Want(t, http.StatusOK)
	page.Has(t, "#job-said", "It is under way. You can leave this page")
	page.Has(t, "#job", "500 of 700 rows")
	if page.Doc.Find(`#job[hx-trigger="every 1s"] progress[value="500"][max="700"]`).Length() != 1 {
		t.Error("the page does not follow the job")
	}
	cancel, _ := page.Doc.Find(`form[action$="/cancel"]`).Attr("action")
	admin := s.Client
	s.Client = s.Browser()
	s.SignInAs(model.RoleViewer)
	if n := s.Get(paths.Job(j.ID)).Doc.Find("#job form").Length(); n != 0 {
		t.Errorf("a viewer is offered %d forms", n)
	}
	s.Client = admin
	s.Post(cancel, nil).Want(t, http.StatusSeeOther)
	s.Get(paths.Job(j.ID)).Has(t, "#job-said", "It ends after the part that is being done.")
	s.Post(cancel, nil).Want(t, http.StatusSeeOther) // asked for twice is asked for
	if _, err := s.Store.StepJob(t.Context(), j.ID, "w", nil); err != nil {
		t.Fatal(err)
	}
	page = s.Get(paths.Job(j.ID))
	page.Has(t, "#job-said", "It was ended by admin@example.com. Until then: 500 added, 0 changed.")
	if page.Doc.Find("#job[hx-get]").Length() != 0 || page.Doc.Find(`form[action$="/undo"]`).Length() != 1 {
		t.Error("a job that is over is followed on, or cannot be undone")
	}
	s.Post(cancel, nil).Want(t, http.StatusConflict)
	s.Get(paths.Job(99)).Want(t, http.StatusNotFound)
}

// What takes longer than a request answers goes on in the background, in parts, to
// the end.
func TestAJobGoesOnWithoutTheRequest(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	s := webtest.NewSiteOn(t, st)
	j := importOf(t, st, 1100)
	ran := make(chan error, 1)
	go func() { ran <- s.Opts.Jobs.Run(t.Context()) }()
	for !j.Over() {
		var err error
		if j, err = st.Job(t.Context(), j.ID); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := st.CountUsers(t.Context()); err != nil || n != 1100 || j.State != model.JobDone {
		t.Errorf("%d users, %+v, %v", n, j, err)
	}
	select {
	case err := <-ran:
		t.Errorf("the runner ended: %v", err)
	default:
	}
}
