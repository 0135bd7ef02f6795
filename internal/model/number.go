package model

import (
	"strconv"
	"strings"
)

// Number writes a number for people, with a comma after every thousand: "12",
// "1,000", "−1,234,567". Whatever counts for people is written by it.
func Number(n int) string {
	digits, out := strconv.Itoa(n), strings.Builder{}
	if n < 0 {
		digits = digits[1:]
		out.WriteString("−")
	}
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			out.WriteByte(',')
		}
		out.WriteRune(d)
	}
	return out.String()
}

// Count writes a number with its noun: "1 user", "2,000 users".
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Number(n) + " " + many
}
