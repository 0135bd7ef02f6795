package web

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/templates/paths"
)

// softKey is a passkey in software, which always says yes.
type softKey struct {
	id      []byte
	key     *ecdsa.PrivateKey
	handle  string
	counter uint32
}

// givePasskey registers a passkey for an administrator.
func (s *testSite) givePasskey(a model.Administrator) *softKey {
	s.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		s.t.Fatal(err)
	}
	public, err := webauthncbor.Marshal(webauthncose.EC2PublicKeyData{
		PublicKeyData: webauthncose.PublicKeyData{KeyType: int64(webauthncose.EllipticKey), Algorithm: int64(webauthncose.AlgES256)},
		Curve:         int64(webauthncose.P256), XCoord: point[1:33], YCoord: point[33:],
	})
	if err != nil {
		s.t.Fatal(err)
	}
	k := &softKey{id: []byte(rand.Text()), key: key, handle: a.Handle}
	credential, err := json.Marshal(webauthn.Credential{ID: k.id, PublicKey: public, Flags: webauthn.CredentialFlags{UserPresent: true, UserVerified: true}})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.store.AddPasskey(s.t.Context(), storetest.Actor, a, model.Passkey{ID: k.id, Name: "Soft", Credential: credential}); err != nil {
		s.t.Fatal(err)
	}
	return k
}

// recoveryCode gives an administrator recovery codes, and returns one.
func (s *testSite) recoveryCode(a model.Administrator) string {
	s.t.Helper()
	codes, hashes := newRecoveryCodes()
	if err := s.store.SetRecoveryCodes(s.t.Context(), storetest.Actor, a, hashes); err != nil {
		s.t.Fatal(err)
	}
	return codes[0]
}

// usePasskey asks for a challenge as the page's script does, and sends the
// passkey's answer to an address.
func (s *testSite) usePasskey(k *softKey, address string, form url.Values) *page {
	s.t.Helper()
	var options struct {
		PublicKey struct {
			Challenge string `json:"challenge"`
			RPID      string `json:"rpId"`
		} `json:"publicKey"`
	}
	asked := s.post(paths.PasskeyOptions, nil).want(s.t, http.StatusOK)
	if err := json.Unmarshal([]byte(asked.body), &options); err != nil {
		s.t.Fatal(err)
	}
	if form == nil {
		form = url.Values{}
	}
	form.Set("credential", k.answer(s.t, options.PublicKey.Challenge, options.PublicKey.RPID, s.url))
	return s.post(address, form)
}

func (k *softKey) answer(t testing.TB, challenge, rp, origin string) string {
	t.Helper()
	client, err := json.Marshal(map[string]any{"type": "webauthn.get", "challenge": challenge, "origin": origin})
	if err != nil {
		t.Fatal(err)
	}
	k.counter++
	rpHash, clientHash := sha256.Sum256([]byte(rp)), sha256.Sum256(client)
	data := append(rpHash[:], byte(protocol.FlagUserPresent|protocol.FlagUserVerified))
	data = binary.BigEndian.AppendUint32(data, k.counter)
	digest := sha256.Sum256(append(append([]byte{}, data...), clientHash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, k.key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	answer, err := json.Marshal(map[string]any{"id": b64(k.id), "rawId": b64(k.id), "type": "public-key", "response": map[string]string{
		"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature), "userHandle": b64([]byte(k.handle))}})
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

// At a sign-in the password alone is not enough for an account with a passkey, so
// it is not enough to prove who is there either: with a stolen session it would
// take the passkeys away.
func TestRow19ProofWantsThePasskeyToo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.signInAs(model.RoleOwner)
	a, err := s.store.Administrator(t.Context(), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	k, code := s.givePasskey(a), s.recoveryCode(a)
	another := url.Values{"email": {"ana@example.com"}, "role": {"owner"}}
	late := func() { s.now = s.now.Add(stepUpFor) }
	refused := func(form url.Values) {
		t.Helper()
		s.post(paths.SignInStepUp, form).want(t, http.StatusUnauthorized)
		s.post(paths.Administrators, another).want(t, http.StatusUnauthorized)
	}
	late()
	if asked := s.post(paths.Administrators, another); asked.doc.Find("[data-passkey]").Length() != 1 || asked.doc.Find("[name=code]").Length() != 1 {
		t.Errorf("the page asks neither for the passkey nor for a code: %s", asked.text())
	}
	refused(url.Values{"password": {testPassword}})
	refused(url.Values{"password": {testPassword}, "code": {"aaaa-bbbb-cccc-dddd"}})
	refused(url.Values{"password": {"wrong"}, "code": {code}})
	refused(url.Values{"credential": {"{}"}, "password": {testPassword}})

	s.usePasskey(k, paths.SignInStepUp, nil).want(t, http.StatusSeeOther)
	s.get(paths.AccountPasskeyNew).want(t, http.StatusOK)
	late()
	s.get(paths.AccountPasskeyNew).want(t, http.StatusUnauthorized)
	s.post(paths.SignInStepUp, url.Values{"password": {testPassword}, "code": {code}}).want(t, http.StatusSeeOther)
	s.get(paths.AccountPasskeyNew).want(t, http.StatusOK)
	late()
	refused(url.Values{"password": {testPassword}, "code": {code}}) // once
}

// Nor does a change of the password make up for it.
func TestRow19AChangedPasswordIsNoProof(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleOwner)
	const next = "mild otter reads maps"
	form := url.Values{"present_password": {testPassword}, "new_password": {next}, "repeat_password": {next}}
	s.now = s.now.Add(stepUpFor)
	asked := s.post(paths.OwnPassword, form).want(t, http.StatusUnauthorized)
	if strings.Contains(asked.body, next) {
		t.Error("a password is on the page")
	}
	again := asked.hidden("form")
	again.Set("password", testPassword)
	offer := s.post(paths.SignInStepUp, again).want(t, http.StatusOK)
	if n := offer.doc.Find("main form [type=password]").Length(); n != 3 {
		t.Fatalf("%d passwords are asked for: %s", n, offer.text())
	}
	s.now = s.now.Add(stepUpFor - 1)
	s.post(offer.doc.Find("main form").AttrOr("action", ""), form).want(t, http.StatusSeeOther)
	s.get(paths.AccountPasskeyNew).want(t, http.StatusOK)
	s.now = s.now.Add(1) // the proof is as old as before the change
	s.get(paths.AccountPasskeyNew).want(t, http.StatusUnauthorized)
}
