package configdoc

import (
	"slices"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// setting is one key of a thing in the document, and all that is done with it:
// reading, planning, applying and exporting go through the same row, so that
// none of them can forget a key. The constructors below fill in every part.
type setting[T any] struct {
	key     string                            // "clock_skew"; of a mapping inside the thing: "jit.create"
	also    string                            // another key that says the same in another way; empty: none
	read    func(r *reader, it item) func(*T) // what the document sets; nil when it says nothing or something wrong
	get     func(T) any                       // what a plan compares and an export writes: see written
	words   func(before, after T) []edit      // what a change means; nil: the values say it
	omit    func(T) bool                      // an export leaves the key out; nil: never
	mention *mention                          // the value names things; nil: it does not
}

// mention says what a value names: groups or a connection.
type mention struct {
	kind        string // "group" or "connection"
	emptyIsNone bool   // an empty name is no name
}

// thing is what the document says about one connection, group, rule, user or app.
type thing[T any] struct {
	item
	set []assignment[T]
}

type assignment[T any] struct {
	key string
	to  func(*T)
}

// readThing reads a mapping by the rows of its keys; more are further keys that
// it may have, which the caller reads.
func readThing[T any](r *reader, v value, rows []setting[T], more ...string) thing[T] {
	known := slices.Clone(more)
	for _, row := range rows {
		if row.also != "" {
			known = append(known, row.also)
		}
		known = append(known, row.key)
	}
	t := thing[T]{item: item{v, r.fields(v, known)}}
	for _, row := range rows {
		if to := row.read(r, t.item); to != nil {
			t.set = append(t.set, assignment[T]{row.key, to})
		}
	}
	return t
}

// apply is a thing with everything that the document says about it.
func (t thing[T]) apply(to T) T {
	for _, s := range t.set {
		s.to(&to)
	}
	return to
}

// said is what the document says, and nothing else.
func (t thing[T]) said() T {
	var nothing T
	return t.apply(nothing)
}

func (t thing[T]) says(key string) bool {
	return slices.ContainsFunc(t.set, func(s assignment[T]) bool { return s.key == key })
}

// mentions visits the names of groups and connections that the document says
// with this thing.
func (t thing[T]) mentions(rows []setting[T], visit func(it item, field, kind, name string)) {
	said := t.said()
	for _, row := range rows {
		if row.mention == nil || !t.says(row.key) {
			continue
		}
		for _, name := range namesIn(row.get(said)) {
			if name != "" || !row.mention.emptyIsNone {
				visit(t.item, row.key, row.mention.kind, name)
			}
		}
	}
}

func namesIn(v any) []string {
	switch x := v.(type) {
	case []string:
		return x
	case names:
		return x
	case string:
		return []string{x}
	default:
		return nil
	}
}

// differences are the changes from one thing to another, one a key.
func differences[T any](rows []setting[T], before, after T) []edit {
	var changes []edit
	for _, row := range rows {
		from, to := row.get(before), row.get(after)
		if row.words != nil && !equalValues(from, to) {
			changes = append(changes, row.words(before, after)...)
			continue
		}
		changes = append(changes, differs(row.key, from, to)...)
	}
	return changes
}

// exported are the keys and values that an export has of a thing.
func exported[T any](rows []setting[T], of T) []field {
	var fields []field
	for _, row := range rows {
		if row.omit == nil || !row.omit(of) {
			fields = append(fields, field{row.key, row.get(of)})
		}
	}
	return fields
}

// valueSetting is a setting that is read into a field of T.
func valueSetting[T, F any](key string, at func(*T) *F, read func(*reader, value) (F, bool), get func(F) any) setting[T] {
	return setting[T]{
		key: key,
		read: func(r *reader, it item) func(*T) {
			v, ok := it.lines[key]
			if !ok {
				return nil
			}
			f, ok := read(r, v)
			if !ok {
				return nil
			}
			return func(to *T) { *at(to) = f }
		},
		get: func(t T) any { return get(*at(&t)) },
	}
}

// check says what is wrong with a text, to stand behind it in a sentence.
type check func(string) error

func unlessEmpty(c check) check {
	return func(s string) error {
		if s == "" {
			return nil
		}
		return c(s)
	}
}

// judge notes what the checks find wrong. The value is read nevertheless.
func (r *reader) judge(v value, s string, checks []check) {
	for _, c := range checks {
		if err := c(s); err != nil {
			r.problem(v, "“%s” %v.", s, err)
		}
	}
}

// nameSetting is the text that names a thing, without which there is none.
func nameSetting[T any](key string, at func(*T) *string, c check) setting[T] {
	s := typedSetting(key, at, model.Canonical, c)
	read := s.read
	s.read = func(r *reader, it item) func(*T) {
		if _, ok := it.lines[key]; !ok && it.lines != nil { // else it is known already that this is no mapping
			r.problem(it.at, "the %s is missing.", key)
		}
		return read(r, it)
	}
	return s
}

func textSetting[T any](key string, at func(*T) *string, checks ...check) setting[T] {
	return typedSetting(key, at, func(s string) string { return s }, checks...)
}

// typedSetting is a text that is brought into its form before it is judged, as
// forms and files bring it.
func typedSetting[T any](key string, at func(*T) *string, form func(string) string, checks ...check) setting[T] {
	return valueSetting(key, at, func(r *reader, v value) (string, bool) {
		s, ok := r.text(v)
		if ok {
			s = form(s)
			r.judge(v, s, checks)
		}
		return s, ok
	}, func(s string) any { return form(s) })
}

// fitSetting is a text with a judge and a limit. What was stored before it had
// one is exported, and compared, as it would pass.
func fitSetting[T any](key string, at func(*T) *string, limit int) setting[T] {
	s := typedSetting(key, at, model.Canonical, func(s string) error { return model.CheckText(s, limit) })
	s.get = func(t T) any { return model.Canonical(model.FitText(*at(&t), limit)) }
	return s
}

// choiceSetting is text that is one of the choices.
func choiceSetting[T any, S ~string](key string, at func(*T) *S, choices ...S) setting[T] {
	return valueSetting(key, at, func(r *reader, v value) (S, bool) { return choice(r, v, choices) }, func(s S) any { return string(s) })
}

func boolSetting[T any](key string, at func(*T) *bool) setting[T] {
	return valueSetting(key, at, (*reader).boolean, func(b bool) any { return b })
}

func durationSetting[T any](key string, at func(*T) *time.Duration, most time.Duration) setting[T] {
	return valueSetting(key, at, func(r *reader, v value) (time.Duration, bool) { return r.duration(v, most) },
		func(d time.Duration) any { return formatDuration(d) })
}

// listSetting is a list of texts, in an order that counts. Blanks around them do not.
func listSetting[T any](key string, at func(*T) *[]string, checks ...check) setting[T] {
	return valueSetting(key, at, func(r *reader, v value) ([]string, bool) {
		items, ok := r.texts(v)
		for i, s := range items {
			items[i] = strings.TrimSpace(s)
			r.judge(v.at(i), items[i], checks)
		}
		return items, ok
	}, func(items []string) any { return items })
}

// domainsSetting is a list of email domains whose people may become users.
func domainsSetting[T any](key string, at func(*T) *[]string) setting[T] {
	form := func(items []string) []string {
		same := slices.Clone(items)
		for i, s := range same {
			same[i] = model.CanonicalDomain(s)
		}
		return same
	}
	return valueSetting(key, at, func(r *reader, v value) ([]string, bool) {
		items, ok := r.texts(v)
		if items = form(items); ok {
			for i, s := range items {
				r.judge(v.at(i), s, []check{model.CheckAllowedDomain})
			}
		}
		return items, ok
	}, func(items []string) any { return form(items) })
}

// names are names of groups: neither their order nor the case counts.
type names []string

func (n names) equal(other names) bool {
	return slices.EqualFunc(n, other, func(a, b string) bool { return model.Key(a) == model.Key(b) })
}

// groupsSetting is a list of groups.
func groupsSetting[T any](key string, at func(*T) *[]string) setting[T] {
	s := valueSetting(key, at, (*reader).texts, func(items []string) any { return names(sortedNames(items)) })
	s.mention = &mention{kind: "group"}
	return s
}

// fields reads a mapping with the known keys, and the mappings inside it: of
// known "jit.create" it reads the mapping "jit". It returns the fields by their
// whole keys, those of the inner mappings among them; nil when v is no mapping.
func (r *reader) fields(v value, known []string) map[string]value {
	var heads []string
	inner := map[string][]string{}
	for _, key := range known {
		head, rest, nested := strings.Cut(key, ".")
		if !slices.Contains(heads, head) {
			heads = append(heads, head)
		}
		if nested {
			inner[head] = append(inner[head], rest)
		}
	}
	m := r.mapping(v, heads...)
	for _, head := range heads {
		at, there := m[head]
		if !there || inner[head] == nil {
			continue
		}
		for key, field := range r.fields(at, inner[head]) {
			m[head+"."+key] = field
		}
	}
	return m
}
