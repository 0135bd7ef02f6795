package ui

import (
	"strings"
	"unicode/utf8"
)

// Difference is two texts split where they differ: both are Prefix, their own
// middle, Suffix.
type Difference struct {
	Prefix   string
	Expected string // the middle that was expected
	Received string // the middle that was received
	Suffix   string
}

// Differ splits two texts at their common beginning and end, never inside of a
// character. Equal texts are all prefix.
func Differ(expected, received string) Difference {
	n := 0
	for n < len(expected) && n < len(received) {
		r, size := utf8.DecodeRuneInString(expected[n:])
		if s, other := utf8.DecodeRuneInString(received[n:]); s != r || other != size || expected[n:n+size] != received[n:n+size] {
			break
		}
		n += size
	}
	d := Difference{Prefix: expected[:n]}
	expected, received = expected[n:], received[n:]
	m := 0
	for m < len(expected) && m < len(received) {
		r, size := utf8.DecodeLastRuneInString(expected[:len(expected)-m])
		end := received[:len(received)-m]
		if s, other := utf8.DecodeLastRuneInString(end); s != r || other != size || !strings.HasSuffix(end, expected[len(expected)-m-size:len(expected)-m]) {
			break
		}
		m += size
	}
	d.Suffix = expected[len(expected)-m:]
	d.Expected, d.Received = expected[:len(expected)-m], received[:len(received)-m]
	return d
}

// Telling reports whether marking the middle helps: the texts differ, and are
// alike for the most part. Of "a user" and "nobody" every letter would be
// marked, which says nothing.
func (d Difference) Telling() bool {
	common := len(d.Prefix) + len(d.Suffix)
	return (d.Expected != "" || d.Received != "") && common > 0 && common >= min(len(d.Expected), len(d.Received))
}

// Words says in a sentence where the texts differ, for those who cannot see
// the marks.
func (d Difference) Words() string {
	switch {
	case d.Expected == "" && d.Suffix == "":
		return "At the end, " + quoted(d.Received) + " is too much."
	case d.Received == "" && d.Suffix == "":
		return "At the end, " + quoted(d.Expected) + " is missing."
	case d.Expected == "":
		return quoted(d.Received) + " is too much."
	case d.Received == "":
		return quoted(d.Expected) + " is missing."
	case strings.EqualFold(d.Expected, d.Received):
		return "Upper and lower case differ: " + quoted(d.Received) + " in place of " + quoted(d.Expected) + "."
	default:
		return quoted(d.Received) + " came in place of " + quoted(d.Expected) + "."
	}
}

func quoted(s string) string {
	if strings.TrimSpace(s) == "" {
		return Count(utf8.RuneCountInString(s), "blank", "blanks")
	}
	return "“" + s + "”"
}
