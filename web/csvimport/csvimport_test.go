package csvimport

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func TestParseReadsUsers(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	tests := []struct {
		name string
		data string
		want []Row
	}{
		{"all columns", "username,email,display_name,first_name,last_name,active,groups\n" +
			"ana,ana@example.com,Ana Example,Ana,Example,yes,staff;ops\n",
			[]Row{{Line: 2, Username: "ana", Email: "ana@example.com", DisplayName: "Ana Example", FirstName: "Ana",
				LastName: "Example", Active: &yes, Groups: []string{"staff", "ops"}}}},
		{"any order, some columns", "Email,Username\nana@example.com,ana\n",
			[]Row{{Line: 2, Username: "ana", Email: "ana@example.com"}}},
		{"semicolons, groups by bar", "username;groups;active\nana;staff|ops;no\n",
			[]Row{{Line: 2, Username: "ana", Active: &no, Groups: []string{"staff", "ops"}}}},
		{"semicolons, groups quoted", "username;groups\nana;\"staff;ops\"\n",
			[]Row{{Line: 2, Username: "ana", Groups: []string{"staff", "ops"}}}},
		{"tabs", "username\tdisplay_name\nana\tExample, Ana\n",
			[]Row{{Line: 2, Username: "ana", DisplayName: "Example, Ana"}}},
		{"byte order mark and CRLF", "\ufeffusername,email\r\nana,ana@example.com\r\n",
			[]Row{{Line: 2, Username: "ana", Email: "ana@example.com"}}},
		{"header as people write it", "Username, Display Name ,first-name\nana,Ana Example,Ana\n",
			[]Row{{Line: 2, Username: "ana", DisplayName: "Ana Example", FirstName: "Ana"}}},
		{"blank lines and empty cells of a spreadsheet", "username,email,\n\n,,\nana,,\n",
			[]Row{{Line: 4, Username: "ana"}}},
		{"formulas are data", "username,display_name,last_name\nana,=1+1,@SUM(A1)\n",
			[]Row{{Line: 2, Username: "ana", DisplayName: "=1+1", LastName: "@SUM(A1)"}}},
		{"quotes and separators in a cell", "username,display_name\nana,\"Example, \"\"Ana\"\"\"\n",
			[]Row{{Line: 2, Username: "ana", DisplayName: `Example, "Ana"`}}},
		{"groups twice and empty", "username,groups\nana,staff; ;Staff;ops;\n",
			[]Row{{Line: 2, Username: "ana", Groups: []string{"staff", "ops"}}}},
		{"short row", "username,email,groups\nana\n", []Row{{Line: 2, Username: "ana"}}},
		{"decomposed letters become composed ones", "username\nrene\u0301\n", []Row{{Line: 2, Username: "ren\u00e9"}}},
		{"no line end at the end", "username\nana", []Row{{Line: 2, Username: "ana"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := Parse([]byte(tt.data))
			if len(got.Problems) > 0 {
				t.Fatalf("problems: %v", got.Problems)
			}
			if !reflect.DeepEqual(got.Rows, tt.want) {
				t.Errorf("rows:\n got %+v\nwant %+v", got.Rows, tt.want)
			}
		})
	}
}

func TestParseNamesEveryProblem(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		data string
		line int
		says string
	}{
		{"nothing", " \n", 0, "nothing to import"},
		{"UTF-16", "\xff\xfeu\x00s\x00", 0, "UTF-16"},
		{"Latin-1", "username\nren\xe9\n", 0, "not in UTF-8"},
		{"spreadsheet", "PK\x03\x04…", 0, "spreadsheet"},
		{"too large", strings.Repeat("x", MaxBytes+1), 0, "larger than 5 MB"},
		{"header only", "username,email\n", 0, "no users"},
		{"no header", "ana,ana@example.com\n", 1, "must name the columns"},
		{"no username column", "email\nana@example.com\n", 1, "“username” is missing"},
		{"column twice", "username,username\nana,bo\n", 1, "twice"},
		{"unknown column", "username,mail\nana,a@example.com\n", 1, "“mail” is not known"},
		{"no username", "username,email\n,ana@example.com\n", 2, "username is missing"},
		{"bad username", "username\nana example\n", 2, "must not contain blanks"},
		{"bad email", "username,email\nana,ana\n", 2, "is not an email address"},
		{"bad active", "username,active\nana,perhaps\n", 2, "Write yes or no"},
		{"bad group", "username,groups\nana,a/b\n", 2, "must not contain “/”"},
		{"twice", "username\nana\nbo\nANA\n", 4, "already on line 2"},
		{"too many cells", "username,groups\nana,staff,ops\n", 2, "has 3 cells"},
		{"bare quote", "username,display_name\nana,A \"n\" a\nbo,Bo\n", 2, "double quote"},
		{"open quote", "username,display_name\nana,\"Ana\nbo,Bo\n", 2, "never closed"},
		{"control character", "username,display_name\nana,A\x07na\n", 2, "U+0007"},
		{"long name", "username,last_name\nana," + strings.Repeat("é", 256) + "\n", 2, "longer than 255"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := Parse([]byte(tt.data)).Problems
			if len(got) != 1 {
				t.Fatalf("problems = %v, want one", got)
			}
			if got[0].Line != tt.line || !strings.Contains(got[0].Text, tt.says) {
				t.Errorf("problem = %+v, want line %d and %q", got[0], tt.line, tt.says)
			}
		})
	}
}

func TestParseReadsOnAfterABadRow(t *testing.T) {
	t.Parallel()
	got := Parse([]byte("username,email\nana,nowhere\nbo,A \"b\"\nb b,bo@example.com\ncy,cy@example.com\n"))
	lines := []int{}
	for _, p := range got.Problems {
		lines = append(lines, p.Line)
	}
	if want := []int{2, 3, 4}; !reflect.DeepEqual(lines, want) {
		t.Errorf("lines with problems = %v, want %v", lines, want)
	}
	if len(got.Rows) != 1 || got.Rows[0].Username != "cy" {
		t.Errorf("rows = %+v, want cy alone", got.Rows)
	}
}

func TestParseLimitsRows(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("username\n")
	for i := range MaxRows {
		fmt.Fprintf(&b, "user%d\n", i)
	}
	if got := Parse([]byte(b.String())); len(got.Problems) != 0 || len(got.Rows) != MaxRows {
		t.Fatalf("at the limit: %d rows, problems %v", len(got.Rows), got.Problems)
	}
	b.WriteString("one-more\n")
	got := Parse([]byte(b.String()))
	if len(got.Problems) != 1 || !strings.Contains(got.Problems[0].Text, "more than 20000 users") {
		t.Errorf("over the limit: problems %v", got.Problems)
	}
}

func TestColumns(t *testing.T) {
	t.Parallel()
	f := Parse([]byte("username,active\nana,\n"))
	if !f.Columns[ColumnActive] || f.Columns[ColumnEmail] {
		t.Errorf("columns = %v, want username and active", f.Columns)
	}
	if f.Rows[0].Active != nil {
		t.Error("an empty active cell says something")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("username,email\nana,ana@example.com\n"))
	f.Add([]byte("\ufeffusername;groups\n\"a\"\"b\";x|y\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got := Parse(data)
		if len(got.Rows) == 0 && len(got.Problems) == 0 {
			t.Error("neither users nor a problem")
		}
		for _, r := range got.Rows {
			if r.Username == "" || r.Line < 2 {
				t.Errorf("row without a username or line: %+v", r)
			}
		}
	})
}
