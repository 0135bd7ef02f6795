package forecast_test

import (
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/forecast"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/provision"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

const idp = "https://idp.example"

func over(st *store.Store) forecast.Forecasts {
	return forecast.Forecasts{Store: st, Now: time.Now,
		Provider: func(*model.Revision) (*sso.IdentityProvider, error) { return &sso.IdentityProvider{EntityID: idp}, nil }}
}

// comes is a real login of somebody, as provision decides it.
func comes(t *testing.T, st *store.Store, c model.Connection, username, id string) *model.Refusal {
	t.Helper()
	p := model.Person{IdPEntityID: idp, NameID: username, ExternalID: id, Username: username, Email: username + "@example.com",
		Attributes: map[string][]string{"email": {username + "@example.com"}, "userId": {id}}}
	l, _, err := st.CompleteLogin(t.Context(), store.Completion{
		Login:        model.Login{ID: store.NewLoginID(), Connection: c.Slug, StartedAt: time.Now(), Person: &p, Username: username},
		ConnectionID: c.ID, AssertionID: "_" + store.NewLoginID(), AssertionExpires: time.Now().Add(time.Hour), Person: p, Now: time.Now(),
		Decide: func(k model.Known) model.Decision {
			return provision.Decide(provision.Input{Connection: c.Slug, Config: c.Live.Config, Person: p, Known: k, Now: time.Now()})
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return l.Refusal
}

// What is said about a user's next sign-in is what then happens.
func TestNextIsWhatHappens(t *testing.T) {
	t.Parallel()
	takenBack := func(t *testing.T, st *store.Store, u model.User, slug string) {
		t.Helper()
		if err := st.TakeBackLink(t.Context(), storetest.Actor, u.ID, slug); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		config  func(*model.Config)
		prepare func(*testing.T, *store.Store, model.Connection) model.User
		id      string // that AWS then brings
		links   bool
	}{
		"added": {nil, func(t *testing.T, st *store.Store, _ model.Connection) model.User {
			return storetest.User(t, st, "dave")
		}, "D-1", true},
		"taken back": {nil, func(t *testing.T, st *store.Store, _ model.Connection) model.User {
			u := storetest.User(t, st, "dave")
			takenBack(t, st, u, "aws")
			return u
		}, "D-1", false},
		"taken back, users that exist are linked": {func(c *model.Config) { c.JIT.ExistingUsername = model.ExistingLink },
			func(t *testing.T, st *store.Store, _ model.Connection) model.User {
				u := storetest.User(t, st, "dave")
				takenBack(t, st, u, "aws")
				return u
			}, "D-1", true},
		"taken back, users by hand": {func(c *model.Config) { c.Provisioning = model.ProvisioningManual },
			func(t *testing.T, st *store.Store, _ model.Connection) model.User {
				u := storetest.User(t, st, "dave")
				takenBack(t, st, u, "aws")
				return u
			}, "D-1", true},
		"another domain": {func(c *model.Config) { c.JIT.AllowedEmailDomains = []string{"example.net"} },
			func(t *testing.T, st *store.Store, _ model.Connection) model.User {
				return storetest.User(t, st, "dave")
			}, "D-1", false},
		"signed in": {nil, func(t *testing.T, st *store.Store, aws model.Connection) model.User {
			_ = comes(t, st, aws, "dave", "D-1")
			u, err := st.User(t.Context(), "dave")
			if err != nil {
				t.Fatal(err)
			}
			return u
		}, "D-1", false},
		"deactivated": {nil, func(t *testing.T, st *store.Store, _ model.Connection) model.User {
			storetest.User(t, st, "dave")
			u, err := st.UpdateUser(t.Context(), storetest.Actor, "dave", func(u *model.User) error { u.Active = false; return nil })
			if err != nil {
				t.Fatal(err)
			}
			return u
		}, "D-1", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := storetest.Open(t)
			storetest.Connection(t, st, "draft", nil) // nothing is said about it
			aws := storetest.LiveConnection(t, st, "aws", func(cfg *model.Config) {
				cfg.Attributes = model.AttributeMap{Username: model.AttributeSubject, Email: "email", ExternalID: "userId"}
				if c.config != nil {
					c.config(cfg)
				}
			})
			u := c.prepare(t, st, aws)
			other := storetest.User(t, st, "other")
			next, err := over(st).Next(t.Context(), u, other)
			if err != nil || len(next[u.ID]) != 1 || len(next[other.ID]) != 1 {
				t.Fatalf("%+v, %v", next, err)
			}
			said, refusal := next[u.ID][0], comes(t, st, aws, "dave", c.id)
			if said.Connection != "aws" || (said.Kind == forecast.OutlookRefused) != (refusal != nil) {
				t.Fatalf("said %+v, happened %+v", said, refusal)
			}
			if refusal != nil && (said.Code != refusal.Code || said.Cause != refusal.Cause) {
				t.Errorf("said %s, %s; happened %+v", said.Code, said.Cause, refusal)
			}
			if links := said.Links && refusal == nil; links != c.links {
				t.Errorf("linked: %v", links)
			}
		})
	}
}

// Before a user is made, it is said what that would do.
func TestIfMade(t *testing.T) {
	t.Parallel()
	st := storetest.Open(t)
	storetest.LiveConnection(t, st, "aws", nil)
	storetest.LiveConnection(t, st, "domain", func(c *model.Config) { c.JIT.AllowedEmailDomains = []string{"example.net"} })
	next, err := over(st).IfMade(t.Context(), model.ConsentMade, model.User{Username: "dave", Email: "dave@example.com", Active: true})
	if err != nil || len(next) != 1 {
		t.Fatalf("%+v, %v", next, err)
	}
	if next := next[0]; len(next) != 2 || next[0].Kind != forecast.OutlookAssumed || !next[0].Links || next[1].Code != model.CodeEmailDomainRefused {
		t.Errorf("%+v, %v", next, err)
	}
}

// Whom AWS's directory knows as a source is linked by the stable id that both have,
// where AWS's answers bring one, and that is said before.
func TestNextGoesByTheStableIDOfASource(t *testing.T) {
	t.Parallel()
	for name, mapped := range map[string]string{"the stable id is mapped": "userId", "it is not": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st, tx := storetest.OpenTx(t)
			aws := storetest.LiveConnection(t, st, "aws", func(cfg *model.Config) {
				cfg.Attributes = model.AttributeMap{Username: model.AttributeSubject, Email: "email", ExternalID: mapped}
			})
			u := storetest.User(t, st, "dave")
			if err := st.TakeBackLink(t.Context(), storetest.Actor, u.ID, "aws"); err != nil {
				t.Fatal(err)
			}
			src := model.NewSource(model.SourceAWS)
			src.Slug, src.Name, src.Connection, src.AWS.Region = "people", "People", "aws", "eu-central-1"
			if _, err := st.CreateSource(t.Context(), storetest.Actor, src); err != nil {
				t.Fatal(err)
			}
			if _, err := tx.Exec(t.Context(), `insert into source_users
				(source_id, stable_id, username, username_key, digest, says, enabled, first_run, changed_run, user_id)
				select id, 'D-1', 'dave', 'dave', '', 0, true, 1, 1, $1 from sources`, u.ID); err != nil {
				t.Fatal(err)
			}
			next, err := over(st).Next(t.Context(), u)
			if err != nil || len(next[u.ID]) != 1 {
				t.Fatalf("%+v, %v", next, err)
			}
			id := ""
			if mapped != "" {
				id = "D-1"
			}
			said, refusal := next[u.ID][0], comes(t, st, aws, "dave", id)
			if (said.Kind == forecast.OutlookRefused) != (refusal != nil) || said.Links != (mapped != "") {
				t.Errorf("said %+v, happened %+v", said, refusal)
			}
		})
	}
}

// A login finds anybody by the stable id that AWS brings, not only who has the username:
// and so does what is said before, whoever asks.
func TestForecastsFindAnybodyByTheStableID(t *testing.T) {
	t.Parallel()
	st, tx := storetest.OpenTx(t)
	aws := storetest.LiveConnection(t, st, "aws", func(cfg *model.Config) {
		cfg.Attributes = model.AttributeMap{Username: model.AttributeSubject, Email: "email", ExternalID: "userId"}
		cfg.JIT.ExistingUsername = model.ExistingLink
	})
	if refusal := comes(t, st, aws, "dave", "D-1"); refusal != nil {
		t.Fatal(refusal)
	}
	dave, err := st.User(t.Context(), "dave")
	if err != nil {
		t.Fatal(err)
	}
	storetest.User(t, st, "zoe")
	if _, err := st.UpdateUser(t.Context(), storetest.Actor, "zoe", func(u *model.User) error { u.Active = false; return nil }); err != nil {
		t.Fatal(err)
	}
	src := model.NewSource(model.SourceAWS)
	src.Slug, src.Name, src.Connection, src.AWS.Region = "people", "People", "aws", "eu-central-1"
	if _, err := st.CreateSource(t.Context(), storetest.Actor, src); err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{ // AWS was set up anew, and its directory has two ids of zoe
		"update identities set idp_entity_id = 'https://before.example'",
		`insert into source_users (source_id, stable_id, username, username_key, digest, says, enabled, first_run, changed_run, user_id)
			select s.id, n.id, 'zoe', 'zoe', '', 0, true, 1, 1, u.id from sources s, users u, unnest(array['D-0', 'D-1']) n (id) where u.username = 'zoe'`,
	} {
		if _, err := tx.Exec(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	lf := over(st)
	next, err := lf.Next(t.Context(), dave)
	if err != nil || len(next[dave.ID]) != 1 {
		t.Fatalf("%+v, %v", next, err)
	}
	said := []forecast.Outlook{next[dave.ID][0].Outlook}
	err = lf.Each(t.Context(), aws, aws.Live, func(f forecast.Forecast) error {
		if f.User.ID == dave.ID {
			said = append(said, f.Then)
		}
		return nil
	})
	if err != nil || len(said) != 2 {
		t.Fatalf("%+v, %v", said, err)
	}
	refusal := comes(t, st, aws, "dave", "D-1")
	if refusal == nil {
		t.Fatal("dave came in although the id is that of zoe, who is deactivated")
	}
	for _, o := range said {
		if o.Kind != forecast.OutlookRefused || o.Code != refusal.Code || o.Cause != refusal.Cause {
			t.Errorf("said %+v, happened %+v", o, refusal)
		}
	}
}
