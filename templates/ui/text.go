package ui

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/postern-sso/postern/internal/model"
)

// Itoa writes a number for an attribute, an address or a program. What people read is
// written by Number.
func Itoa(n int) string { return strconv.Itoa(n) }

func rows(n int) string {
	if n < 2 {
		n = 4
	}
	return strconv.Itoa(n)
}

// Number writes a number for people: "12", "1,000", "1,234,567".
func Number(n int) string { return model.Number(n) }

// Count writes a number with its noun: "1 user", "2,000 users".
func Count(n int, one, many string) string { return model.Count(n, one, many) }

// Counted is Count for members of groups, which are counted up to
// model.MembersCounted: "1,000+ members".
func Counted(n int, one, many string) string {
	if n > model.MembersCounted {
		return Members(n) + " " + many
	}
	return Count(n, one, many)
}

// Members is a group's number of members: "12", "1,000+".
func Members(n int) string {
	if n > model.MembersCounted {
		return Number(model.MembersCounted) + "+"
	}
	return Number(n)
}

// Initials are the one or two letters that stand for a person in a circle: of
// the words of a name, or of the part of an address before the @.
func Initials(name string) string {
	name, _, _ = strings.Cut(name, "@")
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if len(words) > 2 {
		words = []string{words[0], words[len(words)-1]}
	}
	var out strings.Builder
	for _, w := range words {
		r, _ := utf8.DecodeRuneInString(w)
		out.WriteRune(unicode.ToUpper(r))
	}
	return out.String()
}
