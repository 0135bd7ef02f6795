package forms

import (
	"fmt"
	"net/http"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/people"
	"github.com/postern-sso/postern/web/kit"
)

// ReadUserForm reads and judges what somebody typed about a user.
func ReadUserForm(r *http.Request) people.UserForm {
	f := people.UserForm{
		Username: kit.Typed(r, "username"), Email: kit.Typed(r, "email"), DisplayName: kit.Typed(r, "display_name"),
		FirstName: kit.Typed(r, "first_name"), LastName: kit.Typed(r, "last_name"),
	}
	if err := model.CheckUsername(f.Username); err != nil {
		f.Problems = append(f.Problems, kit.Problem("username", "The username", err))
	}
	if f.Email != "" {
		if err := model.CheckEmail(f.Email); err != nil {
			f.Problems = append(f.Problems, kit.Problem("email", "The email", err))
		}
	}
	f.Problems = append(f.Problems, kit.Judged("display_name", "The display name", f.DisplayName, model.CheckPersonName)...)
	f.Problems = append(f.Problems, kit.Judged("first_name", "The first name", f.FirstName, model.CheckPersonName)...)
	f.Problems = append(f.Problems, kit.Judged("last_name", "The last name", f.LastName, model.CheckPersonName)...)
	return f
}

// UsernameTaken says that another user has the username.
func UsernameTaken(name string) model.Problem {
	return model.Problem{Field: "username", Text: fmt.Sprintf("There is a user “%s” already. Capital letters make no difference.", name)}
}
