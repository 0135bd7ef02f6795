package scim_test

import (
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/bodytest"
	"github.com/postern-sso/postern/internal/directory/scim"
)

func repeated(size int, before, inner, after string) bodytest.Body {
	return func(n int) []byte { return []byte(before + strings.Repeat(inner, n*size/len(inner)) + after) }
}

// hostile are bodies that cost more than they look; each fits into a request at 16x.
func hostile() map[string]bodytest.Body {
	const size = 60000
	op := func(inner string) bodytest.Body {
		return repeated(size, `{"Operations":[`, inner+`,`, `{"op":"add","path":"title","value":"x"}]}`)
	}
	return map[string]bodytest.Body{
		"members":                   repeated(size, `{"displayName":"x","members":[`, `{"value":"5b9c7a51-0000-4000-8000-000000000000"},`, `{"value":"x"}]}`),
		"members of an operation":   repeated(size, `{"Operations":[{"op":"add","path":"members","value":[`, `{"value":"x"},`, `{"value":"x"}]}]}`),
		"operations that add":       op(`{"op":"add","path":"members","value":[{"value":"x"}]}`),
		"operations that remove":    op(`{"op":"remove","path":"members[value eq \"x\"]"}`),
		"operations that replace":   op(`{"op":"replace","path":"members","value":[{"value":"x"}]}`),
		"operations on values":      op(`{"op":"add","path":"emails[type eq \"work\"].value","value":"x"}`),
		"operations with new types": op(`{"op":"add","path":"emails","value":[{"value":"x","type":"a"}]}`),
		"operations without a path": op(`{"op":"replace","value":{"name.givenName":"x","emails[type eq \"work\"].value":"y"}}`),
		"unknown paths":             op(`{"op":"add","path":"nothing.at","value":"x"}`),
		"values":                    repeated(size, `{"userName":"x","emails":[`, `{"value":"x"},`, `{"value":"y"}]}`),
		"unknown attributes":        repeated(size, `{"userName":"x","a":[`, `{"b":"c"},`, `1]}`),
		"one long name":             repeated(size, `{"userName":"`, "x", `"}`),
		"one long title":            repeated(size, `{"userName":"x","title":"`, `\u00e9`, `"}`),
		"brackets":                  repeated(size, "", "[", ""),
		"open objects":              repeated(size, "", `{"a":`, ""),
		"unusual paths":             op(`{"op":"add","path":"emails[primary eq true].value","value":"x"}`),
		"a long path":               repeated(size, `{"Operations":[{"op":"add","path":"`, "a.", `b","value":1}]}`),
		"blanks":                    repeated(size, `{`, " ", `}`),
	}
}

func TestRow30SCIMBodies(t *testing.T) { //nolint:paralleltest // it counts what the process allocates
	for name, body := range hostile() { //nolint:paralleltest // see above
		t.Run(name, func(t *testing.T) { bodytest.Linear(t, body, scim.ReadEvery) })
	}
}

func BenchmarkRow30SCIMBodies(b *testing.B) {
	for name, body := range hostile() {
		b.Run(name, func(b *testing.B) { bodytest.Bench(b, body, scim.ReadEvery) })
	}
}

// expressions are filters and paths, as long as they may be at 16x.
func expressions() map[string]bodytest.Body {
	const size = 240
	return map[string]bodytest.Body{
		"conditions":        repeated(size, "", `title pr and `, "title pr"),
		"values in order":   repeated(size, "", `emails[type eq "a"].value eq "b" and `, "title pr"),
		"a long text":       repeated(size, `userName eq "`, "a", `"`),
		"escapes":           repeated(size, `userName eq "`, `\"`, `"`),
		"an open text":      repeated(size, `userName eq "`, `\\`, ``),
		"a long name":       repeated(size, "", "a", " pr"),
		"colons":            repeated(size, "urn:", "a:", "b pr"),
		"dots":              repeated(size, "", "a.", "b pr"),
		"colons and dots":   repeated(size, "urn:", "a.b:", "c"),
		"blanks":            repeated(size, "title", " ", "pr"),
		"brackets in order": repeated(size, "", "(title pr) and ", "title pr"),
		"open brackets":     repeated(size, "", "(", ""),
		"not":               repeated(size, "", "not ", "title pr"),
		"digits":            repeated(size, "userName eq ", "1", ""),
	}
}

func TestRow30SCIMExpressions(t *testing.T) { //nolint:paralleltest // it counts what the process allocates
	for name, body := range expressions() { //nolint:paralleltest // see above
		t.Run(name, func(t *testing.T) { bodytest.Linear(t, body, scim.ReadExpression) })
	}
}

func BenchmarkRow30SCIMExpressions(b *testing.B) {
	for name, body := range expressions() {
		b.Run(name, func(b *testing.B) { bodytest.Bench(b, body, scim.ReadExpression) })
	}
}

// Paths of the usual form are read by hand, because the library takes long: the same
// comes out.
func TestUsualPaths(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		"userName": true, "name.givenName": true, `members[value eq "5b9c7a51-0000-4000-8000-000000000000"]`: true, `emails[type EQ "work"].value`: true,
		`emails[type  eq  "a b"].value`: true, `emails[type eq ""].value`: true, "urn:ietf:params:scim:schemas:core:2.0:User:userName": true,
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.displayName": true, "urn:a:b.c": true, "urn:x:1:y": true, "a-b_c9": true,
		"members.$ref": true,
		`urn:ietf:params:scim:schemas:core:2.0:User:emails[type eq "work"].value`: true, `emails[type eq "é"]`: true,
		"$ref": false, `emails[type pr]`: false, `emails[type eq "a\"b"]`: false, `emails[type eq true].value`: false, "a..b": false, "": false, "9a": false,
		"a.b.c": false,
	} {
		if usual, agree := scim.PathsAgree(path); usual != want || !agree {
			t.Errorf("%q: usual %v, agrees %v", path, usual, agree)
		}
	}
}

func FuzzUsualPaths(f *testing.F) {
	for _, path := range []string{"name.givenName", `emails[type eq "work"].value`, "urn:ietf:params:scim:schemas:core:2.0:User:userName", "urn:a.b:c.d",
		`a[b eq "c"]`} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		if _, agree := scim.PathsAgree(path); !agree {
			t.Errorf("%q is read in two ways", path)
		}
	})
}

// Bodies, filters and nesting have an end.
func TestRow23Bounds(t *testing.T) {
	t.Parallel()
	s := newBare(t)
	long := strings.Repeat("x", 1<<20)
	for _, c := range []struct {
		why, method, path, body string
		status                  int
	}{
		{"a body over 1 MiB", "POST", "/Users", `{"userName":"` + long + `"}`, 413},
		{"attributes over 64 kB", "POST", "/Users", `{"userName":"a","title":"` + long[:70000] + `"}`, 413},
		{"a name over 1 kB", "POST", "/Users", `{"userName":"` + long[:1025] + `"}`, 400},
		{"an externalId over 1 kB", "POST", "/Users", `{"userName":"a","externalId":"` + long[:1025] + `"}`, 400},
		{"too many values", "POST", "/Users", `{"userName":"a","emails":[` + strings.Repeat(`{"value":"a@x"},`, 100) + `{"value":"b@x"}]}`, 400},
		{"a body at the end of the depth", "POST", "/Users", `{"userName":"a","x":` + strings.Repeat("[", 15) + strings.Repeat("]", 15) + `}`, 201},
		{"a body deeper than that", "POST", "/Users", `{"userName":"b","x":` + strings.Repeat("[", 16) + strings.Repeat("]", 16) + `}`, 400},
		{"NUL in a text", "POST", "/Users", `{"userName":"c","title":"a\u0000b","externalId":"\u0000"}`, 201},
		{"no UTF-8", "POST", "/Users", "{\"userName\":\"d\",\"title\":\"\xff\"}", 201},
	} {
		if got := s.ask(c.method, c.path, c.body); got.status != c.status {
			t.Errorf("%s: %d %.200s", c.why, got.status, got.text)
		}
	}
}
