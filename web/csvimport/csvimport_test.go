package csvimport

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/postern-sso/postern/internal/model"
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
		{"line ends of a carriage return alone", "username,email\rana1,ana1@example.com\rbo,\r",
			[]Row{{Line: 2, Username: "ana1", Email: "ana1@example.com"}, {Line: 3, Username: "bo"}}},
		{"blanks that do not break", "username,email,groups\nana1\u00a0,\u202fana1@example.com\u00a0,\"staff\u00a0;\u00a0ops\"\n",
			[]Row{{Line: 2, Username: "ana1", Email: "ana1@example.com", Groups: []string{"staff", "ops"}}}},
		{"marks that nobody sees", "\u200eusername,email\n\u200eana1\u200b,\u202aana1@example.com\u202c\n",
			[]Row{{Line: 2, Username: "ana1", Email: "ana1@example.com"}}},
		{"a row of blanks that do not break", "username\nana\n\u00a0\n", []Row{{Line: 2, Username: "ana"}}},
		{"blanks before a quote", "username, display_name\nana, \"Example, Ana\"\n", []Row{{Line: 2, Username: "ana", DisplayName: "Example, Ana"}}},
		{"tabs and empty cells", "username\temail\tdisplay_name\nana\t\tAna\n", []Row{{Line: 2, Username: "ana", DisplayName: "Ana"}}},
		{"groups on lines of their own", "username,groups\nana,\"staff\nops\"\n", []Row{{Line: 2, Username: "ana", Groups: []string{"staff", "ops"}}}},
		{"columns as spreadsheets have them", "User name;DisplayName;E-Mail Address;Given Name;SURNAME;Enabled\nana;Ana E;a@example.com;Ana;E;TRUE\n",
			[]Row{{Line: 2, Username: "ana", DisplayName: "Ana E", Email: "a@example.com", FirstName: "Ana", LastName: "E", Active: &yes}}},
		{"e-mail", "e-mail,user\na@example.com,ana\n", []Row{{Line: 2, Username: "ana", Email: "a@example.com"}}},
		{"a mended file of ours", "username,problem\nana,it was bad\n", []Row{{Line: 2, Username: "ana"}}},
		{"UTF-16 of a spreadsheet", utf16le("\ufeffusername\tdisplay_name\r\nana\tJürgen Müller\r\n"),
			[]Row{{Line: 2, Username: "ana", DisplayName: "Jürgen Müller"}}},
		{"UTF-16 whose mark was lost", utf16le("username;display_name\nana;Łukasz\n"), []Row{{Line: 2, Username: "ana", DisplayName: "Łukasz"}}},
		{"Windows-1252", "username,display_name\njm,J\xfcrgen M\xfcller\n", []Row{{Line: 2, Username: "jm", DisplayName: "Jürgen Müller"}}},
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
		{"UTF-16 that is none", "\xff\xfeu\x00s", 0, "encoding that is not known"},
		{"bytes that no encoding has", "username\nren\x81\n", 0, "encoding that is not known"},
		{"an old spreadsheet", "\xd0\xcf\x11\xe0…", 0, "spreadsheet"},
		{"spreadsheet", "PK\x03\x04…", 0, "spreadsheet"},
		{"too large", strings.Repeat("x", MaxBytes+1), 0, "larger than 5 MB"},
		{"header only", "username,email\n", 0, "no users"},
		{"no header", "ana,ana@example.com\n", 1, "must name the columns"},
		{"no username column", "email\nana@example.com\n", 1, "“username” is missing"},
		{"column twice", "username,username\nana,bo\n", 1, "twice"},
		{"unknown column", "username,shoe size\nana,43\n", 1, "“shoe size” is not known"},
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
		{"a line break in a cell", "username,display_name\nbo,Bo\nana,\"Ana\nExample\"\n", 3, "a line break in the display name"},
		{"a line break in the username", "username\n\"ana\nbo\"\n", 2, "a line break in the username"},
		{"two columns for one thing", "username,mail,E-Mail\nana,a@example.com,\n", 1, "“email” is there twice"},
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
	if len(got.Problems) != 1 || !strings.Contains(got.Problems[0].Text, "more than 20,000 users") {
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
		if got.Broken && len(got.Problems) == 0 {
			t.Error("broken, and nothing says why")
		}
		_ = Mend(got.Header, got.Aside(got.Problems))
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

// utf16le is a text as Windows writes it.
func utf16le(s string) string {
	var data []byte
	for _, unit := range utf16.Encode([]rune(s)) {
		data = binary.LittleEndian.AppendUint16(data, unit)
	}
	return string(data)
}

// An encoding that is only guessed is asked for; one that is sure is not.
func TestOnlyAGuessIsAsked(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{
		"username\nJ\xfcrgen\n":    Windows1252,
		"username\nJürgen\n":       "",
		utf16le("username\nana\n"): "",
	} {
		f := Parse([]byte(data))
		if f.Asked != want || len(f.Rows) != 1 || f.Broken {
			t.Errorf("%q: asked %q, %+v", data, f.Asked, f)
		}
		if again := Parse([]byte(f.Text)); !reflect.DeepEqual(again.Rows, f.Rows) || again.Asked != "" {
			t.Errorf("%q: read again as UTF-8 it says %+v", data, again)
		}
	}
}

// What is given back to be mended is as it came, with the reason; mended, it is read.
func TestRowsToMend(t *testing.T) {
	t.Parallel()
	f := Parse([]byte("User name;E-Mail;Name\nana;nowhere;Ana;\nbo;bo@example.com;Bo\n;cy@example.com;=Cy\ndee;dee@example.com;A \"D\" B\n"))
	if f.Broken || len(f.Rows) != 1 || len(f.Problems) != 3 {
		t.Fatalf("%+v", f)
	}
	file := string(Mend(f.Header, f.Aside(f.Problems)))
	want := "User name,E-Mail,Name,problem\n" +
		"ana,nowhere,Ana,The email “nowhere” is not an email address.\n" +
		",cy@example.com,'=Cy,The username is missing.\n"
	if rest, ok := strings.CutPrefix(file, want); !ok || !strings.HasPrefix(rest, `"dee;dee@example.com;A ""D"" B",,,"A double quote`) {
		t.Errorf("the file is\n%s", file)
	}
	mended := strings.NewReplacer("nowhere,", "ana@example.com,", "\n,cy", "\ncy,cy").Replace(want)
	if got := Parse([]byte(mended)); len(got.Problems) > 0 || len(got.Rows) != 2 || got.Rows[1].DisplayName != "=Cy" {
		t.Errorf("mended: %+v", got)
	}
	done := Mend(nil, []model.JobRow{{User: model.User{Username: "ana", Email: "a@example.com"}, Groups: []string{"x", "y"}, Problem: "gone"}})
	if string(done) != "username,email,display_name,first_name,last_name,active,groups,problem\nana,a@example.com,,,,,x;y,gone\n" {
		t.Errorf("a row that was not done: %s", done)
	}
}
