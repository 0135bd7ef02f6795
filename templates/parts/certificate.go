package parts

import (
	"time"
)

// Certificate is one that AWS signs with.
type Certificate struct {
	Fingerprint string // SHA-256
	NotBefore   time.Time
	NotAfter    time.Time
}
