package help

import (
	"slices"
	"strings"
	"unicode"

	"github.com/kljensen/snowball/english"
)

// word is a word of a text: where it begins and ends, and what it counts as.
type word struct {
	from, to int
	term     string // its stem, in small letters
}

// pairs are two words that mean one thing together, by their stems.
var pairs = map[[2]string]string{ //nolint:gochecknoglobals // a constant
	{"sign", "in"}: "signin", {"log", "in"}: "signin", {"sign", "out"}: "signout", {"log", "out"}: "signout", {"log", "off"}: "signout",
	{"lock", "out"}: "lockout", {"go", "live"}: "golive", {"set", "up"}: "setup", {"back", "up"}: "backup", {"time", "out"}: "timeout",
	{"sign", "on"}: "signon", {"roll", "back"}: "rollback", {"go", "back"}: "rollback",
}

// oneWords are words that people write together or otherwise, and what they count as.
var oneWords = map[string]string{ //nolint:gochecknoglobals // a constant
	"login": "signin", "logon": "signin", "signin": "signin", "logout": "signout", "signout": "signout", "logoff": "signout", "lockout": "lockout",
	"lost": "lose", "left": "leav", "gone": "leav", "people": "person", "persons": "person", "kept": "keep", "stolen": "steal", "stole": "steal",
	"made": "make", "sent": "send", "seen": "see", "told": "tell", "brought": "bring", "came": "come", "anew": "new",
}

// wordsOf are the words of a text: letters and digits, and what joins them in
// names such as user_deactivated, which count whole and in parts.
func wordsOf(text string) []word {
	var all []word
	inside := func(c rune) bool {
		return unicode.IsLetter(c) || unicode.IsDigit(c) || c == '_' || c == '\'' || c == '’'
	}
	from := -1
	for i, c := range text + " " {
		switch {
		case inside(c) && from < 0:
			from = i
		case !inside(c) && from >= 0:
			all = append(all, named(text, from, i)...)
			from = -1
		}
	}
	return joined(all)
}

// named is a word, with its parts where a line joins them.
func named(text string, from, to int) []word {
	raw := text[from:to]
	all := []word{{from, to, termOf(raw)}}
	if strings.Contains(raw, "_") {
		for part := range strings.SplitSeq(raw, "_") {
			if part != "" {
				all = append(all, word{from, to, termOf(part)})
			}
		}
	}
	return all
}

// joined puts pairs together.
func joined(all []word) []word {
	var kept []word
	for _, w := range all {
		if n := len(kept); n > 0 {
			if whole, ok := pairs[[2]string{kept[n-1].term, w.term}]; ok {
				kept[n-1] = word{kept[n-1].from, w.to, whole}
				continue
			}
		}
		kept = append(kept, w)
	}
	return kept
}

// termOf is what a word counts as.
func termOf(raw string) string {
	small := strings.Trim(strings.ToLower(strings.ReplaceAll(raw, "’", "'")), "'_")
	small = strings.TrimSuffix(small, "'s")
	if one, ok := oneWords[small]; ok {
		return one
	}
	return english.Stem(small, true)
}

// terms are the words of a text by what they count as, without those that say
// nothing.
func terms(text string) []string {
	return slices.DeleteFunc(allTerms(text), func(t string) bool { return slices.Contains(stopTerms, t) })
}

// allTerms are the words of a text by what they count as, each once.
func allTerms(text string) []string {
	var all []string
	for _, w := range wordsOf(text) {
		if w.term != "" && !slices.Contains(all, w.term) {
			all = append(all, w.term)
		}
	}
	return all
}

// stopTerms stand in every question and say nothing about what is asked.
var stopTerms = stems("a about after again all also am an and any anybody anyone are as at be because been before being but by can cannot cant can't could " +
	"did didnt didn't do does doesnt doesn't doing done dont don't during each else every for from get gets getting got had happen happens has have having " +
	"help her him his how i i'm if in into is isnt isn't it its just let me more must my need needs no not of off on one onto or other our out over own please " +
	"postern shall she he should so some somebody someone something still than that the their them then there these they thing this those to too up us use " +
	"using very want wants was we went were what whats what's when where whether which while who whom whose why will with without won't wont would yet you your " +
	"find tell way work works working")

// stems are the terms of a list of words.
func stems(list string) []string {
	var all []string
	for raw := range strings.FieldsSeq(list) {
		all = append(all, termOf(raw))
	}
	return all
}
