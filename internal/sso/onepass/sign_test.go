package onepass

import (
	"crypto/rsa"
	"encoding/base64"
	"testing"
)

// fitting is the digest of a part, or a signature of its SignedInfo by the trusted key.
func (d *Document) fitting(t testing.TB, p Part, what Kind) string {
	t.Helper()
	part := &d.parts[p]
	if what == digestValue {
		return base64.StdEncoding.EncodeToString(sum(part.signature.digestHash, d.canon[part.hashed.from:part.hashed.to]))
	}
	key, _ := trusted()
	info := d.canon[part.signature.info.from:part.signature.info.to]
	value, err := rsa.SignPKCS1v15(nil, key, part.signature.hash, sum(part.signature.hash, info))
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(value)
}
