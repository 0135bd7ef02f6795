package csvimport

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-sso/postern/internal/model"
)

// set puts one cell into the row and says what is wrong with it, in a sentence.
func (r *Row) set(column, cell string) string {
	value := model.Canonical(cell)
	if column != ColumnGroups && strings.Contains(value, "\n") {
		return fmt.Sprintf("There is a line break in the %s. Write it on one line.", strings.ReplaceAll(column, "_", " "))
	}
	switch column {
	case ColumnUsername:
		r.Username = value
		if value == "" {
			return "" // said once, for the row
		}
		return say("username", value, model.CheckUsername(value))
	case ColumnEmail:
		r.Email = value
		if value == "" {
			return ""
		}
		return say("email", value, model.CheckEmail(value))
	case ColumnDisplayName:
		r.DisplayName = value
		return say("display name", value, model.CheckPersonName(value))
	case ColumnFirstName:
		r.FirstName = value
		return say("first name", value, model.CheckPersonName(value))
	case ColumnLastName:
		r.LastName = value
		return say("last name", value, model.CheckPersonName(value))
	case ColumnActive:
		return r.setActive(value)
	case ColumnGroups:
		return r.setGroups(value)
	default:
		return ""
	}
}

func (r *Row) setActive(value string) string {
	yes, no := true, false
	switch strings.ToLower(value) {
	case "":
	case "true", "yes", "y", "1", "active", "enabled":
		r.Active = &yes
	case "false", "no", "n", "0", "inactive", "disabled":
		r.Active = &no
	default:
		return fmt.Sprintf("Active is “%s”. Write yes or no, or leave it empty.", clip(value))
	}
	return ""
}

// setGroups splits the cell at ";", "|" and the ends of lines: one of the two is
// free whatever separates the cells.
func (r *Row) setGroups(value string) string {
	for _, g := range strings.FieldsFunc(value, func(c rune) bool { return c == ';' || c == '|' || c == '\n' }) {
		g = model.Canonical(Trim(g))
		if g == "" || slices.ContainsFunc(r.Groups, func(h string) bool { return model.Key(h) == model.Key(g) }) {
			continue
		}
		if err := model.CheckGroupName(g); err != nil {
			return say("group", g, err)
		}
		r.Groups = append(r.Groups, g)
	}
	return ""
}

func say(what, value string, err error) string {
	if err == nil {
		return ""
	}
	return fmt.Sprintf("The %s “%s” %s.", what, clip(value), err)
}

// clip shortens what is quoted in a message.
func clip(s string) string {
	const most = 60
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	return string(r[:most]) + "…"
}
