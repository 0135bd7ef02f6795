package warnings_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/webtest"
)

// Backups that fail are told once, and again after one was made. A process that makes
// none keeps silent, also about what another has told.
func TestBackupsThatFailAreTold(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteOn(t, storetest.OpenPool(t))
	s.SignInAs(model.RoleOwner)
	box := newMailbox(t)
	s.Opts.MailTLS = box.tls
	s.Post(paths.WarningsMail, box.form()).Want(t, http.StatusSeeOther)
	warned := func(want int) {
		t.Helper()
		s.Now = s.Now.Add(time.Minute)
		if err := s.Warnings.Warn(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := len(box.got()); got != want {
			t.Errorf("%d mails came, want %d", got, want)
		}
	}
	b := new(kit.Backups)
	s.Opts.Backups = b
	warned(0)
	b.Failed(s.Now, time.Time{}, "the disk is full.")
	warned(1)
	warned(1)
	s.Opts.Backups = nil
	warned(1)
	s.Opts.Backups = b
	warned(1)
	b.Made(s.Now)
	warned(1)
	b.Failed(s.Now, time.Time{}, "the disk is full.")
	warned(2)
}
