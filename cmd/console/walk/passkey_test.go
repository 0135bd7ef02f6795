package walk

import (
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/browsertest"
)

const walkPassword = "nine lives of a grey cat"

// TestPasskeysInABrowser: an owner registers a passkey, needs it from then on,
// signs in with it alone, loses it, comes in with a recovery code once, and is
// let in again from the shell.
func TestPasskeysInABrowser(t *testing.T) {
	t.Parallel()
	d := startDemo(t, browsertest.Mouse)
	d.claim()
	d.Goto(d.publicURL + "/account")
	d.Look("account")
	lose := d.Authenticator()
	code := d.registerPasskey("Laptop")

	d.signOut()
	d.typePassword()
	d.WaitText("Now your passkey")
	d.Look("signin-second-step")
	d.Goto(d.publicURL + "/")
	d.WaitURL("/signin") // the password alone opens nothing
	d.typePassword()
	d.Press("Use your passkey")
	d.WaitText("olga@example.com")

	d.signOut()
	d.Look("signin-passkey")
	d.Press("Sign in with a passkey")
	d.WaitText("olga@example.com")
	d.Goto(d.publicURL + "/account")
	d.WaitText("by passkey")
	d.Look("account-with-passkey")

	d.signOut()
	lose()
	d.typePassword()
	d.useCode(code)
	d.WaitText("olga@example.com")
	d.signOut()
	d.typePassword()
	d.useCode(code)
	d.WaitText("That did not work")
	d.Messages() // Chromium notes the status 422, as it should

	d.resetFromShell()
	d.typePassword()
	d.WaitText("olga@example.com")
}

func (d *demo) registerPasskey(name string) (code string) {
	d.t.Helper()
	d.Press("Register a passkey")
	d.WaitURL("/account/passkeys/new")
	d.Look("account-new-passkey")
	d.Fill("name", name)
	d.Press("Register it now")
	d.WaitText("Your recovery codes")
	d.Look("account-recovery-codes")
	code = d.Text(".codes li")
	if len(strings.ReplaceAll(code, "-", "")) != 16 {
		d.t.Fatalf("the first code is %q", code)
	}
	return code
}

func (d *demo) signOut() {
	d.t.Helper()
	d.Press("Sign out")
	d.WaitText("You are signed out of the console")
}

func (d *demo) typePassword() {
	d.t.Helper()
	d.Goto(d.publicURL + "/signin")
	d.Fill("email", "olga@example.com")
	d.Fill("password", walkPassword)
	d.Press("Sign in")
}

func (d *demo) useCode(code string) {
	d.t.Helper()
	d.WaitText("Now your passkey")
	d.ClickSelector("main details > summary")
	d.Fill("code", strings.ToUpper(code))
	d.Press("Use this code")
}

// resetFromShell is the way back in for somebody who has lost everything.
func (d *demo) resetFromShell() {
	d.t.Helper()
	reset := command(d.t, "admin", "reset", "olga@example.com", "--database-url", d.database)
	reset.Stdin = strings.NewReader(walkPassword + "\n")
	if out, err := reset.CombinedOutput(); err != nil || !strings.Contains(string(out), "passkey") {
		d.t.Fatalf("admin reset: %v, %s", err, out)
	}
}
