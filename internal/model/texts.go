package model

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of texts that people read, in characters.
const (
	MaxPersonName  = 255 // display, first and last names
	MaxDescription = 500
	MaxTitle       = 100 // names of connections and apps; fits the heading of every page
	MaxProductName = 40  // stands in the navigation
	MaxContact     = 300
)

// maxRuleText limits what a rule compares with, in bytes, as AWS's values are.
const maxRuleText = 1024

// CheckText says what is wrong with a text on one line of at most so many
// characters, to stand behind its name in a sentence; nothing when it is good. It
// is the one judge of such texts, whatever road they come by.
func CheckText(s string, limit int) error {
	if !utf8.ValidString(s) {
		return fmt.Errorf("is not valid UTF-8")
	}
	if utf8.RuneCountInString(s) > limit {
		return fmt.Errorf("is longer than %s characters", Number(limit))
	}
	for _, r := range s {
		if unicode.IsControl(r) {
			return fmt.Errorf("contains the invisible character U+%04X", r)
		}
	}
	return nil
}

// CheckPersonName judges a display, first or last name.
func CheckPersonName(s string) error { return CheckText(s, MaxPersonName) }

// CheckDescription judges the description of a group.
func CheckDescription(s string) error { return CheckText(s, MaxDescription) }

// CheckTitle judges the name of a connection or an app.
func CheckTitle(s string) error { return CheckText(s, MaxTitle) }

// CheckProductName judges what an installation calls itself.
func CheckProductName(s string) error { return CheckText(s, MaxProductName) }

// CheckContact judges whom people who are refused are told to ask.
func CheckContact(s string) error { return CheckText(s, MaxContact) }

// CheckRuleText judges what a rule compares with.
func CheckRuleText(s string) error {
	if len(s) > maxRuleText {
		return fmt.Errorf("is longer than %s bytes", Number(maxRuleText))
	}
	return CheckText(s, maxRuleText)
}

// FitText is the text as CheckText lets it pass: with blanks in the place of
// control characters, and cut. It is for what somebody else sent, and for what
// was stored before the text had its judge.
func FitText(s string, limit int) string {
	if CheckText(s, limit) == nil {
		return s
	}
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	if r := []rune(s); len(r) > limit {
		s = string(r[:limit])
	}
	return Canonical(s)
}
