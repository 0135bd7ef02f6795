package webtest

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
	"testing"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/access"
)

// SoftKey is a passkey in software, which always says yes.
type SoftKey struct {
	id      []byte
	key     *ecdsa.PrivateKey
	handle  string
	Counter uint32
}

// GivePasskey registers a passkey for an administrator.
func (s *Site) GivePasskey(a model.Administrator) *SoftKey {
	s.T.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.T.Fatal(err)
	}
	point, err := key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		s.T.Fatal(err)
	}
	public, err := webauthncbor.Marshal(webauthncose.EC2PublicKeyData{
		PublicKeyData: webauthncose.PublicKeyData{KeyType: int64(webauthncose.EllipticKey), Algorithm: int64(webauthncose.AlgES256)},
		Curve:         int64(webauthncose.P256), XCoord: point[1:33], YCoord: point[33:],
	})
	if err != nil {
		s.T.Fatal(err)
	}
	k := &SoftKey{id: []byte(rand.Text()), key: key, handle: a.Handle}
	credential, err := json.Marshal(webauthn.Credential{ID: k.id, PublicKey: public, Flags: webauthn.CredentialFlags{UserPresent: true, UserVerified: true}})
	if err != nil {
		s.T.Fatal(err)
	}
	if err := s.Store.AddPasskey(s.T.Context(), storetest.Actor, a, model.Passkey{ID: k.id, Name: "Soft", Credential: credential}); err != nil {
		s.T.Fatal(err)
	}
	return k
}

// RecoveryCode gives an administrator recovery codes, and returns one.
func (s *Site) RecoveryCode(a model.Administrator) string {
	s.T.Helper()
	codes, hashes := access.NewRecoveryCodes()
	if err := s.Store.SetRecoveryCodes(s.T.Context(), storetest.Actor, a, hashes); err != nil {
		s.T.Fatal(err)
	}
	return codes[0]
}

// UsePasskey asks for a challenge as the page's script does, and sends the
// passkey's answer to an address.
func (s *Site) UsePasskey(k *SoftKey, address string, form url.Values) *Page {
	s.T.Helper()
	var options struct {
		PublicKey struct {
			Challenge string `json:"challenge"`
			RPID      string `json:"rpId"`
		} `json:"publicKey"`
	}
	asked := s.Post(paths.PasskeyOptions, nil).Want(s.T, http.StatusOK)
	if err := json.Unmarshal([]byte(asked.Body), &options); err != nil {
		s.T.Fatal(err)
	}
	if form == nil {
		form = url.Values{}
	}
	form.Set("credential", k.answer(s.T, options.PublicKey.Challenge, options.PublicKey.RPID, s.URL))
	return s.Post(address, form)
}

func (k *SoftKey) answer(t testing.TB, challenge, rp, origin string) string {
	t.Helper()
	client, err := json.Marshal(map[string]any{"type": "webauthn.get", "challenge": challenge, "origin": origin})
	if err != nil {
		t.Fatal(err)
	}
	k.Counter++
	rpHash, clientHash := sha256.Sum256([]byte(rp)), sha256.Sum256(client)
	data := append(rpHash[:], byte(protocol.FlagUserPresent|protocol.FlagUserVerified))
	data = binary.BigEndian.AppendUint32(data, k.Counter)
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
