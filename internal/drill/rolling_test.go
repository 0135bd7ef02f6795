package drill_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/migrations"
)

// Programs of the last release and of this one share a database, before, during and
// after the migrations, on the way forward and one release back: nobody who signs in
// meanwhile is refused, and nothing is lost or counts twice.
func TestRollingUpgradeAndBack(t *testing.T) {
	t.Parallel()
	old, version := lastRelease(t)
	this := built(t)
	database := storetest.Database(t)
	execute(t, database, "drop schema public cascade; create schema public")
	s := newSite(t, old, database)
	a, b := old.serve(t, s.serve...), old.serve(t, s.serve...)
	l := newLoad(3, a, b)
	l.more(t, 10)

	this.mustDo(t, append([]string{"migrate"}, s.flags...)...)
	expand(t, database, migrations.Newest()+1)
	l.more(t, 10) // the old ones, after the migrations
	c := this.serve(t, s.serve...)
	l.balance(a, b, c)
	l.more(t, 10)
	l.balance(b, c)
	l.drained(a).stop()
	d := this.serve(t, s.serve...)
	l.balance(c, d)
	l.drained(b).stop()
	l.more(t, 10)

	back := old.serve(t, s.serve...)
	l.balance(d, back)
	l.drained(c).stop()
	l.more(t, 10)
	l.balance(back)
	l.drained(d).stop()
	l.more(t, 10)
	l.stop()
	if refused := l.refusals(); refused != "" {
		t.Errorf("upgrading from %s and back, somebody was refused: %s", version, refused)
	}
	l.settle(t, "rolling upgrade from "+version+", and back", database).print()
}

// expand does what a migration may while programs that do not know of it run.
func expand(t *testing.T, database string, number int64) {
	t.Helper()
	execute(t, database, fmt.Sprintf(`
		alter table users add column drilled text not null default 'yes';
		alter table logins add column drilled jsonb;
		alter table connections add column drilled integer;
		alter table settings add column drilled integer;
		create table drilled (user_id uuid references users (id) on delete cascade);
		create index on logins (drilled);
		insert into goose_db_version (version_id, is_applied) values (%[1]d, true);
		update schema set version = greatest(version, %[1]d)`, number))
}

// execute runs statements in one transaction, and gives way to others as a migration does.
func execute(t *testing.T, database, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	for until := time.Now().Add(time.Minute); ; {
		_, err := conn.Exec(t.Context(), "set lock_timeout = '300ms'; "+sql)
		if err == nil {
			return
		}
		if !strings.Contains(err.Error(), "55P03") || time.Now().After(until) {
			t.Fatal(err)
		}
	}
}

// A database that shuts a program out says so to the running one, which is not ready
// then, and to who starts it. The last release and this one alike.
func TestShutOutProgramsSaySo(t *testing.T) {
	t.Parallel()
	old, _ := lastRelease(t)
	for name, p := range map[string]program{"the last release": old, "this one": built(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := storetest.Database(t)
			if p == old {
				execute(t, database, "drop schema public cascade; create schema public")
			}
			s := newSite(t, p, database)
			running := p.serve(t, s.serve...)
			running.waitReady(200)
			next := migrations.Newest() + 1
			expand(t, database, next)
			running.waitReady(200)
			execute(t, database, fmt.Sprintf("update schema set min_program = %d", next))
			const sentence = "Start the newer version"
			if text := running.waitReady(503); !strings.Contains(text, sentence) {
				t.Errorf("readyz says %q", text)
			}
			for _, args := range [][]string{append([]string{"serve", "--listen", freeAddress(t)}, s.serve...),
				append([]string{"migrate"}, s.flags...), append([]string{"doctor"}, s.flags...)} {
				if out, code := p.command(t, args...); code != 1 || !strings.Contains(out, sentence) {
					t.Errorf("%s: exit %d\n%s", args[0], code, out)
				}
			}
		})
	}
}

// The migrations that a release has are part of this program as they were then.
func TestReleasedMigrationsStayAsTheyWere(t *testing.T) {
	t.Parallel()
	for _, r := range releases(t) {
		list := exec.CommandContext(t.Context(), "git", "-c", "safe.directory=*", "ls-tree", "-r", r.commit, "migrations/") //nolint:gosec // our own table
		list.Dir = repository
		out, err := list.Output()
		if err != nil {
			t.Skipf("the history is not here, so the files of %s cannot be compared: %v", r.version, err)
		}
		newest := int64(0)
		for line := range strings.Lines(string(out)) {
			fields := strings.Fields(line)
			hash, name := fields[2], fields[3]
			if !strings.HasSuffix(name, ".sql") {
				continue
			}
			var n int64
			if _, err := fmt.Sscanf(filepath.Base(name), "%05d_", &n); err != nil {
				t.Fatal(err)
			}
			newest = max(newest, n)
			if _, err := os.Stat(filepath.Join(repository, name)); err != nil {
				t.Errorf("%s had %s, which is gone", r.version, name)
				continue
			}
			is := exec.CommandContext(t.Context(), "git", "hash-object", "--no-filters", name) //nolint:gosec // a name from the history
			is.Dir = repository
			if got, err := is.Output(); err != nil || strings.TrimSpace(string(got)) != hash {
				t.Errorf("%s is not as it was in %s (%v)", name, r.version, err)
			}
		}
		if newest != r.newest {
			t.Errorf("deploy/releases: the newest migration of %s is %d, not %d", r.version, newest, r.newest)
		}
	}
}
