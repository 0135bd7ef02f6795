package csvimport

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Columns are the names a header may have, in the order of the documentation.
// Only the username is required; the order in the file does not matter.
var Columns = []string{
	ColumnUsername, ColumnEmail, ColumnDisplayName, ColumnFirstName, ColumnLastName, ColumnActive, ColumnGroups,
}

// Names of the columns.
const (
	ColumnUsername    = "username"
	ColumnEmail       = "email"
	ColumnDisplayName = "display_name"
	ColumnFirstName   = "first_name"
	ColumnLastName    = "last_name"
	ColumnActive      = "active"
	ColumnGroups      = "groups"

	// ColumnProblem is in the files of rows to mend that Postern hands out. Nothing
	// of it is read.
	ColumnProblem = "problem"
)

// spellings are other names under which files have the columns, letters and
// digits only: those of directories, of AWS and Atlassian, and of people.
var spellings = map[string][]string{ //nolint:gochecknoglobals // a constant
	ColumnUsername:    {"user", "login", "loginname", "logonname", "userlogin", "samaccountname", "accountname", "nickname"},
	ColumnEmail:       {"mail", "emailaddress", "mailaddress", "useremail", "primaryemail", "workemail", "emailwork"},
	ColumnDisplayName: {"name", "fullname", "displayedname", "commonname"},
	ColumnFirstName:   {"first", "givenname", "forename"},
	ColumnLastName:    {"last", "surname", "familyname"},
	ColumnActive:      {"enabled", "isactive", "accountenabled", "status", "userstatus"},
	ColumnGroups:      {"group", "groupname", "groupnames", "usergroups", "memberof"},
	ColumnProblem:     {},
}

// ColumnOf is the column that a cell of a header names; empty when it names none.
func ColumnOf(cell string) string {
	name := letters(cell)
	for column, others := range spellings {
		if name == letters(column) || slices.Contains(others, name) {
			return column
		}
	}
	return ""
}

// letters are the letters and digits of a text, in lower case: "E-Mail Address",
// "emailAddress" and "email_address" are one name.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, norm.NFKC.String(s))
}

// Trim takes away what spreadsheets leave around a text and nobody sees: blanks of
// every width, also those that do not break, and marks of the writing direction.
func Trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) })
}
