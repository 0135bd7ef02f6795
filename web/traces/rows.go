package traces

import (
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/templates/parts"
	"github.com/postern-sso/postern/templates/paths"
)

// LoginRows are logins as lists show them.
func (lf Traces) LoginRows(logins []model.Login) []parts.LoginRow {
	rows := make([]parts.LoginRow, 0, len(logins))
	for _, l := range logins {
		rows = append(rows, lf.LoginRow(l))
	}
	return rows
}

// LoginRow adds the reason in words, as of now.
func (lf Traces) LoginRow(l model.Login) parts.LoginRow {
	row := parts.LoginRow{Login: l, Code: l.Code(lf.Now())}
	if row.Code != "" {
		row.Reason = sso.Explain(row.Code).Title
	}
	return row
}

// AddPerson is the address of the form to add somebody, filled in.
func AddPerson(username, email, display, first, last string) string {
	return paths.WithQuery(paths.UsersNew, "username", username, "email", email,
		"display_name", display, "first_name", first, "last_name", last)
}
