package crowd

import (
	"strings"
	"unicode"

	"github.com/postern-sso/postern/internal/store"
)

// Crowd's query language, as its documentation shows it:
//
//	name = "admin*" and (active = true or createdDate > 2026-01-31)
//
// Values may be bare, or in single or double quotes; an asterisk at the
// beginning or the end of a text stands for anything.

// token is a word, a sign, or a value in quotes.
type token struct {
	text   string
	quoted bool
}

// is tells whether a token is a word or sign of the language.
func (t token) is(word string) bool { return !t.quoted && strings.EqualFold(t.text, word) }

type queryReader struct {
	kind   entityKind
	tokens []token
	parts  int
}

// readQuery reads a restriction in Crowd's query language. An empty one
// restricts nothing.
func readQuery(kind entityKind, text string) (store.Restriction, error) {
	tokens, err := tokenize(text)
	if err != nil || len(tokens) == 0 {
		return store.Restriction{}, err
	}
	q := &queryReader{kind: kind, tokens: tokens}
	r, err := q.either(1)
	if err == nil && len(q.tokens) > 0 {
		err = illegal("The restriction cannot be read at <%s>.", shorten(q.tokens[0].text))
	}
	return r, err
}

func tokenize(text string) ([]token, error) {
	var tokens []token
	for rest := []rune(text); len(rest) > 0; {
		switch c := rest[0]; {
		case unicode.IsSpace(c):
			rest = rest[1:]
		case strings.ContainsRune("()=<>", c):
			tokens, rest = append(tokens, token{text: string(c)}), rest[1:]
		case c == '"' || c == '\'':
			value, after, ok := quoted(rest[1:], c)
			if !ok {
				return nil, illegal("The restriction has a quotation mark that is not closed.")
			}
			tokens, rest = append(tokens, token{value, true}), after
		default:
			n := 1
			for n < len(rest) && !unicode.IsSpace(rest[n]) && !strings.ContainsRune(`()=<>"'`, rest[n]) {
				n++
			}
			tokens, rest = append(tokens, token{text: string(rest[:n])}), rest[n:]
		}
		if len(tokens) > 8*maxParts {
			return nil, illegal("The restriction has too many parts.")
		}
	}
	return tokens, nil
}

// quoted reads up to the closing mark; a backslash takes the next character as
// it is.
func quoted(rest []rune, mark rune) (string, []rune, bool) {
	var b strings.Builder
	for i := 0; i < len(rest); i++ {
		switch {
		case rest[i] == mark:
			return b.String(), rest[i+1:], true
		case rest[i] == '\\' && i+1 < len(rest):
			i++
		}
		b.WriteRune(rest[i])
	}
	return "", nil, false
}

// either is parts with "or" between them, which binds less than "and".
func (q *queryReader) either(depth int) (store.Restriction, error) {
	parts, err := q.joined("or", func() (store.Restriction, error) {
		all, err := q.joined("and", func() (store.Restriction, error) { return q.part(depth) })
		if err != nil || len(all) == 1 {
			return first(all), err
		}
		return store.Restriction{All: all}, nil
	})
	if err != nil || len(parts) == 1 {
		return first(parts), err
	}
	return store.Restriction{Any: parts}, nil
}

func first(all []store.Restriction) store.Restriction {
	if len(all) == 0 {
		return store.Restriction{}
	}
	return all[0]
}

func (q *queryReader) joined(word string, part func() (store.Restriction, error)) ([]store.Restriction, error) {
	var all []store.Restriction
	for {
		r, err := part()
		if err != nil {
			return nil, err
		}
		all = append(all, r)
		if len(q.tokens) == 0 || !q.tokens[0].is(word) {
			return all, nil
		}
		q.tokens = q.tokens[1:]
	}
}

// part is a comparison, or something in parentheses.
func (q *queryReader) part(depth int) (store.Restriction, error) {
	if q.parts++; depth > maxDepth || q.parts > maxParts {
		return store.Restriction{}, illegal("The restriction has too many parts.")
	}
	if len(q.tokens) > 0 && q.tokens[0].is("(") {
		q.tokens = q.tokens[1:]
		r, err := q.either(depth + 1)
		if err != nil {
			return r, err
		}
		if len(q.tokens) == 0 || !q.tokens[0].is(")") {
			return r, illegal("The restriction has a parenthesis that is not closed.")
		}
		q.tokens = q.tokens[1:]
		return r, nil
	}
	if len(q.tokens) < 3 {
		return store.Restriction{}, illegal("The restriction ends too early.")
	}
	property, sign, value := q.tokens[0], q.tokens[1], q.tokens[2]
	q.tokens = q.tokens[3:]
	return q.comparison(property.text, sign, value)
}

func (q *queryReader) comparison(property string, sign, value token) (store.Restriction, error) {
	is := q.kind.property(property)
	if is == 0 {
		return store.Restriction{}, illegal("A %s has no property <%s>.", q.kind.name, shorten(property))
	}
	if !value.quoted && strings.ContainsAny(value.text, "()=<>") {
		return store.Restriction{}, illegal("The restriction has no value for <%s>.", property)
	}
	match, text := store.MatchEquals, value.text
	switch {
	case sign.is("<"):
		match = store.MatchLess
	case sign.is(">"):
		match = store.MatchGreater
	case !sign.is("="):
		return store.Restriction{}, illegal("The restriction compares with <%s>; = < > are known.", shorten(sign.text))
	case is == store.PropertyText:
		match, text = wildcard(text)
	}
	return comparison(property, is, match, text)
}

// wildcard reads the asterisks around a text.
func wildcard(text string) (store.Match, string) {
	begins, ends := strings.HasPrefix(text, "*"), strings.HasSuffix(text, "*")
	bare := strings.TrimSuffix(strings.TrimPrefix(text, "*"), "*")
	switch {
	case begins && ends:
		return store.MatchContains, bare
	case begins:
		return store.MatchEndsWith, bare
	case ends:
		return store.MatchStartsWith, bare
	}
	return store.MatchEquals, text
}
