package store

import "testing"

func TestSummary(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		"SELECT 1":                                           "select",
		"select a, b\n\tfrom users u where":                  "select users",
		"insert into logins(id) values":                      "insert logins",
		"update apps set a = 1 from users":                   "update apps",
		"with x as (select 1 from groups) select from users": "with groups",
		"select extract(epoch from $1)":                      "select",
		"select (select count(*) from jobs), 1 from users":   "select jobs",
		"begin": "begin", " ": "query",
	} {
		if got := summary(sql); got != want {
			t.Errorf("%q: %q, want %q", sql, got, want)
		}
	}
}
