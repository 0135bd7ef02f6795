package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// A dry run of a draft whose process was killed while it read is not said to read until
// somebody asks for another one.
func TestAReadingThatWasLeftIsEnded(t *testing.T) {
	t.Parallel()
	ctx, address := t.Context(), storetest.Database(t)
	st := must(store.Open(ctx, address))
	defer st.Close()
	db := must(pgx.Connect(ctx, address))
	defer db.Close(context.WithoutCancel(ctx))
	src := model.NewSource(model.SourceLDAP)
	src.Slug, src.Name = "corp", "Corp"
	must(st.CreateSource(ctx, storetest.Actor, src))
	run := must(st.StartRun(ctx, "corp", store.RunStart{Trigger: model.RunByHand, Dry: true, Worker: "killed"}))
	ended := func() model.SourceRun {
		t.Helper()
		if err := st.EndInterruptedReadings(ctx); err != nil {
			t.Fatal(err)
		}
		return must(st.SourceRun(ctx, "corp", run.ID))
	}
	if r := ended(); r.Outcome != model.RunReading {
		t.Fatalf("the run of a worker that lives was ended: %+v", r)
	}
	must(db.Exec(ctx, "update sources set alive_at = now() - interval '31 seconds'"))
	if r := ended(); r.Outcome != model.RunFailed || r.Reason != store.RunInterrupted || r.EndedAt.IsZero() {
		t.Errorf("%+v", r)
	}
	if err := st.BeatRun(ctx, run, "killed", 1, 1); !errors.Is(err, store.ErrRunLost) {
		t.Errorf("a worker that comes back still has the source: %v", err)
	}
	if src := must(st.Source(ctx, "corp")); src.FailuresInRow != 0 {
		t.Errorf("it counts as a failure of the source: %+v", src)
	}
	must(st.StartRun(ctx, "corp", store.RunStart{Trigger: model.RunByHand, Dry: true, Worker: "next"}))
}

// Whatever road a source comes by, a role that it assumes has an external ID that was
// made here; the judge of its settings refuses one without.
func TestRow24ARoleAlwaysHasAnExternalID(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	ctx := t.Context()
	src := model.NewSource(model.SourceAWS)
	src.Slug, src.Name = "aws-people", "AWS"
	src.AWS = model.AWSSettings{Region: "eu-central-1", IdentityStoreID: "d-1234567890", RoleARN: "arn:aws:iam::123456789012:role/postern"}
	if problems := src.Problems(); len(problems) != 1 || problems[0].Field != "aws.role_arn" {
		t.Errorf("a role without an external ID: %+v", problems)
	}
	made := must(st.CreateSource(ctx, storetest.Actor, src))
	if !strings.HasPrefix(made.AWS.ExternalID, "postern-") || len(made.AWS.ExternalID) < 30 || len(made.Problems()) != 0 {
		t.Errorf("made with %+v: %+v", made.AWS, made.Problems())
	}
	after := must(st.UpdateSource(ctx, storetest.Actor, "aws-people", 0, func(s *model.Source) error {
		s.AWS.RoleARN, s.AWS.ExternalID = "arn:aws:iam::123456789012:role/other", ""
		return nil
	}))
	if after.AWS.ExternalID == "" {
		t.Errorf("changed to %+v", after.AWS)
	}
}
