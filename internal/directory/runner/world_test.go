package runner_test

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/directory/runner"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// fake is a source in memory.
type fake struct {
	mu      sync.Mutex
	people  map[string]model.SourcePerson
	groups  map[string]model.SourceGroup
	err     error
	wait    chan struct{} // not nil: Read waits for it
	reading chan struct{} // not nil: gets a value when Read has begun
}

func newFake() *fake {
	return &fake{people: map[string]model.SourcePerson{}, groups: map[string]model.SourceGroup{}}
}

func (f *fake) Read(ctx context.Context, progress func(people, groups int)) (model.Reading, error) {
	if f.reading != nil {
		f.reading <- struct{}{}
	}
	if f.wait != nil {
		select {
		case <-f.wait:
		case <-ctx.Done():
			return model.Reading{}, ctx.Err()
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	r := model.Reading{GroupsRead: true, Server: "fake", Remarks: []string{"A remark."}}
	for _, p := range f.people {
		r.People = append(r.People, p)
	}
	for _, g := range f.groups {
		r.Groups = append(r.Groups, g)
	}
	slices.SortFunc(r.People, func(a, b model.SourcePerson) int { return cmp.Compare(a.StableID, b.StableID) })
	slices.SortFunc(r.Groups, func(a, b model.SourceGroup) int { return cmp.Compare(a.StableID, b.StableID) })
	progress(len(r.People), len(r.Groups))
	return r, f.err
}

// ReadOne answers for one person out of what the whole has.
func (f *fake) ReadOne(ctx context.Context, who string) (one directory.One, err error) {
	r, err := f.Read(ctx, func(int, int) {})
	for _, p := range r.People {
		if p.StableID == who || p.Username == who {
			one.Found, one.Person = true, p
		}
	}
	for _, g := range r.Groups {
		if slices.Contains(g.Members, one.Person.StableID) {
			one.Groups = append(one.Groups, g.StableID)
		}
	}
	return one, err
}

func (f *fake) person(id, username string) *fake {
	f.people[id] = model.SourcePerson{StableID: id, Username: username, Email: username + "@example.com", FirstName: strings.ToUpper(username[:1]) + username[1:],
		LastName: "Example", Enabled: true, Says: model.SaysAll &^ model.SaysDisplayName, Place: "OU=Staff"}
	return f
}

func (f *fake) change(id string, how func(*model.SourcePerson)) *fake {
	p := f.people[id]
	how(&p)
	f.people[id] = p
	return f
}

func (f *fake) group(id, name string, members ...string) *fake {
	f.groups[id] = model.SourceGroup{StableID: id, Name: name, Members: members}
	return f
}

// many puts people p000… and groups g0… into the source, each person in two groups.
func (f *fake) many(people, groups int) *fake {
	for i := range people {
		f.person(fmt.Sprintf("p%05d", i), fmt.Sprintf("user%05d", i))
	}
	members := make([][]string, groups)
	for i := range people {
		id := fmt.Sprintf("p%05d", i)
		members[i%groups] = append(members[i%groups], id)
		members[(i+1)%groups] = append(members[(i+1)%groups], id)
	}
	for i := range groups {
		f.group(fmt.Sprintf("g%03d", i), fmt.Sprintf("group%03d", i), members[i]...)
	}
	return f
}

type noSecrets struct{}

func (noSecrets) Open(sealed []byte, _ string) ([]byte, error) { return sealed, nil }

// site is a database with a source that a fake is.
type site struct {
	*testing.T
	store *store.Store
	fake  *fake
	run   *runner.Runner
}

func newSite(t *testing.T, change func(*model.Source)) *site {
	t.Helper()
	x := &site{T: t, store: storetest.OpenPool(t), fake: newFake()}
	x.run = newRunner(x.store, x.fake)
	src := model.NewSource(model.SourceLDAP)
	src.Slug, src.Name = "corp", "Corporate directory"
	if change != nil {
		change(&src)
	}
	if _, err := x.store.CreateSource(t.Context(), storetest.Actor, src); err != nil {
		t.Fatal(err)
	}
	return x
}

func newRunner(st *store.Store, f *fake) *runner.Runner {
	open := func(context.Context, model.Source, []byte) (runner.Reader, error) { return f, nil }
	return runner.New(st, noSecrets{}, open, slog.New(slog.NewTextHandler(logs{}, nil)))
}

// sync runs the source and wants it to end so.
func (x *site) sync(want model.RunOutcome) model.SourceRun {
	x.Helper()
	return x.ask(runner.Ask{Trigger: model.RunByHand, Actor: storetest.Actor}, want)
}

func (x *site) ask(a runner.Ask, want model.RunOutcome) model.SourceRun {
	x.Helper()
	run, err := x.run.Sync(x.Context(), "corp", a)
	if err != nil {
		x.Fatal(err)
	}
	if run.Outcome != want {
		x.Fatalf("the run ended as %s (%s %s), want %s: %+v", run.Outcome, run.Reason, run.Detail, want, run.Counts)
	}
	return run
}

// approve approves the plan of a run.
func (x *site) approve(run model.SourceRun, want model.RunOutcome) model.SourceRun {
	x.Helper()
	return x.ask(runner.Ask{Trigger: model.RunByApproval, Actor: storetest.Actor, Approves: run.ID}, want)
}

// live brings the source to where its runs are carried out.
func (x *site) live() *site {
	x.Helper()
	x.approve(x.sync(model.RunDry), model.RunApplied)
	return x
}

func (x *site) user(name string) model.User {
	x.Helper()
	u, err := x.store.User(x.Context(), name)
	if err != nil {
		x.Fatalf("%s: %v", name, err)
	}
	return u
}

// members are the usernames of those in a group, with the source of each membership.
func (x *site) members(group string) string {
	x.Helper()
	all, _, err := x.store.Members(x.Context(), group, store.MemberQuery{})
	if err != nil {
		x.Fatal(err)
	}
	var names []string
	for _, m := range all {
		for _, why := range m.Memberships {
			names = append(names, m.User.Username+"/"+string(why.Source))
		}
	}
	return strings.Join(names, " ")
}

// state is everything that runs make, without times and ids.
func (x *site) state() string {
	x.Helper()
	var text string
	err := x.store.Pool().QueryRow(x.Context(), `select coalesce(string_agg(l, E'\n' order by l), '') from (
		select 'user ' || concat_ws(' ', username, email, first_name, last_name, display_name, active, coalesce(home_source, '-'), deactivated_by) l from users
		union all select 'in ' || concat_ws(' ', g.name, u.username, m.source, m.ref, m.origin) from memberships m join users u on u.id = m.user_id
			join groups g on g.id = m.group_id
		union all select 'mirror ' || concat_ws(' ', s.stable_id, s.digest, s.state, s.missed, u.username) from source_users s left join users u on u.id = s.user_id
		union all select 'mirror of group ' || concat_ws(' ', s.stable_id, s.digest, s.state, g.name) from source_groups s left join groups g on g.id = s.group_id
		union all select 'group ' || name from groups) x`).Scan(&text)
	if err != nil {
		x.Fatal(err)
	}
	return text
}

func personID(i int) string { return fmt.Sprintf("p%05d", i) }

// logs shows what a runner logs beside the test that failed.
type logs struct{}

func (logs) Write(line []byte) (int, error) {
	fmt.Print(string(line))
	return len(line), nil
}
