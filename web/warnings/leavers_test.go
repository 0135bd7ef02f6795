package warnings_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/directory/runner"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/webtest"
)

func TestLeaversAreToldOnceAWeek(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteOn(t, storetest.OpenPool(t))
	s.SignInAs(model.RoleOwner)
	s.SourceOf("corp", 9)
	box := newMailbox(t)
	s.Opts.MailTLS = box.tls
	mails := func(at time.Time) int {
		t.Helper()
		s.Now = at
		if err := s.Warnings.Warn(t.Context()); err != nil {
			t.Fatal(err)
		}
		return len(box.got())
	}
	form := box.form()
	s.Post(paths.WarningsMail, form).Want(t, http.StatusSeeOther)
	monday := time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)
	r := webtest.ReadingOf(9)
	r.People = r.People[1:]
	if _, err := s.Store.Pool().Exec(t.Context(), "update users set home_source = null where username = 'p0000'"); err != nil {
		t.Fatal(err)
	}
	was := s.Now
	weekly := func(on bool) {
		t.Helper()
		s.Now = was
		form.Del("leavers_weekly")
		if on {
			form.Set("leavers_weekly", "on")
		}
		s.Post(paths.WarningsMail, form).Want(t, http.StatusSeeOther)
	}
	weekly(true)
	if n := mails(monday); n != 0 {
		t.Fatalf("%d mails though nobody has left", n)
	}
	s.Directories.Have("corp", r)
	s.RunSource("corp", runner.Ask{Trigger: model.RunBySchedule})
	weekly(false)
	if n := mails(monday); n != 0 {
		t.Fatalf("%d mails though nobody wants them", n)
	}
	weekly(true)
	for _, step := range []struct {
		at   time.Time
		want int
	}{{monday, 1}, {monday.Add(time.Hour), 1}, {monday.AddDate(0, 0, 6), 1}, {monday.AddDate(0, 0, 7), 2}, {monday.AddDate(0, 0, 8), 2}} {
		if n := mails(step.at); n != step.want {
			t.Fatalf("at %s there are %d mails, want %d: %s", step.at, n, step.want, strings.Join(box.got(), "\n--\n"))
		}
	}
	for _, want := range []string{"Subject: 1 person has left and is still active here", paths.Leavers} {
		if !strings.Contains(box.got()[0], want) {
			t.Errorf("the mail lacks %q: %s", want, box.got()[0])
		}
	}
}
