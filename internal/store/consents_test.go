package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/provision"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// called is what AWS says about somebody: a username and a stable id.
func called(username, id string) model.Person {
	p := person(username)
	p.NameID, p.ExternalID = id+"@aws.example", id
	return p
}

// arrives is a login as provisioning decides it. It returns why it was refused;
// nothing when it was not.
func arrives(t testing.TB, st *store.Store, c model.Connection, p model.Person) (model.Login, *model.Refusal) {
	t.Helper()
	l, _, err := st.CompleteLogin(context.Background(), arrival(t, st, c, p))
	if err != nil {
		t.Fatal(err)
	}
	return l, l.Refusal
}

func arrival(t testing.TB, st *store.Store, c model.Connection, p model.Person) store.Completion {
	t.Helper()
	comp := started(t, st, c, p, "_"+store.NewLoginID())
	comp.Login.Username, comp.Login.Person, comp.Login.NameID = p.Username, &p, p.NameID
	comp.Decide = func(k model.Known) model.Decision {
		return provision.Decide(provision.Input{Connection: c.Slug, Config: c.Live.Config, Person: p, Known: k, Now: comp.Now})
	}
	return comp
}

func runSQL(t testing.TB, st *store.Store, sql string, args ...any) {
	t.Helper()
	if err := st.Exec(context.Background(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

func causeOf(r *model.Refusal) model.Cause {
	if r == nil {
		return ""
	}
	return r.Cause
}

func lastAudit(t testing.TB, st *store.Store, action string) model.AuditEntry {
	t.Helper()
	entries, _, err := st.Audit(context.Background(), store.AuditQuery{Action: action})
	if err != nil || len(entries) == 0 {
		t.Fatalf("no entry %s, %v", action, err)
	}
	return entries[0]
}

func linksOf(t testing.TB, st *store.Store, u model.User) []string {
	t.Helper()
	all, err := st.Identities(context.Background(), u.ID)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, i := range all {
		ids = append(ids, i.Connection+" "+i.ExternalID)
	}
	return ids
}

// TestRow26ConsentCountsOnce: consent counts once, for one username, on the connections that were live when
// it was given, until it is taken back or used; never for a user with an identity
// there, and never for somebody who administers the console.
func TestRow26ConsentCountsOnce(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	makesUser := func(t *testing.T, st *store.Store, name string) model.User {
		t.Helper()
		u, err := st.CreateUser(ctx, storetest.Actor, model.User{Username: name, Active: true}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	for name, c := range map[string]struct {
		prepare func(*testing.T, *store.Store, model.Connection)
		brings  model.Person
		want    model.Cause // empty: any
		code    model.Code  // empty: signed in
	}{
		"added by hand":     {func(t *testing.T, st *store.Store, _ model.Connection) { makesUser(t, st, "dave") }, called("dave", "D-1"), "", ""},
		"written otherwise": {func(t *testing.T, st *store.Store, _ model.Connection) { makesUser(t, st, "Dave") }, called("dAVE", "D-1"), "", ""},
		"the second person of the name": {func(t *testing.T, st *store.Store, aws model.Connection) {
			makesUser(t, st, "dave")
			_, _ = arrives(t, st, aws, called("dave", "D-1"))
		}, called("dave", "D-2"), model.CauseLinkedElsewhere, model.CodeUsernameTaken},
		"imported": {func(t *testing.T, st *store.Store, _ model.Connection) {
			if _, err := st.ImportUsers(ctx, storetest.Actor, []store.ImportRow{{User: model.User{Username: "dave", Active: true}}}); err != nil {
				t.Fatal(err)
			}
		}, called("dave", "D-1"), "", ""},
		"imported again, and made by a login before": {func(t *testing.T, st *store.Store, aws model.Connection) {
			other := storetest.LiveConnection(t, st, "other", nil)
			_, _ = arrives(t, st, other, called("dave", "D-1"))
			row := store.ImportRow{User: model.User{Username: "dave", Email: "new@example.com", Active: true}}
			if _, err := st.ImportUsers(ctx, storetest.Actor, []store.ImportRow{row}); err != nil {
				t.Fatal(err)
			}
		}, called("dave", "D-1"), model.CauseNotAllowed, model.CodeUsernameTaken},
		"unlinked, the same person": {func(t *testing.T, st *store.Store, aws model.Connection) {
			unlink(t, st, signedIn(t, st, aws, called("otto", "A-1")))
		}, called("otto", "A-1"), "", ""},
		"unlinked, another person": {func(t *testing.T, st *store.Store, aws model.Connection) {
			unlink(t, st, signedIn(t, st, aws, called("otto", "A-1")))
		}, called("otto", "A-2"), "", ""},
		"not unlinked, made anew": {func(t *testing.T, st *store.Store, aws model.Connection) {
			signedIn(t, st, aws, called("otto", "A-1"))
		}, called("otto", "A-2"), model.CauseLinkedElsewhere, model.CodeUsernameTaken},
		"unlinked while the connection is suspended": {func(t *testing.T, st *store.Store, aws model.Connection) {
			u := signedIn(t, st, aws, called("otto", "A-1"))
			setStatus(t, st, model.StatusSuspended)
			unlink(t, st, u)
			setStatus(t, st, model.StatusLive)
		}, called("otto", "A-1"), model.CauseNotAllowed, model.CodeUsernameTaken},
		"made by another connection": {func(t *testing.T, st *store.Store, aws model.Connection) {
			signedIn(t, st, storetest.LiveConnection(t, st, "other", nil), called("otto", "A-1"))
		}, called("otto", "A-1"), model.CauseNotAllowed, model.CodeUsernameTaken},
		"used on another connection": {func(t *testing.T, st *store.Store, aws model.Connection) {
			other := storetest.LiveConnection(t, st, "other", nil)
			makesUser(t, st, "dave")
			_, _ = arrives(t, st, other, called("dave", "D-1"))
		}, called("dave", "D-1"), model.CauseNotAllowed, model.CodeUsernameTaken},
		"taken back": {func(t *testing.T, st *store.Store, _ model.Connection) {
			if err := st.TakeBackLink(ctx, storetest.Actor, makesUser(t, st, "dave").ID, "aws"); err != nil {
				t.Fatal(err)
			}
		}, called("dave", "D-1"), model.CauseNotAllowed, model.CodeUsernameTaken},
		"taken back, and allowed": {func(t *testing.T, st *store.Store, _ model.Connection) {
			u := makesUser(t, st, "dave")
			if err := st.TakeBackLink(ctx, storetest.Actor, u.ID, "aws"); err != nil {
				t.Fatal(err)
			}
			if given, err := st.AllowLink(ctx, storetest.Actor, "aws", []string{u.ID}); err != nil || len(given) != 1 {
				t.Fatal(given, err)
			}
		}, called("dave", "D-1"), "", ""},
		"deactivated": {func(t *testing.T, st *store.Store, _ model.Connection) {
			makesUser(t, st, "dave")
			change(t, st, "dave", func(u *model.User) { u.Active = false })
		}, called("dave", "D-1"), "", model.CodeUserDeactivated},
		"renamed by an administrator": {func(t *testing.T, st *store.Store, _ model.Connection) {
			makesUser(t, st, "dvae")
			change(t, st, "dvae", func(u *model.User) { u.Username = "dave" })
		}, called("dave", "D-1"), "", ""},
		"renamed by a login elsewhere": {func(t *testing.T, st *store.Store, aws model.Connection) {
			other := storetest.LiveConnection(t, st, "other", nil)
			u := signedIn(t, st, other, called("dvae", "D-1"))
			if given, err := st.AllowLink(ctx, storetest.Actor, "aws", []string{u.ID}); err != nil || len(given) != 1 {
				t.Fatal(given, err)
			}
			signedIn(t, st, other, called("dave", "D-1"))
		}, called("dave", "D-1"), model.CauseNotAllowed, model.CodeUsernameTaken},
		"a stable id that is another user's": {func(t *testing.T, st *store.Store, aws model.Connection) {
			signedIn(t, st, storetest.LiveConnection(t, st, "other", nil), called("bob", "B-1"))
			makesUser(t, st, "dave")
		}, called("dave", "B-1"), model.CauseStableID, model.CodeUsernameTaken},
		"known by another stable id elsewhere": {func(t *testing.T, st *store.Store, aws model.Connection) {
			u := signedIn(t, st, storetest.LiveConnection(t, st, "other", nil), called("dave", "D-1"))
			if _, err := st.AllowLink(ctx, storetest.Actor, "aws", []string{u.ID}); err != nil {
				t.Fatal(err)
			}
		}, called("dave", "D-2"), model.CauseStableID, model.CodeUsernameTaken},
		"from before": {func(t *testing.T, st *store.Store, _ model.Connection) {
			makesUser(t, st, "dave")
			runSQL(t, st, "delete from link_consents")
		}, called("dave", "D-1"), model.CauseNotAllowed, model.CodeUsernameTaken},
		"an administrator of the console": {func(t *testing.T, st *store.Store, _ model.Connection) {
			u := makesUser(t, st, "dave")
			runSQL(t, st, "insert into administrators (email, email_key, password_hash, role, user_id) values ('dave', 'dave', '', 'viewer', $1)", u.ID)
		}, called("dave", "D-1"), model.CauseAdministers, model.CodeUsernameTaken},
		"a member of the group for the console": {func(t *testing.T, st *store.Store, _ model.Connection) {
			makesUser(t, st, "dave")
			g := storetest.Group(t, st, "console")
			err := st.SaveSettings(ctx, storetest.Actor, func(s *store.Settings) error {
				s.ConsoleGroupID, s.ConsoleRole = g.ID, model.RoleViewer
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := st.AddMember(ctx, storetest.Actor, "console", "dave"); err != nil {
				t.Fatal(err)
			}
		}, called("dave", "D-1"), model.CauseAdministers, model.CodeUsernameTaken},
		"the connection was made again": {func(t *testing.T, st *store.Store, _ model.Connection) {
			makesUser(t, st, "dave")
			if err := st.DeleteConnection(ctx, storetest.Actor, "aws"); err != nil {
				t.Fatal(err)
			}
			storetest.LiveConnection(t, st, "aws", nil)
		}, called("dave", "D-1"), model.CauseNotAllowed, model.CodeUsernameTaken},
		"before the connection was live": {func(t *testing.T, st *store.Store, _ model.Connection) {
			if err := st.DeleteConnection(ctx, storetest.Actor, "aws"); err != nil {
				t.Fatal(err)
			}
			makesUser(t, st, "dave")
			storetest.LiveConnection(t, st, "aws", nil)
		}, called("dave", "D-1"), model.CauseNotAllowed, model.CodeUsernameTaken},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := storetest.Open(t)
			c.prepare(t, st, storetest.LiveConnection(t, st, "aws", nil))
			aws, err := st.Connection(ctx, "aws")
			if err != nil {
				t.Fatal(err)
			}
			_, refusal := arrives(t, st, aws, c.brings)
			switch {
			case c.code == "" && refusal != nil:
				t.Errorf("refused: %+v", refusal)
			case c.code != "" && (refusal == nil || refusal.Code != c.code || c.want != "" && refusal.Cause != c.want):
				t.Errorf("ended with %+v, want %s, %s", refusal, c.code, c.want)
			}
			if c.code == "" {
				if e := lastAudit(t, st, "identity.link"); !strings.Contains(e.Note, "allowed by "+storetest.Actor.Name) {
					t.Errorf("the audit does not say who allowed it: %+v", e)
				}
			}
		})
	}
}

func signedIn(t testing.TB, st *store.Store, c model.Connection, p model.Person) model.User {
	t.Helper()
	l, refusal := arrives(t, st, c, p)
	if refusal != nil {
		t.Fatalf("%s is refused: %+v", p.Username, refusal)
	}
	u, err := st.UserByID(context.Background(), l.UserID)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func unlink(t testing.TB, st *store.Store, u model.User) {
	t.Helper()
	all, err := st.Identities(context.Background(), u.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range all {
		if err := st.UnlinkIdentity(context.Background(), storetest.Actor, i.ID); err != nil {
			t.Fatal(err)
		}
		if err := st.UnlinkIdentity(context.Background(), storetest.Actor, i.ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("unlinked twice: %v", err)
		}
	}
}

func setStatus(t testing.TB, st *store.Store, to model.Status) {
	t.Helper()
	if err := st.SetStatus(context.Background(), storetest.Actor, "aws", to); err != nil {
		t.Fatal(err)
	}
}

func change(t testing.TB, st *store.Store, username string, f func(*model.User)) {
	t.Helper()
	if _, err := st.UpdateUser(context.Background(), storetest.Actor, username, func(u *model.User) error { f(u); return nil }); err != nil {
		t.Fatal(err)
	}
}

// TestRow26TwoFirstLogins: of two first logins at once one links, and the other is refused.
func TestRow26TwoFirstLogins(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	aws := storetest.LiveConnection(t, st, "aws", nil)
	u := storetest.User(t, st, "dave")
	some := []store.Completion{arrival(t, st, aws, called("dave", "D-1")), arrival(t, st, aws, called("DAVE", "D-2"))}
	refusals := make([]*model.Refusal, len(some))
	together(len(some), func(i int) {
		l, _, err := st.CompleteLogin(context.Background(), some[i])
		if err != nil {
			t.Error(err)
		}
		refusals[i] = l.Refusal
	})
	if (refusals[0] == nil) == (refusals[1] == nil) {
		t.Errorf("the two ended with %+v and %+v", refusals[0], refusals[1])
	}
	if links := linksOf(t, st, u); len(links) != 1 {
		t.Errorf("linked to %q", links)
	}
}

// Of a login and an administrator who takes consent back at once, one wins.
func TestRow26TakenBackDuringALogin(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	aws := storetest.LiveConnection(t, st, "aws", nil)
	u := storetest.User(t, st, "dave")
	comp, done := arrival(t, st, aws, called("dave", "D-1")), make(chan struct{})
	decide := comp.Decide
	comp.Decide = func(k model.Known) model.Decision {
		go func() {
			defer close(done)
			if err := st.TakeBackLink(context.Background(), storetest.Actor, u.ID, "aws"); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("what was used up was taken back: %v", err)
			}
		}()
		if !waits(t, st, done) {
			t.Error("it was taken back while the login was decided")
		}
		return decide(k)
	}
	if l, _, err := st.CompleteLogin(context.Background(), comp); err != nil || l.Refusal != nil {
		t.Errorf("%+v, %v", l.Refusal, err)
	}
	<-done
}

// People who were made anew in AWS are one event, until they are linked anew.
func TestMadeAnew(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := storetest.Open(t)
	aws := storetest.LiveConnection(t, st, "aws", nil)
	names := []string{"ana", "bea", "cleo", "dora", "eli"}
	for _, name := range names {
		signedIn(t, st, aws, called(name, name+"-1"))
	}
	event := func() []store.MadeAnew {
		t.Helper()
		events, err := st.MadeAnew(ctx, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return events
	}
	for i, name := range names[:2] {
		_, _ = arrives(t, st, aws, called(name, name+"-2"))
		_, _ = arrives(t, st, aws, called(name, name+"-2")) // who tries twice is one
		if e := event(); len(e) != 0 {
			t.Errorf("%d of 5 are an event: %+v", i+1, e)
		}
	}
	_, _ = arrives(t, st, aws, called("cleo", "cleo-2"))
	e := event()
	if len(e) != 1 || e[0].Connection != "aws" || e[0].Refused != 3 || e[0].Known != 5 || e[0].Allowed != 0 || e[0].Since.IsZero() {
		t.Fatalf("%+v", e)
	}
	var ids []string
	for _, name := range names {
		u, err := st.User(ctx, name)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, u.ID)
	}
	if _, err := st.AllowLinkAnew(ctx, storetest.Actor, "aws", ids, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if e := event(); len(e) != 1 || e[0].Allowed != 3 {
		t.Errorf("after they may: %+v", e)
	}
	signedIn(t, st, aws, called("cleo", "cleo-2"))
	if e := event(); len(e) != 0 {
		t.Errorf("after one was linked anew: %+v", e)
	}
	setStatus(t, st, model.StatusSuspended)
	if e := event(); len(e) != 0 {
		t.Errorf("of a suspended connection: %+v", e)
	}
}
