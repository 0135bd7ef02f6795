package model

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// LowerFirst makes a sentence fit behind a colon or inside another one.
func LowerFirst(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	if size == 0 || strings.HasPrefix(s, "AWS") {
		return s
	}
	return string(unicode.ToLower(r)) + s[size:]
}

// UpperFirst makes the end of a sentence one of its own.
func UpperFirst(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[size:]
}
