package configdoc

import (
	"encoding/json"
	"regexp"
	"strings"
	"unicode"
)

// plain matches text that YAML takes for text without quotes, whatever the
// reader: letters first, and nothing that could begin a comment, a key or a
// number. Words with a meaning are excluded by isWord.
var plain = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.@/+-]*(?: [A-Za-z0-9_.@/+(-][A-Za-z0-9_.@/+()-]*)*$`)

// isWord tells whether some version of YAML takes the text for a boolean or
// nothing.
func isWord(s string) bool {
	switch strings.ToLower(s) {
	case "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf":
		return true
	}
	return false
}

// scalar is text as it stands after a key or in a list, on one line.
func scalar(s string) string {
	if plain.MatchString(s) && !isWord(s) {
		return s
	}
	return quoted(s)
}

// quoted is text in double quotes. YAML's escapes include JSON's.
func quoted(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string can always be encoded
	return strings.TrimSuffix(b.String(), "\n")
}

// fitsBlock tells whether text survives as a literal block: it ends in one line
// break, begins with neither blank nor line break, and holds only printable
// characters without blanks before a line's end.
func fitsBlock(s string) bool {
	if !strings.HasSuffix(s, "\n") || strings.HasSuffix(s, "\n\n") || strings.HasPrefix(s, " ") || strings.HasPrefix(s, "\n") {
		return false
	}
	if strings.Contains(s, " \n") {
		return false
	}
	for _, r := range s {
		if r != '\n' && (!unicode.IsPrint(r) || r == '\ufeff') {
			return false
		}
	}
	return true
}

// block is text as a literal block under a key, at an indentation.
func block(s, indent string) string {
	var b strings.Builder
	b.WriteString("|\n")
	for line := range strings.SplitSeq(strings.TrimSuffix(s, "\n"), "\n") {
		if line != "" {
			b.WriteString(indent + line)
		}
		b.WriteByte('\n')
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// flow is a list on one line.
func flow(items []string) string {
	parts := make([]string, len(items))
	for i, s := range items {
		parts[i] = scalar(s)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}
