package logins_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/postern-sso/postern/internal/awssim"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/webtest"
)

// answers is a login of a person of the simulated AWS, from its beginning.
func answers(t *testing.T, s *webtest.SamlSite, username string) model.Login {
	t.Helper()
	return s.Trace(s.Send(s.AnswerFromAWS(t, s.Sim, s.App, username)))
}

func signedIn(t *testing.T, l model.Login) {
	t.Helper()
	if l.Outcome != model.OutcomeSignedIn {
		t.Fatalf("refused: %+v", l.Refusal)
	}
}

// Somebody who was made anew in AWS is refused, and let in by the button of the
// trace: it says first what it does, and it wants a step-up.
func TestRefusedPersonIsLetInByTheTracesButton(t *testing.T) {
	t.Parallel()
	s := webtest.NewSAMLSite(t, storetest.Open(t), nil)
	signedIn(t, answers(t, s, "user0"))
	err := s.Sim.UpdateSettings(func(set *awssim.Settings) {
		for i, p := range set.People {
			if p.Username == "user0" {
				set.People[i].ID = "74d84438-b0c1-708c-f431-000000000099"
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	l := answers(t, s, "user0")
	if l.Refusal == nil || l.Refusal.Cause != model.CauseLinkedElsewhere {
		t.Fatalf("%+v", l.Refusal)
	}
	s.SignInAs(model.RoleAdmin)
	page := s.Get(paths.Login(l.ID)).Want(t, http.StatusOK)
	page.Has(t, "h1", "could not sign in")
	page.Has(t, "#reason", "linked to another person in AWS")
	link := paths.LoginAction(l.ID, "link")
	if page.Doc.Find(`a[href="`+link+`"]`).Length() != 1 {
		t.Error("the trace offers no link to the user")
	}
	preview := s.Get(link).Want(t, http.StatusOK)
	preview.Has(t, "main", "000000000099")
	preview.Has(t, "main", "that person in AWS does not get in any more")
	s.Post(link, nil).Want(t, http.StatusUnprocessableEntity).Has(t, "[role=alert]", "changed meanwhile") // without the tick of the page
	s.Post(link, url.Values{"replace": {"yes"}}).Want(t, http.StatusSeeOther)
	if undo := s.Get(paths.User("user0")).Doc.Find(`form[action="` + paths.LoginAction(l.ID, "unlink") + `"]`); undo.Length() != 1 {
		t.Error("where one lands after linking, nothing undoes it")
	}
	signedIn(t, answers(t, s, "user0"))
	s.Get(link).Want(t, http.StatusOK) // the trace stays as it was
	trace := s.Get(paths.Login(l.ID)).Want(t, http.StatusOK)
	trace.Has(t, "section[aria-labelledby=reason] .note", "is linked to user0 now")
	trace.Has(t, "section[aria-labelledby=reason] .note", "Linked by admin@example.com")
	if text := trace.Find("section[aria-labelledby=reason]"); strings.Contains(text, "link the new one") {
		t.Errorf("what is done is advised again: %s", text)
	}
	s.Post(link, url.Values{"replace": {"yes"}}).Want(t, http.StatusSeeOther)
	s.Get(paths.Login(l.ID)).Has(t, ".alert", "was already linked to user0 by admin@example.com")
	undoneByTheTrace(t, s, l)
}

// undoneByTheTrace: what the button of a trace linked is undone there, once, and
// only by what is there still.
func undoneByTheTrace(t *testing.T, s *webtest.SamlSite, l model.Login) {
	t.Helper()
	unlink, offers := paths.LoginAction(l.ID, "unlink"), func() int {
		return s.Get(paths.Login(l.ID)).Doc.Find(`a[href$="/unlink"]`).Length()
	}
	if offers() != 1 {
		t.Error("the trace offers no way back")
	}
	s.Get(unlink).Want(t, http.StatusOK).Has(t, "main", "000000000099")
	s.Post(unlink, nil).Want(t, http.StatusSeeOther)
	s.Get(paths.Login(l.ID)).Has(t, ".alert-success", "not linked to user0 any more")
	if again := answers(t, s, "user0"); again.Refusal == nil || again.Refusal.Cause != model.CauseLinkedElsewhere {
		t.Errorf("after it was undone: %+v", again.Refusal)
	}
	s.Post(unlink, nil).Want(t, http.StatusSeeOther)
	s.Get(paths.Login(l.ID)).Has(t, ".alert", "was already undone by admin@example.com")
	if offers() != 0 {
		t.Error("it is offered to undo what is undone")
	}
	s.Get(paths.Audit).Has(t, "tbody", "user0")

	s.Post(paths.LoginAction(l.ID, "link"), url.Values{"replace": {"yes"}}).Want(t, http.StatusSeeOther)
	s.Now = s.Now.Add(model.UndoFor)
	if offers() != 0 {
		t.Error("it is offered after its time")
	}
}

// Somebody who was deactivated is activated by the button, and only they.
func TestDeactivatedUserIsActivatedByTheTracesButton(t *testing.T) {
	t.Parallel()
	s := webtest.NewSAMLSite(t, storetest.Open(t), nil)
	signedIn(t, answers(t, s, "user0"))
	_, err := s.Store.UpdateUser(context.Background(), storetest.Actor, "user0", func(u *model.User) error { u.Active = false; return nil })
	if err != nil {
		t.Fatal(err)
	}
	l := answers(t, s, "user0")
	s.SignInAs(model.RoleAdmin)
	activate := paths.LoginAction(l.ID, "activate")
	if s.Get(paths.Login(l.ID)).Doc.Find(`a[href="`+activate+`"]`).Length() != 1 {
		t.Error("the trace offers no activation")
	}
	preview := s.Get(activate).Want(t, http.StatusOK)
	preview.Has(t, "main", "user0 may sign in again")
	preview.Has(t, "main", "At the next sign-in: signs in with ")
	s.Post(activate, nil).Want(t, http.StatusSeeOther)
	signedIn(t, answers(t, s, "user0"))
	s.Get(activate).Has(t, "main", "is active already")
	trace := s.Get(paths.Login(l.ID))
	trace.Has(t, "section[aria-labelledby=reason] .note", "user0 is active now. Activated by admin@example.com")
	if trace.Doc.Find(`a[href="`+activate+`"]`).Length() != 0 {
		t.Error("the activation is offered again")
	}
	s.Post(activate, nil).Want(t, http.StatusSeeOther)
	s.Get(paths.Login(l.ID)).Has(t, ".alert", "user0 was already activated by admin@example.com")
	other := s.AddLogin(webtest.RefusedAs(model.CodeUserUnknown))
	s.Post(paths.LoginAction(other.ID, "activate"), nil).Want(t, http.StatusNotFound)
	s.Post(paths.LoginAction(other.ID, "link"), nil).Want(t, http.StatusNotFound)
}

// A certificate that an answer names is trusted by a button only where AWS itself
// publishes it; and a viewer has no buttons.
func TestCertificateOfAnAnswerIsNotTrustedByItsWord(t *testing.T) {
	t.Parallel()
	for address, words := range map[string]string{
		"https://aws.example/metadata": "Trust this certificate…", "http://localhost:1/metadata": "Bring AWS's certificate…", "": "Bring AWS's certificate…",
	} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			shownByMetadata(t, address, words)
		})
	}
}

// shownByMetadata: what the trace offers before and after the metadata of an
// address shows the certificate.
func shownByMetadata(t *testing.T, address, words string) {
	t.Helper()
	st := storetest.Open(t)
	s := webtest.NewSAMLSite(t, st, func(c *model.Config) { c.IdPMetadataURL = address })
	if err := s.Sim.SetFault(s.App, awssim.FaultCertificateUnknown, awssim.Once); err != nil {
		t.Fatal(err)
	}
	l := answers(t, s, "user0")
	if l.Refusal == nil || l.Refusal.Cause != model.CauseCertificateReplaced {
		t.Fatalf("%+v", l.Refusal)
	}
	s.SignInAs(model.RoleAdmin)
	s.Get(paths.Login(l.ID)).Has(t, "main", "Bring AWS's certificate…")
	if text := s.Get(paths.Login(l.ID)).Find("main"); strings.Contains(text, "Trust this certificate") {
		t.Error("the certificate of an answer is offered for trust")
	}
	c := s.Connection("aws")
	if _, err := st.ClaimMetadataCheck(context.Background(), c.ID, s.Now); err != nil {
		t.Fatal(err)
	}
	if err := st.FinishMetadataCheck(context.Background(), c.ID, s.Now, "", []string{l.Refusal.Received}, ""); err != nil {
		t.Fatal(err)
	}
	s.Get(paths.Login(l.ID)).Has(t, "main", words)
}

// The trace of somebody who was erased says so, and nothing that it cannot know.
func TestTraceOfAnErasedPerson(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	l := s.AddLogin(func(l *model.Login) { l.Username = "" })
	page := s.Get(paths.Login(l.ID)).Want(t, http.StatusOK)
	page.Has(t, "h1", "somebody who was erased")
	if text := page.Find("main"); strings.Contains(text, "as they should be") {
		t.Errorf("it is said what was: %s", text)
	}
}

// What the person saw stands on the trace, word for word.
func TestTraceShowsWhatThePersonSaw(t *testing.T) {
	t.Parallel()
	s := webtest.NewSAMLSite(t, storetest.Open(t), nil)
	w := s.Send(webtest.Post("/saml/aws/acs", webtest.FormType, "SAMLResponse=%25"))
	l := s.Trace(w)
	s.SignInAs(model.RoleViewer)
	s.Get(paths.Login(l.ID)).Doc.Find("section[aria-labelledby=seen] p").Each(func(_ int, p *goquery.Selection) {
		if !strings.Contains(w.Body.String(), strings.ReplaceAll(strings.TrimSpace(p.Text()), "'", "&#39;")) {
			t.Errorf("the person did not see %q:\n%s", p.Text(), w.Body)
		}
	})
}

// Somebody at a domain that is not allowed gets in by the trace's button, which
// changes that alone, as a revision that can be taken back.
func TestDomainIsAllowedByTheTracesButton(t *testing.T) {
	t.Parallel()
	s := webtest.NewSAMLSite(t, storetest.Open(t), func(c *model.Config) { c.JIT.AllowedEmailDomains = []string{"example.net"} })
	l := answers(t, s, "user0")
	if l.Refusal == nil || l.Refusal.Cause != model.CauseDomain {
		t.Fatalf("%+v", l.Refusal)
	}
	s.SignInAs(model.RoleAdmin)
	before := s.Connection("aws").Live
	domain := paths.LoginAction(l.ID, "domain")
	if s.Get(paths.Login(l.ID)).Doc.Find(`a[href="`+domain+`"]`).Length() != 1 {
		t.Error("the trace does not offer to allow the domain")
	}
	preview := s.Get(domain).Want(t, http.StatusOK)
	preview.Has(t, "main", "example.net, "+l.Refusal.Received)
	s.Post(domain, nil).Want(t, http.StatusSeeOther)
	signedIn(t, answers(t, s, "user0"))
	live := s.Connection("aws").Live
	if got := strings.Join(live.Config.JIT.AllowedEmailDomains, " "); got != "example.net "+l.Refusal.Received || live.Number == before.Number {
		t.Errorf("revision %d after %d allows %q", live.Number, before.Number, got)
	}
	s.Get(domain).Has(t, "main", "is allowed already")
	trace := s.Get(paths.Login(l.ID))
	trace.Has(t, "section[aria-labelledby=reason] .note", "are not refused for their domain any more. Allowed by admin@example.com")
	if trace.Doc.Find(`a[href="`+domain+`"]`).Length() != 0 {
		t.Error("the domain is offered again")
	}
	s.Post(domain, nil).Want(t, http.StatusSeeOther)
	s.Get(paths.Login(l.ID)).Has(t, ".alert", "was already allowed by admin@example.com")
	s.Get(paths.Audit).Has(t, "tbody", "from login "+l.ID)
	if err := s.Store.Restore(context.Background(), storetest.Actor, "aws", before.Number); err != nil {
		t.Errorf("the revision before cannot be brought back: %v", err)
	}
	if s.Get(paths.Login(l.ID)).Doc.Find(`a[href="`+domain+`"]`).Length() != 1 {
		t.Error("what was taken back is not offered again")
	}
	other := s.AddLogin(webtest.RefusedAs(model.CodeUserUnknown))
	s.Post(paths.LoginAction(other.ID, "domain"), nil).Want(t, http.StatusNotFound)
}
