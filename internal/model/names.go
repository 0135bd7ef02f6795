package model

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Limits of names, in characters.
const (
	MaxUsername  = 255
	MaxEmail     = 254
	MaxGroupName = 255
)

var slugPattern = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$`)

// Key is the form under which names are compared: NFKC, case-folded, NFKC
// again, so that "Ana", "ANA" and "ａna" are one name.
func Key(s string) string {
	return norm.NFKC.String(cases.Fold().String(norm.NFKC.String(strings.TrimSpace(s))))
}

// Canonical is the form in which a name is stored: ASCII blanks trimmed, NFC.
func Canonical(s string) string {
	return norm.NFC.String(strings.Trim(s, " \t\r\n"))
}

// SameText tells whether two texts are the same, however each was encoded: "é" is
// one character or two. Case and blanks count.
func SameText(a, b string) bool { return a == b || norm.NFC.String(a) == norm.NFC.String(b) }

// Faithful tells whether a name means the same before and after Canonical: it
// was in normal form C or D, blanks aside. Other spellings hold characters that
// normalization turns into others, such as the Kelvin sign into K.
func Faithful(s string) bool {
	s = strings.Trim(s, " \t\r\n")
	return norm.NFC.IsNormalString(s) || norm.NFD.IsNormalString(s)
}

// lookalikes are the alphabets with letters that look like those of another.
var lookalikes = []*unicode.RangeTable{unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.Armenian, unicode.Cherokee, unicode.Coptic, unicode.Lisu}

// mixesAlphabets tells whether a word of the name has letters of two alphabets
// that look alike. Words may differ: иван@example.com is a name. Source: Unicode
// Technical Standard 39, §5.2, less strict.
func mixesAlphabets(s string) bool {
	var word *unicode.RangeTable
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) {
			word = nil
			continue
		}
		for _, alphabet := range lookalikes {
			if !unicode.Is(alphabet, r) {
				continue
			}
			if word != nil && word != alphabet {
				return true
			}
			word = alphabet
		}
	}
	return false
}

// CheckUsername says what is wrong with a username in its canonical form, or
// nothing. Characters that make two names look alike are refused: control,
// zero-width, bidirectional, any blank, whatever NFKC changes, and letters of
// two alphabets in one word.
func CheckUsername(s string) error {
	if s == "." || s == ".." {
		return fmt.Errorf("must not be only dots: it could have no address")
	}
	if err := checkName(s, MaxUsername); err != nil {
		return err
	}
	if strings.ContainsFunc(s, unicode.IsSpace) {
		return fmt.Errorf("must not contain blanks")
	}
	if mixesAlphabets(s) {
		return fmt.Errorf("mixes letters of two alphabets that look alike in one word")
	}
	return nil
}

// MaxExternalID limits stable ids, in bytes: they are looked up in an index. AWS's
// userId has 47.
const MaxExternalID = 256

// CheckExternalID says what is wrong with a stable id, or nothing. An id is
// compared byte for byte, so none may look like another.
func CheckExternalID(s string) error {
	if len(s) > MaxExternalID {
		return fmt.Errorf("has more than %s bytes", Number(MaxExternalID))
	}
	return checkName(s, MaxExternalID)
}

// CheckGroupName says what is wrong with a group's name. Single blanks inside
// are allowed, "/" is not: it would break the group's address.
func CheckGroupName(s string) error {
	if s == "." || s == ".." {
		return fmt.Errorf("must not be only dots: it could have no address")
	}
	if err := checkName(s, MaxGroupName); err != nil {
		return err
	}
	if strings.Contains(s, "/") {
		return fmt.Errorf("must not contain “/”")
	}
	return nil
}

// invisible are characters that show nothing, or nothing that is agreed upon.
var invisible = []*unicode.RangeTable{unicode.Cf, unicode.Co, unicode.Variation_Selector,
	unicode.Other_Default_Ignorable_Code_Point, unicode.Noncharacter_Code_Point}

func checkName(s string, limit int) error {
	switch {
	case s == "":
		return fmt.Errorf("must not be empty")
	case !utf8.ValidString(s):
		return fmt.Errorf("is not valid UTF-8")
	case utf8.RuneCountInString(s) > limit:
		return fmt.Errorf("is longer than %s characters", Number(limit))
	case s != Canonical(s):
		return fmt.Errorf("begins or ends with a blank, or is not in Unicode normal form C")
	case norm.NFKC.String(s) != s:
		return fmt.Errorf("contains a character that only looks like another (Unicode compatibility form)")
	}
	for _, r := range s {
		if unicode.IsControl(r) || unicode.In(r, invisible...) || (unicode.IsSpace(r) && r != ' ') {
			return fmt.Errorf("contains the invisible character U+%04X", r)
		}
	}
	return nil
}

// CheckEmail says what is wrong with an email address. The check is of shape
// only: one "@", a domain, no blanks.
func CheckEmail(s string) error {
	if err := checkName(s, MaxEmail); err != nil {
		return err
	}
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at == len(s)-1 || strings.ContainsFunc(s, unicode.IsSpace) || strings.Count(s, "@") != 1 {
		return fmt.Errorf("is not an email address")
	}
	return nil
}

// CheckSlug says what is wrong with the slug of a connection or an app.
func CheckSlug(s string) error {
	if !slugPattern.MatchString(s) {
		return fmt.Errorf("must be 1 to 64 lower-case letters, digits and hyphens, and neither begin nor end with a hyphen")
	}
	return nil
}
