package model

import "fmt"

// Limits of what is sent here, in bytes. Pages that take such a thing say them.
const (
	MaxForm     = 1 << 20   // a form, and an answer of AWS
	MaxUpload   = 8 << 20   // a form with a file
	MaxLogo     = 256 << 10 // the picture in it
	MaxMetadata = 1 << 20   // AWS's metadata, which has a few KiB
)

// Size is a number of bytes in words.
func Size(n int64) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	default:
		return fmt.Sprintf("%d bytes", n)
	}
}
