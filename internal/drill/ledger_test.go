package drill_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// result is a row of what a drill has shown.
type result struct {
	fault                 string
	lost, doubled, denied int
	gap                   time.Duration
}

// settle compares what people were told with what the database has: nobody who was told
// that they are in may be missing, and no answer may have counted twice.
func (l *load) settle(t *testing.T, fault, database string) result {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	l.mu.Lock()
	defer l.mu.Unlock()
	var kept, all int
	err = conn.QueryRow(t.Context(), `select count(*) filter (where id = any($1)), count(*)
		from logins where outcome = 'signed_in'`, l.done).Scan(&kept, &all)
	if err != nil {
		t.Fatal(err)
	}
	var people int // who has no group, though the rule gives it, was written by halves
	if err := conn.QueryRow(t.Context(), `select count(*) from users u
		where not exists (select from memberships where user_id = u.id)`).Scan(&people); err != nil {
		t.Fatal(err)
	}
	if people > 0 {
		t.Errorf("%s: %d people were written by halves", fault, people)
	}
	r := result{fault: fault, lost: len(l.done) - kept, doubled: len(l.twice) + max(0, all-int(l.sent.Load())), denied: len(l.refused), gap: l.longest}
	if r.lost > 0 || r.doubled > 0 {
		t.Errorf("%s: %d lost, %d doubled (%v)", fault, r.lost, r.doubled, l.twice)
	}
	return r
}

// print adds the row to the table of make drill.
func (r result) print() {
	line := fmt.Sprintf("| %-62s | %4d | %7d | %7d | %7.1f |\n", r.fault, r.lost, r.doubled, r.denied, r.gap.Seconds())
	if file := os.Getenv("POSTERN_DRILL_TABLE"); file != "" {
		f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err == nil {
			_, _ = f.WriteString(line)
			_ = f.Close()
		}
	}
	fmt.Print(line)
}
