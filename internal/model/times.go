package model

import "time"

// Day is a date in a sentence: "26 November 2031", in UTC.
func Day(t time.Time) string { return t.UTC().Format("2 January 2006") }

// Moment is a time in a sentence: "26 November 2031, 14:05 UTC".
func Moment(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }

// Second is a time to the second: "26 November 2031, 14:05:09 UTC".
func Second(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04:05 UTC") }

// Month is where an axis ends: "Nov 2031".
func Month(t time.Time) string { return t.UTC().Format("Jan 2006") }

// ShortDay is a day on an axis: "26 Nov".
func ShortDay(t time.Time) string { return t.UTC().Format("2 Jan") }

// Clock is an hour on an axis: "14:05", in UTC.
func Clock(t time.Time) string { return t.UTC().Format("15:04") }
