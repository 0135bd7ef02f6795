package configdoc

import (
	"bytes"
	"fmt"
)

// More of these than any document has that is meant. The parser's work grows with
// their square.
const (
	maxKeys      = 2000 // of one mapping
	maxDocuments = 50
	maxNesting   = 1000 // of brackets and braces
)

// tooMuch looks at the lines, in one pass, before anything is made of them; nil
// when the parser may read them. A block of text looks like keys where its lines
// have colons, which does no harm: it would need thousands.
func tooMuch(data []byte) *Problem {
	type mapping struct{ indent, keys int }
	var open []mapping
	documents, nesting, number := 0, 0, 0
	for line := range bytes.Lines(data) {
		number++
		line = bytes.TrimRight(line, " \t\r\n")
		text := bytes.TrimLeft(line, " ")
		if len(text) == 0 || text[0] == '#' {
			continue
		}
		if bytes.HasPrefix(line, []byte("---")) {
			documents, open = documents+1, open[:0]
		}
		key := text[0] != '-' && (text[len(text)-1] == ':' || bytes.Contains(text, []byte(": ")))
		var deepest int
		nesting, deepest = brackets(text, nesting)
		indent := len(line) - len(text)
		for len(open) > 0 && open[len(open)-1].indent > indent {
			open = open[:len(open)-1]
		}
		if key {
			if len(open) == 0 || open[len(open)-1].indent < indent {
				open = append(open, mapping{indent: indent})
			}
			open[len(open)-1].keys++
		}
		switch {
		case documents > maxDocuments:
			return &Problem{Line: number, Text: "Too many documents. Write everything in one, without “---”."}
		case deepest > maxNesting:
			return &Problem{Line: number, Text: fmt.Sprintf("Brackets are nested deeper than %d.", maxNesting)}
		case len(open) > 0 && open[len(open)-1].keys > maxKeys:
			return &Problem{Line: number, Text: fmt.Sprintf("One mapping has more than %d keys.", maxKeys)}
		}
	}
	return nil
}

// brackets is how many are open after a line and how many were at most, when so
// many are before it. Those inside a text, quoted or not, are none.
func brackets(line []byte, open int) (after, deepest int) {
	deepest = open
	before, quote := byte('-'), byte(0) // what a value may follow
	for _, c := range line {
		switch {
		case c == ' ':
			continue
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case bytes.IndexByte([]byte("-:,[{"), before) < 0: // in the middle of a text
			if c == ']' || c == '}' {
				open = max(0, open-1)
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '[' || c == '{':
			open++
			deepest = max(deepest, open)
		case c == ']' || c == '}':
			open = max(0, open-1)
		}
		before = c
	}
	return open, deepest
}
