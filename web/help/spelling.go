package help

import (
	"slices"
	"strings"
)

// corrected is a question with words of the guide in place of those that are
// written wrongly (empty where there are none), what each wrong one may stand for,
// and the words that neither the guide nor the synonyms know.
func (x *guideIndex) corrected(query string) (meant string, guesses map[string]string, unknown []string) {
	var b strings.Builder
	at := 0
	guesses = map[string]string{}
	for _, w := range wordsOf(query) {
		written := strings.ToLower(query[w.from:w.to])
		if w.from < at || x.knows(written, w.term) {
			continue
		}
		unknown = append(unknown, query[w.from:w.to])
		if better := x.nearest(written); better != "" {
			b.WriteString(query[at:w.from] + better)
			at, guesses[w.term] = w.to, termOf(better)
		}
	}
	if len(guesses) == 0 {
		return "", nil, unknown
	}
	return b.String() + query[at:], guesses, unknown
}

// knows tells whether a word leads anywhere as it is.
func (x *guideIndex) knows(written, term string) bool {
	if x.among[term] > 0 || slices.Contains(stopTerms, term) || slices.ContainsFunc(synonyms, func(s synonym) bool { return slices.Contains(s.words, term) }) {
		return true
	}
	for w := range x.words {
		if len(written) >= 3 && strings.HasPrefix(w, written) {
			return true // not written to its end
		}
	}
	return false
}

// nearest is the word of the guide or of the synonyms that is written almost so: one
// letter otherwise in short words, two after the same first one in long ones; the
// nearest, of these the one that the guide uses most.
func (x *guideIndex) nearest(written string) string {
	word := []rune(written)
	allowed := 2
	switch {
	case len(word) < 5 || len(word) > 40:
		return ""
	case len(word) < 8:
		allowed = 1
	}
	best, away := "", allowed+1
	consider := func(w string, n int) {
		if allowed > 1 && !strings.HasPrefix(w, string(word[:1])) {
			return
		}
		d := distance(word, []rune(w), allowed)
		if d < away || (d == away && d <= allowed && (n > x.words[best] || (n == x.words[best] && w < best))) {
			best, away = w, d
		}
	}
	for w, n := range x.words {
		consider(w, n)
	}
	for _, row := range synonymTable {
		for w := range strings.FieldsSeq(row[0]) {
			consider(w, x.words[w])
		}
	}
	return best
}

// distance is how many letters must be put in, left out, changed or swapped with
// their neighbor to get from one word to the other; more than most is most+1.
func distance(a, b []rune, most int) int {
	if max(len(a)-len(b), len(b)-len(a)) > most {
		return most + 1
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row[0] = i + 1
		for j := range b {
			differs := 1
			if a[i] == b[j] {
				differs = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+differs)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return min(last[len(b)], most+1)
}
