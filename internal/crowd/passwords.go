package crowd

import (
	"errors"
	"net/http"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/seal"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/throttle"
)

// authenticate checks the password of a service account. Everybody else signs in
// through AWS and has none, which is the reason that the app gets.
func (c *call) authenticate() error {
	name, err := c.named("username")
	if err != nil {
		return err
	}
	body, err := c.readSignIn()
	if err != nil {
		return err
	}
	u, err := c.checkPassword(name, body.Password)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, c.wholeUser(u))
}

// signedIn is how an app says that it has signed somebody in by another integration,
// and asks for what is known of them now. Without it nobody gets into an app
// that takes sign-ins by OpenID Connect and users from this directory.
func (c *call) signedIn() error {
	name, err := c.named("username")
	if err != nil {
		return err
	}
	u, err := c.Store.User(c.ctx, name)
	if err != nil {
		return orElse(err, noUser(name))
	}
	if !u.Active {
		return inactive(u)
	}
	return c.answer(http.StatusOK, c.wholeUser(u))
}

// checkPassword finds the service account that name and password belong to. The
// right password is always good: it cannot be guessed, and whoever types wrong
// ones into an app's own page must not lock the account out. Wrong ones are
// written down ten times a minute, and never held against the app that sends
// them.
func (c *call) checkPassword(name, password string) (model.User, error) {
	u, err := c.Store.User(c.ctx, name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return u, err
	}
	known, err := c.servicePassword(u)
	if err != nil {
		return u, err
	}
	if u.Active && known != nil && seal.SecretMatches(password, known.Hash) {
		return u, c.Store.UseServicePassword(c.ctx, u.ID, c.Now())
	}
	if known != nil && u.Active {
		return u, c.wrongPassword(u, name)
	}
	return u, refusedPassword(name, u)
}

// wrongPassword writes down that a service account's password was wrong, unless
// it was too often, and is the answer.
func (c *call) wrongPassword(u model.User, name string) error {
	account := throttle.Limit{Key: "account " + u.ID, Most: failuresPerName}
	tooMany, err := c.gate.failures.Reached(c.ctx, account)
	if err != nil {
		return err
	}
	if tooMany {
		return fail(http.StatusBadRequest, reasonAuthentication, "The password is wrong, as many before it were.")
	}
	if err := c.gate.failures.Failed(c.ctx, account.Key); err != nil {
		return err
	}
	c.Logger.WarnContext(c.ctx, "service account refused", "user", u.ID, "app", c.app.Slug, "remote", c.note.RemoteAddr)
	return refusedPassword(name, u)
}

// servicePassword is that of a user; nil where there is none.
func (c *call) servicePassword(u model.User) (*model.ServicePassword, error) {
	if u.ID == "" {
		return nil, nil //nolint:nilnil // nobody, so no password
	}
	p, err := c.Store.ServicePassword(c.ctx, u.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil //nolint:nilnil // as most users
	}
	return &p, err
}

// refusedPassword says why in Crowd's words; u is empty for nobody.
func refusedPassword(name string, u model.User) error {
	if u.ID != "" && !u.Active {
		return inactive(u)
	}
	return fail(http.StatusBadRequest, reasonAuthentication,
		"Only service accounts have a password here: <%s> signs in through AWS IAM Identity Center, or the password is wrong.", shorten(name))
}

func inactive(u model.User) error {
	return fail(http.StatusBadRequest, reasonInactive, "Account <%s> is inactive", u.Username)
}
