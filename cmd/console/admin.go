package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/access"
)

type adminCmd struct {
	Add   adminAddCmd   `cmd:"" help:"Add an administrator. The password comes on standard input, or is generated and printed once."`
	Reset adminResetCmd `cmd:"" help:"Set a new password, remove the passkeys and end every session of an administrator."`
	List  adminListCmd  `cmd:"" help:"List the administrators."`
}

type adminAddCmd struct {
	databaseFlags
	Email string `arg:"" help:"Email address, used to sign in."`
	Role  string `enum:"owner,admin,viewer" default:"owner" help:"owner, admin or viewer (${default})."`
}

// Run adds the administrator.
func (c *adminAddCmd) Run(ctx context.Context, io streams) (err error) {
	email := model.Canonical(c.Email)
	if err := model.CheckEmail(email); err != nil {
		return fmt.Errorf("%q %w", c.Email, err)
	}
	password, generated, err := readPassword(io.in, email)
	if err != nil {
		return err
	}
	hash, err := access.HashPassword(ctx, password)
	if err != nil {
		return err
	}
	db, err := c.openMigrated(ctx, quiet())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close(ctx)) }()
	_, err = db.CreateAdministrator(ctx, shell, model.Administrator{Email: email, PasswordHash: hash, Role: model.Role(c.Role)})
	if errors.Is(err, store.ErrExists) {
		return fmt.Errorf("%s is an administrator already; “console admin reset %s” sets a new password", email, email)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(io.out, "Added %s as %s.\n", email, c.Role)
	tellPassword(io.out, password, generated)
	return nil
}

type adminResetCmd struct {
	databaseFlags
	Email string `arg:"" help:"Email address of the administrator."`
}

// Run sets a new password.
func (c *adminResetCmd) Run(ctx context.Context, io streams) (err error) {
	db, err := c.openMigrated(ctx, quiet())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close(ctx)) }()
	a, err := db.AdministratorByEmail(ctx, c.Email)
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("%s is not an administrator; “console admin list” shows who is", c.Email)
	}
	if err != nil {
		return err
	}
	password, generated, err := readPassword(io.in, a.Email)
	if err != nil {
		return err
	}
	hash, err := access.HashPassword(ctx, password)
	if err != nil {
		return err
	}
	err = db.UpdateAdministrator(ctx, shell, a.ID, func(a *model.Administrator) error {
		a.PasswordHash = hash
		return nil
	})
	if err != nil {
		return err
	}
	passkeys, err := db.RemovePasskeys(ctx, shell, a)
	if err != nil {
		return err
	}
	if err := db.ForgetSignInAttempts(ctx, a); err != nil {
		return err
	}
	if passkeys > 0 {
		fmt.Fprintf(io.out, "%s and the recovery codes of %s are removed.\n", ui.Count(int(passkeys), "passkey", "passkeys"), a.Email)
	}
	fmt.Fprintf(io.out, "New password set for %s; every session has ended.\n", a.Email)
	tellPassword(io.out, password, generated)
	return nil
}

type adminListCmd struct{ databaseFlags }

// Run lists the administrators, one a line.
func (c *adminListCmd) Run(ctx context.Context, io streams) (err error) {
	db, err := c.openMigrated(ctx, quiet())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close(ctx)) }()
	all, err := db.Administrators(ctx)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		fmt.Fprintln(io.out, "No administrators yet. “console admin add EMAIL” makes one.")
	}
	for _, a := range all {
		last := "never signed in"
		if !a.LastSigninAt.IsZero() {
			last = "last signed in " + a.LastSigninAt.UTC().Format(time.RFC3339)
		}
		role := string(a.Role)
		if a.ThroughAWS() {
			role = "through AWS, as a member of the group for it"
		}
		fmt.Fprintf(io.out, "%s\t%s\t%s\n", a.Email, role, last)
	}
	return nil
}

// readPassword takes the first line of standard input, unless that is a
// terminal or empty: then it makes a password.
func readPassword(in io.Reader, email string) (password string, generated bool, err error) {
	if !isTerminal(in) {
		line, err := bufio.NewReader(io.LimitReader(in, 4096)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", false, fmt.Errorf("read the password: %w", err)
		}
		password = strings.TrimRight(line, "\r\n")
	}
	if password == "" {
		return strings.ToLower(rand.Text()), true, nil
	}
	if text := access.CheckPassword(password, email); text != "" {
		return "", false, errors.New(text)
	}
	return password, false, nil
}

func isTerminal(in io.Reader) bool {
	f, ok := in.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func tellPassword(w io.Writer, password string, generated bool) {
	if generated {
		fmt.Fprintf(w, "Password (shown only now): %s\n", password)
	}
}
