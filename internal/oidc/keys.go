package oidc

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/seal"
	"github.com/postern-sso/postern/internal/store"
)

const (
	keyBits   = 2048
	keyPeriod = 90 * 24 * time.Hour // how long one key signs
	keysFresh = time.Minute         // how long a process may not notice another one's rotation

	// keySettled is after how long every app that keeps the published keys for
	// a while knows a new one: for that while, which is five minutes, and for as
	// long as a process may have shown the old ones.
	keySettled = 10 * time.Minute
)

// ErrKeyTooNew: the next key cannot take over yet, since not every app knows it.
var ErrKeyTooNew = errors.New("the next signing key is too new")

// keyRing has the opened signing keys in memory, for a minute at a time.
type keyRing struct {
	store  *store.Store
	sealer *seal.Sealer
	now    func() time.Time

	mu     sync.Mutex
	keys   []openKey
	loaded time.Time
}

// openKey is a signing key that can sign. It is both op.SigningKey and op.Key,
// through signer and verifier.
type openKey struct {
	model.SigningKey
	private *rsa.PrivateKey
}

func newKeyRing(st *store.Store, sealer *seal.Sealer, now func() time.Time) *keyRing {
	return &keyRing{store: st, sealer: sealer, now: now}
}

// all is every published key, the one that signs first. Keys that are missing
// are made, and the current one is replaced when its time is over.
func (k *keyRing) all(ctx context.Context) ([]openKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	if age := now.Sub(k.loaded); len(k.keys) > 0 && age >= 0 && age < keysFresh {
		return k.keys, nil
	}
	stored, err := k.store.SigningKeys(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the signing keys: %w", err)
	}
	if len(stored) < 2 || stored[1].State != model.KeyNext || !now.Before(stored[0].CurrentAt.Add(keyPeriod)) {
		stored, err = k.store.RotateSigningKeys(ctx, k.rotation(now))
	}
	if err != nil {
		return nil, fmt.Errorf("rotate the signing keys: %w", err)
	}
	if err := k.load(stored, now); err != nil {
		return nil, err
	}
	return k.keys, nil
}

func (k *keyRing) rotation(now time.Time) store.KeyRotation {
	return store.KeyRotation{Now: now, Period: keyPeriod, Generate: k.generate}
}

// load opens keys, reusing those that are open already. Callers hold the lock.
func (k *keyRing) load(stored []model.SigningKey, now time.Time) error {
	known := make(map[string]*rsa.PrivateKey)
	for _, o := range k.keys {
		known[o.ID] = o.private
	}
	keys := make([]openKey, 0, len(stored))
	for _, s := range stored {
		if s.State == model.KeyRetired && !now.Before(s.RetiredAt.Add(store.KeyOverlap)) {
			continue
		}
		o := openKey{SigningKey: s, private: known[s.ID]}
		if o.private == nil {
			var err error
			if o.private, err = k.open(s); err != nil {
				return err
			}
		}
		keys = append(keys, o)
	}
	k.keys, k.loaded = keys, now
	return nil
}

func (k *keyRing) open(s model.SigningKey) (*rsa.PrivateKey, error) {
	der, err := k.sealer.Open(s.Sealed, model.SealedSigningKey(s.ID))
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("signing key %s: %w", s.ID, err)
	}
	private, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("signing key %s is not an RSA key", s.ID)
	}
	return private, nil
}

func (k *keyRing) generate() (model.SigningKey, error) {
	private, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return model.SigningKey{}, fmt.Errorf("generate a signing key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return model.SigningKey{}, err
	}
	id := strings.ToLower(rand.Text()[:16])
	sealed, err := k.sealer.Seal(der, model.SealedSigningKey(id))
	return model.SigningKey{ID: id, Sealed: sealed}, err
}

// RotateKeys replaces the key that signs by the one that was published as the
// next. With withdraw the old keys are unpublished at once, for when one got
// into wrong hands: sign-ins under way fail, and later ones work. Without, it is
// ErrKeyTooNew when apps may not know the next key yet. Other processes follow
// within a minute.
func (p *Provider) RotateKeys(ctx context.Context, actor model.Actor, withdraw bool) error {
	k := p.keys
	k.mu.Lock()
	defer k.mu.Unlock()
	now := p.now()
	r := k.rotation(now)
	r.Force, r.Withdraw, r.Settled, r.Actor = true, withdraw, keySettled, actor
	stored, err := p.store.RotateSigningKeys(ctx, r)
	if errors.Is(err, store.ErrConflict) {
		return ErrKeyTooNew
	}
	if err != nil {
		return fmt.Errorf("rotate the signing keys: %w", err)
	}
	return k.load(stored, now)
}

// signer is the current key as the library wants it.
func (k *keyRing) signer(ctx context.Context) (op.SigningKey, error) {
	keys, err := k.all(ctx)
	if err != nil {
		return nil, err
	}
	if keys[0].State != model.KeyCurrent {
		return nil, errors.New("there is no current signing key")
	}
	return signingKey{keys[0]}, nil
}

func (k *keyRing) published(ctx context.Context) ([]op.Key, error) {
	keys, err := k.all(ctx)
	if err != nil {
		return nil, err
	}
	public := make([]op.Key, len(keys))
	for i, o := range keys {
		public[i] = publicKey{o}
	}
	return public, nil
}

type signingKey struct{ k openKey }

func (s signingKey) ID() string                                  { return s.k.ID }
func (s signingKey) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (s signingKey) Key() any                                    { return s.k.private }

type publicKey struct{ k openKey }

func (p publicKey) ID() string                         { return p.k.ID }
func (p publicKey) Algorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (p publicKey) Use() string                        { return "sig" }
func (p publicKey) Key() any                           { return p.k.private.Public() }
