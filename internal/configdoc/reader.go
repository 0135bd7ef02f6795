package configdoc

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/postern-sso/postern/internal/model"
)

// reader walks the document's syntax tree and gathers every problem on the
// way, instead of stopping at the first as decoding into structs would.
type reader struct {
	problems Problems
	readFile func(name string) ([]byte, error)
}

// value is one node of the document and where it stands.
type value struct {
	node ast.Node
	line int
	path string
}

// at is an entry of a list on one line.
func (v value) at(i int) value {
	v.path = fmt.Sprintf("%s[%d]", v.path, i)
	return v
}

func (r *reader) problem(v value, format string, args ...any) {
	r.problems = append(r.problems, Problem{Line: v.line, Path: v.path, Text: fmt.Sprintf(format, args...)})
}

// root parses YAML; nil with a problem when it is none.
func (r *reader) root(data []byte) *value {
	if p := tooMuch(data); p != nil {
		r.problems = append(r.problems, *p)
		return nil
	}
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		p := Problem{Line: 1, Text: "This is not YAML: " + err.Error()}
		var syntax yaml.Error
		if errors.As(err, &syntax) {
			p.Text = "This is not YAML: " + syntax.GetMessage() + "."
			if tk := syntax.GetToken(); tk != nil && tk.Position != nil {
				p.Line = tk.Position.Line
			}
		}
		r.problems = append(r.problems, p)
		return nil
	}
	var bodies []ast.Node
	for _, d := range file.Docs {
		if d.Body != nil {
			bodies = append(bodies, d.Body)
		}
	}
	switch len(bodies) {
	case 0:
		r.problems = append(r.problems, Problem{Line: 1, Text: "The document is empty. It begins with “version: 1”."})
		return nil
	case 1:
		return &value{node: bodies[0], line: lineOf(bodies[0], 1)}
	default:
		r.problems = append(r.problems, Problem{Line: lineOf(bodies[1], 1), Text: "A second document begins here. Write everything in one, without “---”."})
		return nil
	}
}

func lineOf(n ast.Node, otherwise int) int {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return otherwise
	}
	return n.GetToken().Position.Line
}

// mapping reads a mapping with the known keys. Unknown keys and keys that are
// there twice are problems; the rest is still read.
func (r *reader) mapping(v value, known ...string) map[string]value {
	var pairs []*ast.MappingValueNode
	switch n := v.node.(type) {
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	default:
		r.wrongKind(v, "a mapping with the keys "+strings.Join(known, ", "))
		return nil
	}
	fields := map[string]value{}
	for _, pair := range pairs {
		line := lineOf(pair.Key, v.line)
		key, ok := pair.Key.(*ast.StringNode)
		if !ok {
			r.problem(value{line: line, path: v.path}, "“%s” cannot be a key. Known keys are %s.", pair.Key.String(), strings.Join(known, ", "))
			continue
		}
		field := value{node: pair.Value, line: line, path: join(v.path, key.Value)}
		first, twice := fields[key.Value]
		switch {
		case !slices.Contains(known, key.Value):
			r.problem(field, "unknown key. Known keys are %s.", strings.Join(known, ", "))
		case twice:
			r.problem(field, "is there twice; the first is on line %d.", first.line)
		default:
			fields[key.Value] = field
		}
	}
	return fields
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// list reads a sequence.
func (r *reader) list(v value) ([]value, bool) {
	n, ok := v.node.(*ast.SequenceNode)
	if !ok {
		if _, null := v.node.(*ast.NullNode); null {
			r.problem(v, "has no value. Write [] for an empty list, or leave the key out to change nothing.")
		} else {
			r.wrongKind(v, "a list")
		}
		return nil, false
	}
	items := make([]value, len(n.Values))
	for i, item := range n.Values {
		items[i] = value{node: item, line: lineOf(item, v.line), path: fmt.Sprintf("%s[%d]", v.path, i)}
	}
	return items, true
}

// maxText is the longest text that is stored, in bytes; only metadata is longer.
const maxText = 1024

// text reads text of a usual length.
func (r *reader) text(v value) (string, bool) {
	s, ok := r.longText(v)
	if ok && len(s) > maxText {
		r.problem(v, "is longer than %s bytes.", model.Number(maxText))
		return "", false
	}
	return s, ok
}

// longText reads text. What YAML takes for a number, a boolean or nothing has to be
// quoted, so that nobody is surprised by what it becomes.
func (r *reader) longText(v value) (string, bool) {
	if s, ok := textOf(v.node); ok {
		if strings.ContainsRune(s, 0) || !utf8.ValidString(s) {
			r.problem(v, "contains a character that no text has (U+0000 or invalid UTF-8).")
			return "", false
		}
		return s, true
	}
	switch n := v.node.(type) {
	case *ast.NullNode:
		r.problem(v, "has no value. Write \"\" for empty text, or leave the key out to change nothing.")
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		r.problem(v, "must be text. Write it in quotes: \"%s\".", n.String())
	default:
		r.wrongKind(v, "text")
	}
	return "", false
}

// textOf is what a node says that is text.
func textOf(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	default:
		return "", false
	}
}

// wrongKind is the problem of a node that is not what it must be.
func (r *reader) wrongKind(v value, want string) {
	switch v.node.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		r.problem(v, "anchors (&), aliases (*) and tags (!) are not understood here. Write the value itself.")
	default:
		r.problem(v, "must be %s.", want)
	}
}

func (r *reader) boolean(v value) (yes, ok bool) {
	n, ok := v.node.(*ast.BoolNode)
	if !ok {
		r.problem(v, "must be true or false.")
		return false, false
	}
	return n.Value, true
}

func (r *reader) texts(v value) ([]string, bool) {
	items, ok := r.list(v)
	if !ok {
		return nil, false
	}
	texts := make([]string, 0, len(items))
	for _, item := range items {
		if s, ok := r.text(item); ok {
			texts = append(texts, s)
		}
	}
	return texts, true
}

// choice reads text that is one of the choices.
func choice[T ~string](r *reader, v value, choices []T) (T, bool) {
	s, ok := r.text(v)
	if !ok {
		return "", false
	}
	if !slices.Contains(choices, T(s)) {
		words := make([]string, len(choices))
		for i, c := range choices {
			words[i] = string(c)
		}
		r.problem(v, "“%s” is not known. Write one of %s.", s, strings.Join(words, ", "))
		return "", false
	}
	return T(s), true
}

// duration reads Go's duration text, for example 3m or 90s, and a bare 0.
func (r *reader) duration(v value, most time.Duration) (time.Duration, bool) {
	var s string
	switch n := v.node.(type) {
	case *ast.StringNode:
		s = n.Value
	case *ast.IntegerNode:
		s = n.String()
	}
	d, err := time.ParseDuration(s)
	switch {
	case err != nil:
		r.problem(v, "must be a duration with its unit, for example 3m or 90s.")
	case d < 0 || d > most:
		r.problem(v, "must be from 0 to %s.", formatDuration(most))
	default:
		return d, true
	}
	return 0, false
}
