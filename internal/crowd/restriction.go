package crowd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"strconv"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/store"
)

// Limits of a restriction: what an app sends is small.
const (
	maxDepth = 16
	maxParts = 500
	maxValue = 1024 // characters
)

// wireRestriction is a restriction as it is sent, in JSON or XML.
type wireRestriction struct {
	Kind         string            `json:"restriction-type"`
	Logic        string            `json:"boolean-logic"`
	Restrictions []wireRestriction `json:"restrictions"`
	Property     struct {
		Name string `json:"name"`
		Type string `json:"type"`
	} `json:"property"`
	Match string `json:"match-mode"`
	Value any    `json:"value"`
}

// readRestriction reads the body of a search. An empty body restricts nothing.
func readRestriction(kind entityKind, contentType string, body []byte) (store.Restriction, error) {
	text := strings.TrimSpace(string(body))
	if text == "" {
		return store.Restriction{}, nil
	}
	var w wireRestriction
	if isJSON(contentType, text) {
		if !readStrictly(text, &w) {
			return store.Restriction{}, illegal("The restriction is not JSON as it is expected.")
		}
	} else {
		root, err := readXML(body)
		if err != nil {
			return store.Restriction{}, err
		}
		if w, err = wireOf(root); err != nil {
			return store.Restriction{}, err
		}
	}
	parts := 0
	return w.read(kind, 1, &parts)
}

// readStrictly reads JSON that has nothing in it but what is known.
func readStrictly(text string, into any) bool {
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return false
	}
	_, err := d.Token()
	return errors.Is(err, io.EOF)
}

// isJSON goes by the content type, and without a useful one by the first character.
func isJSON(contentType, text string) bool {
	kind, _, _ := mime.ParseMediaType(contentType)
	switch kind {
	case "application/json":
		return true
	case "application/xml", "text/xml":
		return false
	}
	return strings.HasPrefix(text, "{")
}

// wireOf is a restriction from its element. What is not understood is refused:
// without it the answer would have more in it than was asked for.
func wireOf(e *element) (wireRestriction, error) {
	w := wireRestriction{Kind: e.name, Logic: e.attributes["boolean-logic"]}
	for _, child := range e.children {
		switch e.name + " " + child.name {
		case "boolean-search-restriction restrictions":
			for _, part := range child.children {
				r, err := wireOf(part)
				if err != nil {
					return w, err
				}
				w.Restrictions = append(w.Restrictions, r)
			}
		case "property-search-restriction property":
			w.Property.Name, w.Property.Type = child.text("name"), child.text("type")
		case "property-search-restriction match-mode":
			w.Match = strings.TrimSpace(child.content)
		case "property-search-restriction value":
			w.Value = child.content
		default:
			return w, illegal("There is no <%s> in a restriction of the kind <%s>.", shorten(child.name), shorten(e.name))
		}
	}
	return w, nil
}

func (w wireRestriction) read(kind entityKind, depth int, parts *int) (store.Restriction, error) {
	if *parts++; depth > maxDepth || *parts > maxParts {
		return store.Restriction{}, illegal("The restriction has too many parts.")
	}
	switch w.Kind {
	case "null-search-restriction":
		return store.Restriction{}, nil
	case "boolean-search-restriction":
		return w.readBoolean(kind, depth, parts)
	case "property-search-restriction":
		return w.readProperty(kind)
	}
	return store.Restriction{}, illegal("There is no restriction of the kind <%s>.", shorten(w.Kind))
}

func (w wireRestriction) readBoolean(kind entityKind, depth int, parts *int) (store.Restriction, error) {
	if len(w.Restrictions) == 0 {
		return store.Restriction{}, illegal("The list of restrictions is empty.")
	}
	var all []store.Restriction
	for _, part := range w.Restrictions {
		r, err := part.read(kind, depth+1, parts)
		if err != nil {
			return r, err
		}
		all = append(all, r)
	}
	switch strings.ToLower(w.Logic) {
	case "and":
		return store.Restriction{All: all}, nil
	case "or":
		return store.Restriction{Any: all}, nil
	}
	return store.Restriction{}, illegal("The boolean logic must be and or or.")
}

// matches are Crowd's ways to compare.
var matches = map[string]store.Match{
	"EXACTLY_MATCHES": store.MatchEquals,
	"STARTS_WITH":     store.MatchStartsWith,
	"ENDS_WITH":       store.MatchEndsWith,
	"CONTAINS":        store.MatchContains,
	"LESS_THAN":       store.MatchLess,
	"GREATER_THAN":    store.MatchGreater,
	"NULL":            store.MatchNull,
}

// propertyTypes are Crowd's names of what properties are.
var propertyTypes = map[string]store.PropertyType{
	"STRING": store.PropertyText, "BOOLEAN": store.PropertyBool, "DATE": store.PropertyTime,
}

func (w wireRestriction) readProperty(kind entityKind) (store.Restriction, error) {
	is := kind.property(w.Property.Name)
	if is == 0 {
		return store.Restriction{}, illegal("A %s has no property <%s>.", kind.name, shorten(w.Property.Name))
	}
	if said := strings.ToUpper(w.Property.Type); said != "" && propertyTypes[said] != is {
		return store.Restriction{}, illegal("The property <%s> is not of the type <%s>.", w.Property.Name, shorten(w.Property.Type))
	}
	match, ok := matches[strings.ToUpper(w.Match)]
	if !ok {
		return store.Restriction{}, illegal("There is no match mode <%s>.", shorten(w.Match))
	}
	value := ""
	switch v := w.Value.(type) {
	case nil:
	case string:
		value = v
	case bool:
		value = strconv.FormatBool(v)
	case float64:
		value = strconv.FormatFloat(v, 'f', -1, 64)
	default:
		return store.Restriction{}, illegal("The value for <%s> is not a single one.", w.Property.Name)
	}
	return comparison(w.Property.Name, is, match, value)
}

// comparison is one property compared with a value, which is judged here.
func comparison(property string, is store.PropertyType, match store.Match, value string) (store.Restriction, error) {
	r := store.Restriction{Property: property, Match: match}
	if match == store.MatchNull {
		return r, nil
	}
	if len([]rune(value)) > maxValue {
		return r, illegal("The value for <%s> is too long.", property)
	}
	text := strings.TrimSpace(value)
	switch is {
	case store.PropertyBool:
		b, err := strconv.ParseBool(strings.ToLower(text))
		if err != nil || match != store.MatchEquals {
			return r, illegal("The property <%s> is true or false.", property)
		}
		r.Bool = b
	case store.PropertyTime:
		t, ok := readTime(text)
		if !ok || (match != store.MatchEquals && match != store.MatchLess && match != store.MatchGreater) {
			return r, illegal("The property <%s> is a date.", property)
		}
		r.Time = t
	default:
		r.Text = value
	}
	return r, nil
}

// readTime reads a date as Crowd's clients write it: ISO 8601, or milliseconds
// since 1970.
func readTime(text string) (time.Time, bool) {
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil && len(text) > 8 {
		t := time.UnixMilli(ms).UTC()
		return t, t.Year() > 0 && t.Year() < 10000
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05", "2006-01-02"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, t.UTC().Year() > 0 && t.UTC().Year() < 10000
		}
	}
	return time.Time{}, false
}

// shorten keeps what was sent out of long messages.
func shorten(s string) string {
	if r := []rune(s); len(r) > 64 {
		return fmt.Sprintf("%s…", string(r[:64]))
	}
	return s
}
