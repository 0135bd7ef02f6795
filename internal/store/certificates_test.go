package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// signedWith keeps a login that AWS answered with a certificate.
func signedWith(t *testing.T, st *store.Store, print string, at time.Time, change func(*model.Login)) model.Login {
	t.Helper()
	l := model.Login{ID: store.NewLoginID(), Connection: "aws", StartedAt: at, FinishedAt: at, Outcome: model.OutcomeSignedIn, Username: "ana",
		Checks: []model.Check{{ID: model.CertificateCheck, State: model.CheckPassed, Received: print}}}
	if change != nil {
		change(&l)
	}
	saved, err := st.SaveLogin(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	return saved
}

// Only people who were let in show which certificate AWS signs with; an answer
// that was refused, an old one sent again for example, shows nothing.
func TestCertificateUseIsOfSignIns(t *testing.T) {
	t.Parallel()
	st := storetest.Open(t)
	ctx := t.Context()
	c := storetest.LiveConnection(t, st, "aws", nil)
	now := time.Now().Truncate(time.Second)
	first := now.Add(-40 * 24 * time.Hour)
	signedWith(t, st, "OLD", first, nil)
	signedWith(t, st, "OLD", now.Add(-time.Hour), nil)
	last := signedWith(t, st, "OLD", now.Add(-time.Minute), nil)
	signedWith(t, st, "OLD", now, func(l *model.Login) {
		l.Outcome, l.Refusal = model.OutcomeRefused, &model.Refusal{Code: model.CodeReplayed}
	})
	signedWith(t, st, "OLD", now, func(l *model.Login) { l.Test = true })
	for range 2 {
		signedWith(t, st, "", now.Add(-time.Minute), func(l *model.Login) {
			l.Outcome, l.Checks = model.OutcomeRefused, nil
			l.Refusal = &model.Refusal{Code: model.CodeCertificateUnknown, Received: "NEW"}
		})
	}
	uses, err := st.CertificateUses(ctx, now, c.ID)
	if err != nil || len(uses) != 2 {
		t.Fatalf("%+v, %v", uses, err)
	}
	for _, u := range uses {
		switch {
		case u.Fingerprint == "OLD" && u.SignIns == 2 && u.FirstAt.Equal(first) && u.LastAt.Equal(now.Add(-time.Minute)) &&
			u.LastLogin == last.ID && u.LastPerson == "ana" && u.Refused == 0:
		case u.Fingerprint == "NEW" && u.SignIns == 0 && u.LastAt.IsZero() && u.Refused == 2 && u.RefusedLastAt.Equal(now.Add(-time.Minute)):
		default:
			t.Errorf("%+v", u)
		}
	}
}

// A connection is live since it went live or was resumed; that a certificate was
// trusted does not change it.
func TestLiveSinceStaysWhenACertificateIsTrusted(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t) // each change at a time of its own
	ctx := t.Context()
	since := storetest.LiveConnection(t, st, "aws", func(c *model.Config) { c.IdPMetadata = "old" }).LiveSince
	if since.IsZero() {
		t.Fatal("it is live since nothing")
	}
	err := st.TrustCertificates(ctx, ana, "aws", "", nil, func(string) (string, error) { return "old and new", nil })
	if err != nil {
		t.Fatal(err)
	}
	c, err := st.Connection(ctx, "aws")
	if err != nil || c.Live.Config.IdPMetadata != "old and new" || !c.LiveSince.Equal(since) {
		t.Errorf("live since %s, was %s, %v", c.LiveSince, since, err)
	}
	for _, status := range []model.Status{model.StatusSuspended, model.StatusLive} {
		if err := st.SetStatus(ctx, ana, "aws", status); err != nil {
			t.Fatal(err)
		}
		if c, err = st.Connection(ctx, "aws"); err != nil || c.LiveSince.IsZero() == (status == model.StatusLive) {
			t.Errorf("%s: live since %s, %v", status, c.LiveSince, err)
		}
	}
	if !c.LiveSince.After(since) {
		t.Error("resumed, and live since before")
	}
}

// Since when AWS's metadata shows a certificate stays while it shows just that.
func TestMetadataCheckKnowsSinceWhen(t *testing.T) {
	t.Parallel()
	st := storetest.Open(t)
	ctx := t.Context()
	c := storetest.LiveConnection(t, st, "aws", nil)
	now := time.Now().Truncate(time.Second)
	if _, err := st.ClaimMetadataCheck(ctx, c.ID, now); err != nil {
		t.Fatal(err)
	}
	for i, step := range []struct {
		shown   []string
		problem string
		since   int
	}{{[]string{"A"}, "", 0}, {[]string{"A"}, "", 0}, {nil, "not to be had", 0}, {[]string{"B"}, "", 3}, {[]string{"A", "B"}, "", 4}} {
		at := now.Add(time.Duration(i) * time.Hour)
		if err := st.FinishMetadataCheck(ctx, c.ID, at, step.problem, step.shown, ""); err != nil {
			t.Fatal(err)
		}
		check, err := st.MetadataCheck(ctx, c.ID)
		if want := now.Add(time.Duration(step.since) * time.Hour); err != nil || !check.ShownSince.Equal(want) {
			t.Errorf("step %d: shows %v since %s, want %s, %v", i, check.Shown, check.ShownSince, want, err)
		}
	}
}

// certificateLink is a link for the certificate, opened.
func certificateLink(t *testing.T, st *store.Store, now time.Time) model.SetupLink {
	t.Helper()
	if _, err := st.CreateSetupLink(t.Context(), ana, "aws", model.TaskCertificate, "token", now, now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	l, err := st.OpenSetupLink(t.Context(), "token", "browser", "192.0.2.9", now)
	if err != nil || l.State(now) != model.SetupLinkOpen {
		t.Fatalf("%+v, %v", l, err)
	}
	return l
}

// What comes through the link waits; trusting or refusing it settles it once, and
// both are in the audit.
func TestProposedCertificatesWaitForAPerson(t *testing.T) {
	t.Parallel()
	st := storetest.Open(t)
	ctx := t.Context()
	storetest.LiveConnection(t, st, "aws", func(c *model.Config) { c.IdPMetadata = "old" })
	now := time.Now().Truncate(time.Second)
	l := certificateLink(t, st, now)
	propose := func(prints ...string) error {
		var all []model.CertificateProposal
		for _, p := range prints {
			all = append(all, model.CertificateProposal{Fingerprint: p, Certificate: []byte(p)})
		}
		return st.ProposeCertificates(ctx, l, "192.0.2.9", now, all)
	}
	for range 2 { // the second time changes nothing
		if err := propose("A", "B"); err != nil {
			t.Fatal(err)
		}
	}
	open, err := st.OpenProposals(ctx, "aws")
	if err != nil || len(open) != 2 || open[0].Fingerprint != "A" || open[0].SetupLinkID != l.ID || open[0].Proposer != l.Actor() {
		t.Fatalf("%+v, %v", open, err)
	}
	if err := st.RefuseProposal(ctx, ana, "other", open[0].ID, now); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("refused on another connection: %v", err)
	}
	if err := st.RefuseProposal(ctx, ana, "aws", open[0].ID, now); err != nil {
		t.Fatal(err)
	}
	if err := st.RefuseProposal(ctx, ana, "aws", open[0].ID, now); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("refused twice: %v", err)
	}
	err = st.TrustCertificates(ctx, ana, "aws", "", []string{"B"}, func(string) (string, error) { return "old and B", nil })
	if err != nil {
		t.Fatal(err)
	}
	if open, err = st.OpenProposals(ctx, "aws"); err != nil || len(open) != 0 {
		t.Errorf("still waiting: %+v, %v", open, err)
	}
	all, err := st.ProposalsOf(ctx, l.ID)
	if err != nil || len(all) != 2 || !all[0].Trusted || all[1].Trusted || all[1].DecidedBy != ana.Name {
		t.Errorf("%+v, %v", all, err)
	}
	for action, want := range map[string]int{"certificate.propose": 2, "certificate.refuse": 1, "connection.trust": 1} {
		entries, _, err := st.Audit(ctx, store.AuditQuery{Action: action})
		if err != nil || len(entries) != want {
			t.Errorf("%s: %d entries in the audit, want %d, %v", action, len(entries), want, err)
		}
	}
	if err := propose("1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"); !errors.Is(err, store.ErrLimit) {
		t.Errorf("eleven at once: %v", err)
	}
	if open, err = st.OpenProposals(ctx, "aws"); err != nil || len(open) != 0 {
		t.Errorf("of too many some are kept: %d, %v", len(open), err)
	}
	if _, err := st.Sweep(ctx, now.Add(100*24*time.Hour), store.Retention{XML: time.Hour}); err != nil {
		t.Fatal(err)
	}
	if all, err = st.ProposalsOf(ctx, l.ID); err != nil || len(all) != 0 {
		t.Errorf("a hundred days later: %+v, %v", all, err)
	}
}

// A link does its own task and no other, and none after its end.
func TestSetupLinkHasOneTask(t *testing.T) {
	t.Parallel()
	st := storetest.Open(t)
	ctx := t.Context()
	now := time.Now()
	c := newDraft(t, st)
	if _, err := st.CreateSetupLink(ctx, ana, "aws", model.TaskCertificate, "early", now, now.Add(time.Hour)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a certificate for what is not live: %v", err)
	}
	if err := st.GoLive(ctx, ana, "aws", c.Draft.Version, true); err != nil {
		t.Fatal(err)
	}
	if _, err := st.CreateSetupLink(ctx, ana, "aws", model.TaskSetup, "late", now, now.Add(time.Hour)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the setup of what has no draft: %v", err)
	}
	l := certificateLink(t, st, now)
	draft, err := st.StartDraft(ctx, ana, "aws")
	if err != nil {
		t.Fatal(err)
	}
	l.RevisionID = draft.ID
	_, err = st.SaveThroughSetupLink(ctx, l, "192.0.2.9", now, draft.Version, func(r *model.Revision) error { r.Config.Name = "taken"; return nil })
	if !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a draft was changed through a link for the certificate: %v", err)
	}
	one := []model.CertificateProposal{{Fingerprint: "A", Certificate: []byte("A")}}
	if err := st.ProposeCertificates(context.Background(), l, "", l.ExpiresAt, one); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("after its end: %v", err)
	}
	if err := st.RevokeSetupLink(ctx, ana, "aws", l.ID, now); err != nil {
		t.Fatal(err)
	}
	if err := st.ProposeCertificates(ctx, l, "", now, one); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("after it was revoked: %v", err)
	}
}
