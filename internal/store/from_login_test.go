package store_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// The button of a trace links the person whom the login verified, and what it did
// can be undone.
func TestLinkFromLogin(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.Open(t)
	aws := storetest.LiveConnection(t, st, "aws", nil)
	otto := signedIn(t, st, aws, called("otto", "A-1"))
	refused, _ := arrives(t, st, aws, called("otto", "A-2"))
	if _, err := st.LinkFromLogin(ctx, storetest.Actor, refused.ID, "otto", false); !errors.Is(err, store.ErrExists) {
		t.Errorf("beside the identity that is there: %v", err)
	}
	link, err := st.LinkFromLogin(ctx, storetest.Actor, refused.ID, "OTTO", true)
	if err != nil || len(link.Replaced) != 1 || link.Identity.ExternalID != "A-2" || link.User.SessionEpoch == otto.SessionEpoch {
		t.Fatalf("%+v, %v", link, err)
	}
	if e := lastAudit(t, st, "identity.link"); e.ID != link.AuditID || e.Object != "otto" || !strings.Contains(string(e.Before), "A-1") ||
		!strings.Contains(string(e.After), "A-2") || e.Note != "from login "+refused.ID {
		t.Errorf("audited as %+v", e)
	}
	if _, err := st.LinkFromLogin(ctx, storetest.Actor, refused.ID, "otto", true); !errors.Is(err, store.ErrExists) {
		t.Errorf("a second time: %v", err)
	}
	signedIn(t, st, aws, called("otto", "A-2"))
	if _, err := st.UndoLink(ctx, storetest.Actor, link.AuditID, time.Now()); err != nil {
		t.Fatal(err)
	}
	if links := linksOf(t, st, otto); !slices.Equal(links, []string{"aws A-1"}) {
		t.Errorf("after it was undone linked to %q", links)
	}
	if _, err := st.UndoLink(ctx, storetest.Actor, link.AuditID, time.Now()); !errors.Is(err, store.ErrConflict) {
		t.Errorf("undone twice: %v", err)
	}
	unsure := refused
	unsure.ID, unsure.Refusal = store.NewLoginID(), &model.Refusal{Code: model.CodeExpired}
	if _, err := st.SaveLogin(ctx, unsure); err != nil {
		t.Fatal(err)
	}
	worked, _ := arrives(t, st, aws, called("otto", "A-1"))
	for what, id := range map[string]string{"an answer that was not believed": unsure.ID, "a login that worked": worked.ID} {
		if _, err := st.LinkFromLogin(ctx, storetest.Actor, id, "otto", true); !errors.Is(err, store.ErrNotVerified) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Somebody unknown who was refused is added as the very person who came.
func TestAddFromLogin(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.Open(t)
	aws := storetest.LiveConnection(t, st, "aws", func(c *model.Config) { c.Provisioning = model.ProvisioningManual })
	refused, r := arrives(t, st, aws, called("dave", "D-1"))
	if r == nil || r.Code != model.CodeUserUnknown {
		t.Fatalf("%+v", r)
	}
	link, err := st.AddFromLogin(ctx, storetest.Actor, refused.ID, model.User{Username: "dave", Active: true}, nil)
	if err != nil || link.User.Username != "dave" {
		t.Fatalf("%+v, %v", link, err)
	}
	if _, r := arrives(t, st, aws, called("dave", "D-2")); causeOf(r) != model.CauseLinkedElsewhere {
		t.Errorf("another of the name: %+v", r)
	}
	signedIn(t, st, aws, called("dave", "D-1"))
}
