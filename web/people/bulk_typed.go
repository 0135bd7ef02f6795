package people

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/web/csvimport"
	"github.com/postern-sso/postern/web/kit"
)

// typedLine is what one line of a form says about people.
type typedLine struct {
	whole string   // the line as one name: names may hold what separates others
	cells []string // what stands between commas, semicolons and tabs
}

// typedPeople are the lines that a form has: those who are ticked, and what is
// typed. Below a line that names columns only that of the username counts, else of
// the email.
func typedPeople(r *http.Request) ([]typedLine, error) {
	if err := r.ParseForm(); err != nil {
		return nil, fmt.Errorf("%w: %w", kit.ErrBadForm, err)
	}
	var lines []typedLine
	for _, name := range r.PostForm["ticked"] {
		lines = append(lines, typedLine{whole: model.Canonical(name)})
	}
	text := strings.ReplaceAll(strings.ReplaceAll(r.PostFormValue("people"), "\r\n", "\n"), "\r", "\n")
	column, first := -1, true
	for line := range strings.SplitSeq(text, "\n") {
		cells := cellsOf(line)
		if len(cells) == 0 {
			continue
		}
		if first {
			first = false
			if c, is := headerOf(cells); is {
				column = c
				continue
			}
		}
		switch {
		case column < 0:
			lines = append(lines, typedLine{whole: csvimport.Trim(line), cells: cells})
		case column < len(cells):
			lines = append(lines, typedLine{cells: cells[column : column+1]})
		}
	}
	return lines, nil
}

// namesTyped are the people whom a form chooses, what beside them is nobody, and
// the users whom it may mean.
func (rm *Room) namesTyped(r *http.Request) (names, leftOut []string, known knownPeople, err error) {
	typed, err := typedPeople(r)
	if err != nil {
		return nil, nil, known, err
	}
	if known, err = rm.knownPeople(r.Context(), typed); err != nil {
		return nil, nil, known, err
	}
	names, leftOut = known.chosen(typed)
	return names, leftOut, known, nil
}

// cellsOf splits a line at commas, semicolons and tabs outside double quotes. A
// line of blanks has no cells.
func cellsOf(line string) (cells []string) {
	begin, quoted := 0, false
	for i, c := range line {
		switch {
		case c == '"':
			quoted = !quoted
		case !quoted && strings.ContainsRune(",;\t", c):
			cells = append(cells, personIn(line[begin:i]))
			begin = i + 1
		}
	}
	cells = append(cells, personIn(line[begin:]))
	if !slices.ContainsFunc(cells, func(c string) bool { return c != "" }) {
		return nil
	}
	return cells
}

// personIn is a cell without quotes and blanks around it; of “Ana Example
// <ana@example.com>”, as mail programs write people, it is the address.
func personIn(cell string) string {
	cell = csvimport.Trim(strings.Trim(csvimport.Trim(cell), `"`))
	if begin := strings.LastIndexByte(cell, '<'); begin >= 0 && strings.HasSuffix(cell, ">") && strings.Contains(cell[begin:], "@") {
		cell = cell[begin+1 : len(cell)-1]
	}
	return model.Canonical(cell)
}

// headerOf tells whether the first line names columns, and in which the people
// are; -1 where it names no more than one.
func headerOf(cells []string) (column int, is bool) {
	known := 0
	for _, c := range cells {
		switch key := model.Key(c); {
		case key == csvimport.ColumnUsername || key == csvimport.ColumnEmail:
			known += 2 // nothing else is called so
		case csvimport.ColumnOf(c) != "":
			known++ // somebody may be
		}
	}
	if known < 2 {
		return -1, false
	}
	for _, name := range []string{csvimport.ColumnUsername, csvimport.ColumnEmail} {
		if i := slices.IndexFunc(cells, func(c string) bool { return csvimport.ColumnOf(c) == name }); i >= 0 {
			if len(cells) == 1 {
				i = -1
			}
			return i, true
		}
	}
	return -1, false
}

// knownPeople are the users whom a form may mean.
type knownPeople struct {
	byName  map[string]model.User
	byEmail map[string][]model.User
}

// knownPeople finds the users whom the lines may name.
func (rm *Room) knownPeople(ctx context.Context, lines []typedLine) (knownPeople, error) {
	known := knownPeople{byName: map[string]model.User{}, byEmail: map[string][]model.User{}}
	var keys []string
	for _, l := range lines {
		for _, text := range append(l.cells, l.whole) {
			if key := model.Key(text); key != "" {
				keys = append(keys, key)
			}
		}
	}
	slices.Sort(keys)
	users, err := rm.Store.FindPeople(ctx, slices.Compact(keys))
	for _, u := range users {
		known.byName[model.Key(u.Username)] = u
		known.byEmail[model.Key(u.Email)] = append(known.byEmail[model.Key(u.Email)], u)
	}
	return known, err
}

// called are the users with that username or email; a username goes before an email.
func (k knownPeople) called(name string) []model.User {
	if u, known := k.byName[model.Key(name)]; known {
		return []model.User{u}
	}
	return k.byEmail[model.Key(name)]
}

func (k knownPeople) ids() []string {
	var ids []string
	for _, u := range k.byName {
		ids = append(ids, u.ID)
	}
	return ids
}

// chosen are the names that the lines choose, each person once. Of a line with
// somebody on it every cell that is a user counts, and the rest is left out; of a
// line with nobody the first cell counts as a name that is unknown.
func (k knownPeople) chosen(lines []typedLine) (names, leftOut []string) {
	seen := map[string]bool{}
	add := func(name string) {
		key := model.Key(name)
		if found := k.called(name); len(found) == 1 {
			key = found[0].ID
		}
		if key != "" && !seen[key] {
			seen[key] = true
			names = append(names, name)
		}
	}
	for _, l := range lines {
		isUser := func(name string) bool { return len(k.called(name)) > 0 }
		if isUser(l.whole) || len(l.cells) == 0 {
			add(l.whole)
			continue
		}
		chosen := slices.ContainsFunc(l.cells, isUser)
		for _, cell := range l.cells {
			switch {
			case cell == "":
			case isUser(cell):
				add(cell)
			case !chosen:
				add(cell)
				chosen = true
			default:
				leftOut = append(leftOut, cell)
			}
		}
	}
	return names, leftOut
}
