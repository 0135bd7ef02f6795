package webtest

import (
	"net/http"
	"net/url"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/seal"
	"github.com/postern-sso/postern/templates/paths"
)

// FurnishMore fills a furnished site with what only some forms are about: an
// earlier revision, people whom a trace can let in, passkeys, secrets, warnings.
func (s *Site) FurnishMore() {
	s.T.Helper()
	ctx := s.T.Context()
	s.GoLiveWith("aws", func(c *model.Config) {
		c.Provisioning, c.IdPMetadataURL, c.JIT.AllowedEmailDomains = model.ProvisioningJIT, "https://portal.sso.us-east-1.amazonaws.com/saml/metadata/abc",
			[]string{"example.com"}
	})
	s.OpenConnection("second") // without a draft
	s.OpenConnection("third")
	if err := s.Store.SetStatus(ctx, Tester, "third", model.StatusSuspended); err != nil {
		s.T.Fatal(err)
	}
	s.AddUser("ivy", "leaving")
	s.AddUser("old")
	if err := s.Store.TakeBackLink(ctx, Tester, s.AddUser("una").ID, "aws"); err != nil {
		s.T.Fatal(err)
	}
	if _, err := s.Store.UpdateUser(ctx, Tester, "old", func(u *model.User) error { u.Active = false; return nil }); err != nil {
		s.T.Fatal(err)
	}
	for _, refused := range []struct {
		name    string
		refusal model.Refusal
	}{
		{"ivy", model.Refusal{Code: model.CodeUsernameTaken, Cause: model.CauseLinkedElsewhere, Received: "ivy"}},
		{"una", model.Refusal{Code: model.CodeUsernameTaken, Cause: model.CauseLinkedElsewhere, Received: "una"}},
		{"old", model.Refusal{Code: model.CodeUserDeactivated, Received: "old"}},
		{"eve", model.Refusal{Code: model.CodeEmailDomainRefused, Cause: model.CauseDomain, Received: "other.example.com"}},
	} {
		l := s.AddLogin(func(l *model.Login) {
			l.Outcome, l.Username, l.Refusal = model.OutcomeRefused, refused.name, &refused.refusal
			l.Person = &model.Person{IdPEntityID: "idp", NameID: refused.name, ExternalID: "new-" + refused.name, Username: refused.name}
		})
		if refused.name == "ivy" {
			s.Post(paths.LoginAction(l.ID, "link"), url.Values{"replace": {"yes"}}).Want(s.T, http.StatusSeeOther)
		}
	}
	other, err := s.Store.CreateAdministrator(ctx, Tester, model.Administrator{Email: "second@example.com", PasswordHash: TestHash, Role: model.RoleAdmin})
	if err != nil {
		s.T.Fatal(err)
	}
	s.GivePasskey(other)
	secret := seal.NewSecret()
	if err := s.Store.SetServicePassword(ctx, Tester, "ben", secret.Hash, secret.Hint); err != nil {
		s.T.Fatal(err)
	}
	for path, form := range map[string]url.Values{
		"/settings/warnings/mail": {"smtp_host": {"mail.example.com"}, "smtp_port": {"587"}, "smtp_tls": {"starttls"}, "mail_from": {"postern@example.com"},
			"mail_to": {"ops@example.com"}},
		"/settings/warnings/webhook":         {"webhook_url": {"https://hooks.example.com/x"}},
		"/connections/aws/certificates/link": {"days": {"7"}},
		"/link/confirm":                      {"connection": {"aws"}, "people": {"old"}},
		"/connections/aws/edit":              {},
	} {
		if res := s.Post(path, form); res.Status != http.StatusOK && res.Status != http.StatusSeeOther {
			s.T.Logf("furnishing: %s answered %d: %s", path, res.Status, res.Text())
		}
	}
	s.EditDraft(func(r *model.Revision) {
		r.Config.Provisioning = model.ProvisioningManual
		for _, step := range s.Setup.Flow.Steps() {
			r.Ticks[string(step.ID)] = true
		}
	})
}
