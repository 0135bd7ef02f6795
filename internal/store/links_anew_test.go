package store_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// TestRow26LinkAnew: the old identity works until the new one has replaced it; there is an end, each
// is audited by name, and what is not used can be taken back.
func TestRow26LinkAnew(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.Open(t)
	aws := storetest.LiveConnection(t, st, "aws", nil)
	otto, ida := signedIn(t, st, aws, called("otto", "A-1")), signedIn(t, st, aws, called("ida", "I-1"))
	eve := storetest.User(t, st, "eve") // has no identity: there is nothing to replace
	given, err := st.AllowLinkAnew(ctx, storetest.Actor, "aws", []string{otto.ID, ida.ID, eve.ID}, time.Now().Add(model.LinkAnewFor))
	if err != nil || len(given) != 2 || given[0].Act != given[1].Act {
		t.Fatalf("%+v, %v", given, err)
	}
	entries, _, err := st.Audit(ctx, store.AuditQuery{Action: "identity.allow_link_anew"})
	if err != nil || len(entries) != 2 || entries[0].Object == entries[1].Object || !strings.Contains(string(entries[0].After), "until") {
		t.Errorf("audited as %+v, %v", entries, err)
	}
	signedIn(t, st, aws, called("otto", "A-1")) // as before
	again := signedIn(t, st, aws, called("otto", "A-2"))
	if links := linksOf(t, st, otto); again.ID != otto.ID || !slices.Equal(links, []string{"aws A-2"}) {
		t.Errorf("otto is %s, linked to %q", again.ID, links)
	}
	if again.SessionEpoch <= otto.SessionEpoch {
		t.Error("the sessions of the old identity go on")
	}
	if _, refusal := arrives(t, st, aws, called("otto", "A-1")); causeOf(refusal) != model.CauseLinkedElsewhere {
		t.Errorf("the old identity after it was replaced: %+v", refusal)
	}
	if _, refusal := arrives(t, st, aws, called("otto", "A-3")); causeOf(refusal) != model.CauseLinkedElsewhere {
		t.Errorf("a third one: %+v", refusal)
	}
	taken, err := st.TakeBackAct(ctx, storetest.Actor, given[0].Act)
	if err != nil || len(taken) != 1 || taken[0].UserID != ida.ID {
		t.Errorf("taken back: %+v, %v", taken, err)
	}
	if _, refusal := arrives(t, st, aws, called("ida", "I-2")); causeOf(refusal) != model.CauseLinkedElsewhere {
		t.Errorf("after it was taken back: %+v", refusal)
	}
	if _, err := st.AllowLinkAnew(ctx, storetest.Actor, "aws", []string{ida.ID}, time.Now().Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, refusal := arrives(t, st, aws, called("ida", "I-2")); causeOf(refusal) != model.CauseConsentEnded {
		t.Errorf("after the end: %+v", refusal)
	}
	signedIn(t, st, aws, called("ida", "I-1"))
}

// Whom it was allowed for makes room for the others, where not all are taken at once.
func TestLinkCandidatesComeInTurns(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.Open(t)
	for _, name := range []string{"ann", "bob", "cid"} {
		storetest.User(t, st, name)
	}
	aws := storetest.LiveConnection(t, st, "aws", nil)
	signedIn(t, st, aws, called("otto", "O-1"))
	signedIn(t, st, aws, called("pia", "P-1"))
	turn := func(anew bool, limit int) (names, ids []string) {
		t.Helper()
		users, err := st.LinkCandidates(ctx, "aws", anew, limit)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range users {
			names, ids = append(names, u.Username), append(ids, u.ID)
		}
		return names, ids
	}
	for _, want := range [][]string{{"ann", "bob"}, {"cid"}, nil} {
		names, ids := turn(false, 2)
		if !slices.Equal(names, want) {
			t.Errorf("to link: %q, want %q", names, want)
		}
		if _, err := st.AllowLink(ctx, storetest.Actor, "aws", ids); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range [][]string{{"otto"}, {"pia"}, nil} {
		names, ids := turn(true, 1)
		if !slices.Equal(names, want) {
			t.Errorf("to link anew: %q, want %q", names, want)
		}
		if _, err := st.AllowLinkAnew(ctx, storetest.Actor, "aws", ids, time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
}

// On a connection with users by hand only, a first match links as ever, and people
// made anew are linked anew.
func TestLinkAnewWithUsersByHand(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.Open(t)
	aws := storetest.LiveConnection(t, st, "aws", func(c *model.Config) { c.Provisioning = model.ProvisioningManual })
	u := storetest.User(t, st, "dave")
	if err := st.TakeBackLink(ctx, storetest.Actor, u.ID, "aws"); err != nil {
		t.Fatal(err)
	}
	signedIn(t, st, aws, called("dave", "D-1"))
	if _, refusal := arrives(t, st, aws, called("dave", "D-2")); causeOf(refusal) != model.CauseLinkedElsewhere {
		t.Errorf("%+v", refusal)
	}
	if _, err := st.AllowLinkAnew(ctx, storetest.Actor, "aws", []string{u.ID}, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	signedIn(t, st, aws, called("dave", "D-2"))
	if links := linksOf(t, st, u); !slices.Equal(links, []string{"aws D-2"}) {
		t.Errorf("linked to %q", links)
	}
}
