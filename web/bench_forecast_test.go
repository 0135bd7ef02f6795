package web_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/forecast"
	"github.com/postern-sso/postern/web/people"
	"github.com/postern-sso/postern/web/webtest"
)

// BenchmarkForecasts is how long it takes to say for 100,000 users who gets in
// with a draft, and what a rule would give and take.
func BenchmarkForecasts(b *testing.B) {
	ctx := context.Background()
	database := storetest.Database(b)
	fillCompany(b, database, companySize)
	st, err := store.Open(ctx, database)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(st.Close)
	c := storetest.LiveConnection(b, st, "aws", func(c *model.Config) {
		c.IdPMetadata = webtest.AwsMetadata()
		c.Attributes = model.AttributeMap{Username: model.AttributeSubject, Email: "email", ExternalID: "userId"}
	})
	idp, err := sso.ParseMetadata([]byte(webtest.AwsMetadata()), sso.MetadataOptions{})
	if err != nil {
		b.Fatal(err)
	}
	_, err = st.Pool().Exec(ctx, `insert into identities (user_id, connection_id, idp_entity_id, name_id, external_id, last_person)
		select id, $1, $2, username, id::text, jsonb_build_object('IdPEntityID', $2::text, 'NameID', username, 'ExternalID', id, 'Username', username,
			'Email', email, 'Attributes', jsonb_build_object('email', jsonb_build_array(email), 'userId', jsonb_build_array(id)))
		from users`, c.ID, idp.EntityID)
	if err != nil {
		b.Fatal(err)
	}
	s := webtest.NewSiteOn(b, st)
	b.Run("who gets in", func(b *testing.B) {
		for b.Loop() {
			flight, err := forecast.With(s.Kit).Preflight(ctx, c, c.Live)
			if err != nil || flight.People != 100_000 {
				b.Fatalf("%d people, %v", flight.People, err)
			}
		}
		reportHeap(b)
	})
	b.Run("a rule for everybody", func(b *testing.B) {
		rule := model.Rule{Name: "new", Connection: "aws", Kind: model.RuleEmailDomain, Value: "example.com", Groups: []string{"group00500"}}
		for b.Loop() {
			trial, err := s.People.TryRule(ctx, people.RuleChange{After: &rule}, "")
			if err != nil || trial.People != 100_000 || trial.Gain == 0 {
				b.Fatalf("%+v, %v", trial, err)
			}
		}
		reportHeap(b)
	})
}

func reportHeap(b *testing.B) {
	b.Helper()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.HeapSys)/(1<<20), "MiB-heap")
}
