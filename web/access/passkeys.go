package access

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/web/kit"
)

// ceremonyFor is for how long the browser may ask for a passkey.
const ceremonyFor = 5 * time.Minute

// relyingParty is what passkeys are bound to: the host of the public URL.
func (rm *Room) relyingParty() (*webauthn.WebAuthn, error) {
	u, err := url.Parse(rm.Opts.PublicURL)
	if err != nil {
		return nil, err
	}
	return webauthn.New(&webauthn.Config{RPID: u.Hostname(), RPDisplayName: "Postern", RPOrigins: []string{u.Scheme + "://" + u.Host}})
}

// passkeyUser is an administrator as the library sees one.
type passkeyUser struct {
	a    model.Administrator
	keys []webauthn.Credential
}

func (u passkeyUser) WebAuthnID() []byte { return []byte(u.a.Handle) }

func (u passkeyUser) WebAuthnName() string { return u.a.Email }

func (u passkeyUser) WebAuthnDisplayName() string { return u.a.Email }

func (u passkeyUser) WebAuthnCredentials() []webauthn.Credential { return u.keys }

func (rm *Room) passkeyUser(r *http.Request, a model.Administrator) (passkeyUser, error) {
	u := passkeyUser{a: a}
	all, err := rm.Store.Passkeys(r.Context(), a.ID)
	for _, p := range all {
		var c webauthn.Credential
		if err := json.Unmarshal(p.Credential, &c); err != nil {
			return u, err
		}
		u.keys = append(u.keys, c)
	}
	return u, err
}

// sendCeremony keeps the challenge in the session and sends the browser what it
// needs. The answer comes back in a form.
func (rm *Room) sendCeremony(w http.ResponseWriter, r *http.Request, options any, session *webauthn.SessionData) error {
	session.Expires = rm.Now().Add(ceremonyFor)
	kept, err := json.Marshal(session)
	if err != nil {
		return err
	}
	rm.Admins.Put(r.Context(), kit.KeyCeremony, kept)
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(options)
}

// takeCeremony is the challenge that this browser was sent, once;
// store.ErrNotFound when there is none or it took too long.
func (rm *Room) takeCeremony(r *http.Request) (webauthn.SessionData, error) {
	var session webauthn.SessionData
	kept, ok := rm.Admins.Pop(r.Context(), kit.KeyCeremony).([]byte)
	if !ok || json.Unmarshal(kept, &session) != nil || !rm.Now().Before(session.Expires) {
		return session, store.ErrNotFound
	}
	session.Expires = time.Time{} // judged above, by our clock
	return session, nil
}

// passkeyOptions begins the use of a passkey: of who typed the password, of who
// is signed in, or of anybody.
func (rm *Room) passkeyOptions(w http.ResponseWriter, r *http.Request) error {
	rp, err := rm.relyingParty()
	if err != nil {
		return err
	}
	a, err := rm.CurrentAdministrator(r)
	if errors.Is(err, store.ErrNotFound) {
		a, err = rm.pendingAdministrator(r)
	}
	verified := webauthn.WithUserVerification(protocol.VerificationRequired)
	if errors.Is(err, store.ErrNotFound) {
		options, session, err := rp.BeginDiscoverableLogin(verified)
		if err != nil {
			return err
		}
		return rm.sendCeremony(w, r, options, session)
	}
	if err != nil {
		return err
	}
	u, err := rm.passkeyUser(r, a)
	if err != nil {
		return err
	}
	options, session, err := rp.BeginLogin(u, verified)
	if err != nil {
		return store.ErrNotFound // the account has none
	}
	return rm.sendCeremony(w, r, options, session)
}

// answeredPasskey reads what the browser put into the form.
func answeredPasskey(r *http.Request) (*protocol.ParsedCredentialAssertionData, error) {
	parsed, err := protocol.ParseCredentialRequestResponseBody(strings.NewReader(r.PostFormValue("credential")))
	if err != nil {
		return nil, store.ErrNotFound
	}
	return parsed, nil
}

// verifyPasskey tells whether the form has the answer of a passkey of this
// administrator; store.ErrNotFound when not.
func (rm *Room) verifyPasskey(r *http.Request, a model.Administrator) error {
	rp, err := rm.relyingParty()
	if err != nil {
		return err
	}
	session, err := rm.takeCeremony(r)
	if err != nil {
		return err
	}
	parsed, err := answeredPasskey(r)
	if err != nil {
		return err
	}
	u, err := rm.passkeyUser(r, a)
	if err != nil {
		return err
	}
	c, err := rp.ValidateLogin(u, session, parsed)
	if err != nil {
		return store.ErrNotFound
	}
	return rm.passkeyUsed(r, a, c)
}

// verifyAnyPasskey finds the administrator whose passkey answered.
func (rm *Room) verifyAnyPasskey(r *http.Request) (model.Administrator, error) {
	rp, err := rm.relyingParty()
	if err != nil {
		return model.Administrator{}, err
	}
	session, err := rm.takeCeremony(r)
	if err != nil {
		return model.Administrator{}, err
	}
	parsed, err := answeredPasskey(r)
	if err != nil {
		return model.Administrator{}, err
	}
	var found passkeyUser
	_, c, err := rp.ValidatePasskeyLogin(func(_, handle []byte) (webauthn.User, error) {
		a, err := rm.Store.AdministratorByHandle(r.Context(), string(handle))
		if err != nil {
			return nil, err
		}
		found, err = rm.passkeyUser(r, a)
		return found, err
	}, session, parsed)
	if err != nil {
		return model.Administrator{}, store.ErrNotFound
	}
	return found.a, rm.passkeyUsed(r, found.a, c)
}

// errCopiedPasskey is store.ErrNotFound for a passkey that may have been copied.
var errCopiedPasskey = fmt.Errorf("the counter of the passkey went backwards: %w", store.ErrNotFound)

// passkeyProblem is what is wrong with a passkey, or a code, that did not work.
func passkeyProblem(err error, otherwise string) []model.Problem {
	if errors.Is(err, errCopiedPasskey) {
		return []model.Problem{{Text: "This passkey was refused: its counter went backwards, which happens when somebody has copied it. Sign in another way, " +
			"with the password and a recovery code, remove this passkey on your account's page, and register a new one. If you have made no copy " +
			"yourself, tell an owner of Postern: the audit has the time and the address."}}
	}
	return []model.Problem{{Text: otherwise}}
}

// passkeyUsed keeps the counter. One that goes backwards is the sign of a copy:
// the passkey is refused.
func (rm *Room) passkeyUsed(r *http.Request, a model.Administrator, c *webauthn.Credential) error {
	if c.Authenticator.CloneWarning {
		rm.Log.WarnContext(r.Context(), "passkey refused: its counter went backwards", "remote", rm.RemoteAddr(r))
		// Not by the administrator: who holds the copy is not known.
		err := rm.Store.RecordAudit(r.Context(), model.Actor{Name: "nobody", RemoteAddr: rm.RemoteAddr(r)}, "administrator.passkey_refused", a.Email,
			"Its counter went backwards: there may be a copy of it.")
		return cmp.Or(err, errCopiedPasskey)
	}
	kept, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return rm.Store.UsePasskey(r.Context(), model.Passkey{ID: c.ID, Credential: kept}, rm.Now())
}

// newPasskeyOptions begins the registration of a passkey.
func (rm *Room) newPasskeyOptions(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	rp, err := rm.relyingParty()
	if err != nil {
		return err
	}
	u, err := rm.passkeyUser(r, a)
	if err != nil {
		return err
	}
	var known []protocol.CredentialDescriptor
	for _, c := range u.keys {
		known = append(known, c.Descriptor())
	}
	options, session, err := rp.BeginRegistration(u, webauthn.WithExclusions(known), webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{
		ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired}))
	if err != nil {
		return err
	}
	return rm.sendCeremony(w, r, options, session)
}

// registeredPasskey verifies the answer of a registration.
func (rm *Room) registeredPasskey(r *http.Request, a model.Administrator) (model.Passkey, error) {
	rp, err := rm.relyingParty()
	if err != nil {
		return model.Passkey{}, err
	}
	session, err := rm.takeCeremony(r)
	if err != nil {
		return model.Passkey{}, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBody(strings.NewReader(r.PostFormValue("credential")))
	if err != nil {
		return model.Passkey{}, store.ErrNotFound
	}
	u, err := rm.passkeyUser(r, a)
	if err != nil {
		return model.Passkey{}, err
	}
	c, err := rp.CreateCredential(u, session, parsed)
	if err != nil {
		return model.Passkey{}, store.ErrNotFound
	}
	kept, err := json.Marshal(c)
	return model.Passkey{ID: bytes.Clone(c.ID), Credential: kept}, err
}

const recoveryCodes = 10

// NewRecoveryCodes makes codes of 80 random bits, and what is kept of them.
func NewRecoveryCodes() (codes, hashes []string) {
	for range recoveryCodes {
		text := strings.ToLower(rand.Text())[:16]
		codes = append(codes, text[:4]+"-"+text[4:8]+"-"+text[8:12]+"-"+text[12:])
		hashes = append(hashes, hashRecoveryCode(text))
	}
	return codes, hashes
}

// hashRecoveryCode is what is kept of a code, however it is typed.
func hashRecoveryCode(code string) string {
	code = strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' {
			return -1
		}
		return r
	}, strings.ToLower(strings.TrimSpace(code)))
	sum := sha256.Sum256([]byte("recovery code\x00" + code))
	return hex.EncodeToString(sum[:])
}
