package ui

import (
	"strconv"
	"time"
)

// Itoa writes a number for an attribute.
func Itoa(n int) string { return strconv.Itoa(n) }

func rows(n int) string {
	if n < 2 {
		n = 4
	}
	return strconv.Itoa(n)
}

// Count writes a number with its noun: "1 user", "2 users".
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

func utc(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
