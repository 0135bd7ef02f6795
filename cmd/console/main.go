// Command console is Postern: single sign-on between AWS IAM Identity Center
// and a company's Atlassian apps.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// streams are where a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// commands is the command line.
type commands struct {
	Serve    serveCmd    `cmd:"" help:"Run the console."`
	Demo     demoCmd     `cmd:"" help:"Run the console with a simulated AWS beside it. Nothing needs an AWS account."`
	Migrate  migrateCmd  `cmd:"" help:"Apply pending database migrations and say which."`
	Admin    adminCmd    `cmd:"" help:"Manage administrators from the shell."`
	Config   configCmd   `cmd:"" help:"Configuration as one document: export, plan, apply."`
	Logins   loginsCmd   `cmd:"" help:"Show login traces."`
	Inspect  inspectCmd  `cmd:"" help:"Judge one SAML response without a database and without signing anybody in."`
	Source   sourceCmd   `cmd:"" help:"Sources of users and groups: list, test, run, approve, give the secret."`
	Backup   backupCmd   `cmd:"" help:"Put everything into one file, under a passphrase."`
	Restore  restoreCmd  `cmd:"" help:"Put a backup into an empty database."`
	Database databaseCmd `cmd:"" help:"The private PostgreSQL: move it to a newer version."`
	Secret   secretCmd   `cmd:"" help:"Change the key that seals secrets at rest."`
	Doctor   doctorCmd   `cmd:"" help:"Check the installation, one line a check."`
	Health   healthCmd   `cmd:"" help:"Ask the Postern of this machine how it is; exit code 1 when it is not up."`
	Version  versionCmd  `cmd:"" help:"Show version, commit and Go version."`
}

// exitCode is an error that asks for a particular exit code.
type exitCode struct {
	code int
	err  error // nil: everything has been said
}

func (e exitCode) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e exitCode) Unwrap() error { return e.err }

// run carries out one command line and returns the exit code: 0 good, 1 failed
// with the reason on standard error, 2 as the command defines it.
func run(ctx context.Context, args []string, io streams) int {
	var cmds commands
	exited := -1
	parser, err := kong.New(&cmds, kong.Name("console"),
		kong.Description("Postern: single sign-on between AWS IAM Identity Center and Atlassian apps."),
		kong.Writers(io.out, io.err), kong.UsageOnError(),
		kong.Exit(func(code int) { exited = code }),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(io))
	if err != nil {
		fmt.Fprintln(io.err, "console:", err)
		return 1
	}
	parsed, err := parser.Parse(args)
	if exited >= 0 { // --help has been answered
		return exited
	}
	if err != nil {
		fmt.Fprintf(io.err, "console: %v\nRun “console --help” for the commands.\n", err)
		return 1
	}
	return report(io.err, parsed.Run())
}

func report(w io.Writer, err error) int {
	var code exitCode
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code):
		if code.err != nil {
			fmt.Fprintln(w, "console:", code.err)
		}
		return code.code
	default:
		fmt.Fprintln(w, "console:", err)
		return 1
	}
}
