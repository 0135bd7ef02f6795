package store_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// fill gives every field of a struct a value of its own, those of structs inside
// it too.
func fill(v reflect.Value, n *int) {
	*n++
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Date(2026, 11, 3, 9, 0, *n, 0, time.UTC)))
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8:
		v.SetBytes([]byte{byte(*n), 1})
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), n)
	case v.Kind() == reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, n)
		fill(value, n)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case v.Kind() == reflect.String:
		v.SetString(fmt.Sprint("text", *n))
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	case v.CanInt():
		v.SetInt(int64(*n))
	default:
		panic(v.Type().String() + ": fill does not know it")
	}
}

// filled is a T of which no field is empty but those that set empties.
func filled[T any](set func(*T)) T {
	var t T
	n := 0
	fill(reflect.ValueOf(&t).Elem(), &n)
	set(&t)
	return t
}

// sameFields fails for each field that did not come back as it was saved.
func sameFields[T any](t *testing.T, saved, got T) {
	t.Helper()
	a, b := reflect.ValueOf(saved), reflect.ValueOf(got)
	for i := range a.NumField() {
		x, y := a.Field(i).Interface(), b.Field(i).Interface()
		if at, ok := x.(time.Time); ok && at.Equal(y.(time.Time)) {
			continue
		}
		if !reflect.DeepEqual(x, y) {
			t.Errorf("%T.%s was saved as %+v and came back as %+v", saved, a.Type().Field(i).Name, x, y)
		}
	}
}

// What has a column for each field comes back with every field: one that an
// insert, an update or a scan forgets is lost without a word.
func TestEveryFieldComesBack(t *testing.T) {
	t.Parallel()
	st := storetest.Open(t)
	ctx := t.Context()
	c := storetest.LiveConnection(t, st, "aws", nil)
	ana := storetest.User(t, st, "ana")

	login := filled(func(l *model.Login) {
		l.ID, l.Connection, l.RevisionID, l.Outcome, l.UserID = store.NewLoginID(), "aws", c.Live.ID, model.OutcomeRefused, ana.ID
	})
	if _, err := st.SaveLogin(ctx, login); err != nil {
		t.Fatal(err)
	}
	gotLogin, err := st.Login(ctx, login.ID)
	if err != nil {
		t.Fatal(err)
	}
	sameFields(t, login, gotLogin)

	warnings := filled(func(w *model.Warnings) {
		w.SMTPTLS, w.WebhookURL = model.MailTLS, "" // in clear only what an earlier version kept
	})
	if err := st.SaveWarnings(ctx, storetest.Actor, "warnings.mail", func(w *model.Warnings) error { *w = warnings; return nil }); err != nil {
		t.Fatal(err)
	}
	gotWarnings, err := st.Warnings(ctx)
	if err != nil {
		t.Fatal(err)
	}
	sameFields(t, warnings, gotWarnings)

	user := filled(func(u *model.User) {
		u.ID, u.Email, u.Source, u.SessionEpoch, u.Home, u.DeactivatedBy = ana.ID, "other@example.com", ana.Source, ana.SessionEpoch, "", ""
	})
	gotUser, err := st.UpdateUser(ctx, storetest.Actor, "ana", func(u *model.User) error { *u = user; return nil })
	if err != nil {
		t.Fatal(err)
	}
	user.CreatedAt, user.UpdatedAt, user.LastLoginAt = gotUser.CreatedAt, gotUser.UpdatedAt, gotUser.LastLoginAt // facts
	sameFields(t, user, gotUser)

	source := filled(func(x *model.Source) {
		x.Slug, x.Kind, x.Status, x.Connection = "corp-ad", model.SourceLDAP, model.SourceLive, "aws"
	})
	gotSource, err := st.CreateSource(ctx, storetest.Actor, source)
	if err != nil {
		t.Fatal(err)
	}
	keepFacts(&source, gotSource)
	sameFields(t, source, gotSource)
	changed := filled(func(x *model.Source) {
		x.Slug, x.Kind, x.Status, x.Connection, x.Name = "corp-ad", model.SourceLDAP, model.SourceDraft, "", "other"
	})
	if gotSource, err = st.UpdateSource(ctx, storetest.Actor, "corp-ad", 1, func(x *model.Source) error { *x = changed; return nil }); err != nil {
		t.Fatal(err)
	}
	keepFacts(&changed, gotSource)
	sameFields(t, changed, gotSource)

	change := filled(func(a *model.AccountSwitch) { a.Connection, a.UserID = "aws", ana.ID })
	if err := st.SaveAccountSwitch(ctx, "token", change); err != nil {
		t.Fatal(err)
	}
	gotChange, err := st.AccountSwitch(ctx, "token", change.ExpiresAt.Add(-time.Second))
	if err != nil {
		t.Fatal(err)
	}
	sameFields(t, change, gotChange)
}

// keepFacts takes over what the database says of a source, and nobody else.
func keepFacts(s *model.Source, is model.Source) {
	s.ID, s.Revision, s.Interval = is.ID, is.Revision, s.Interval.Truncate(time.Second)
	s.HasSecret, s.SecretSetAt, s.ApprovedFor, s.NextIsDry, s.NextRunAt = is.HasSecret, is.SecretSetAt, is.ApprovedFor, is.NextIsDry, is.NextRunAt
	s.CreatedAt, s.UpdatedAt, s.FailuresInRow, s.LastGoodAt = is.CreatedAt, is.UpdatedAt, is.FailuresInRow, is.LastGoodAt
}

func TestEveryFieldOfARequestComesBack(t *testing.T) {
	t.Parallel()
	st := storetest.Open(t)
	ctx := t.Context()
	c := storetest.LiveConnection(t, st, "aws", nil)

	login := model.Login{ID: store.NewLoginID(), Connection: "aws", StartedAt: time.Now(), Outcome: model.OutcomePending}
	request := filled(func(r *model.PendingRequest) { r.LoginID, r.ConnectionID, r.RevisionID = login.ID, c.ID, c.Live.ID })
	if err := st.StartLogin(ctx, login, &request, "handle"); err != nil {
		t.Fatal(err)
	}
	gotRequest, err := st.PendingRequest(ctx, "handle", request.ExpiresAt.Add(-time.Second))
	if err != nil {
		t.Fatal(err)
	}
	sameFields(t, request, gotRequest)

	if err := st.SaveApp(ctx, storetest.Actor, model.App{Slug: "jira", Kind: model.AppOIDC, Name: "Jira", Product: model.ProductOther}); err != nil {
		t.Fatal(err)
	}
	auth := filled(func(r *model.AuthRequest) {
		age := time.Minute
		r.App, r.Prompt, r.MaxAge = "jira", "login", &age
		r.SignedIn, r.CodeUntil, r.Spent = model.SignedIn{}, time.Time{}, false // what comes later
	})
	if err := st.CreateAuthRequest(ctx, auth); err != nil {
		t.Fatal(err)
	}
	gotAuth, err := st.PendingAuthRequest(ctx, auth.ID, auth.ExpiresAt.Add(-time.Second))
	if err != nil {
		t.Fatal(err)
	}
	sameFields(t, auth, gotAuth)
}

// What ends is erased: every table that has such a time is among those that are
// swept.
func TestWhatExpiresIsSwept(t *testing.T) {
	t.Parallel()
	sweep := sourceOf(t, "internal/store/sweep.go")
	for _, table := range columns(t, `select distinct table_name from information_schema.columns
		where table_schema = 'public' and column_name in ('expires_at', 'expiry', 'until', 'retired_at', 'ends_at')`) {
		if !sweep[table] {
			t.Errorf("nothing erases from %s what has expired", table)
		}
	}
}
