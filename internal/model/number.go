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
