package help

import (
	"slices"
	"strings"
)

const (
	excerptBytes = 180
	excerptLead  = 40 // bytes before the first word that was found
)

// excerpt is the part of a text that has most of what is asked, or its beginning.
func excerpt(s string, question []asked) string {
	words := wordsOf(s)
	sought := make([]bool, len(words))
	for i, w := range words {
		sought[i] = slices.ContainsFunc(question, func(a asked) bool {
			return slices.ContainsFunc(a.also, func(alt alternative) bool { return slices.Contains(alt.terms, w.term) })
		})
	}
	from, most := 0, 0
	for i := range words {
		if !sought[i] {
			continue
		}
		seen := map[string]bool{}
		for k := i; k < len(words) && words[k].to <= words[i].from+excerptBytes-excerptLead; k++ {
			if sought[k] {
				seen[words[k].term] = true
			}
		}
		if len(seen) > most {
			from, most = words[i].from, len(seen)
		}
	}
	return cutAtWords(s, from-excerptLead)
}

// cutAtWords is a part of a text from about there, by whole words.
func cutAtWords(s string, from int) string {
	var b strings.Builder
	at := 0
	for part := range strings.FieldsSeq(s) { // the text has single spaces
		begins := at
		at += len(part) + 1
		if begins < from {
			continue
		}
		switch {
		case b.Len()+len(part) > excerptBytes && b.Len() > 0:
			b.WriteString(" …")
			return b.String()
		case b.Len() == 0 && begins > 0:
			b.WriteString("… ")
		case b.Len() > 0:
			b.WriteByte(' ')
		}
		b.WriteString(part)
	}
	return b.String()
}
