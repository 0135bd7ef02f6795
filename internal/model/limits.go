package model

import (
	"fmt"
	"strings"
	"time"
)

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

// Duration is a length of time in words: "3 minutes", "1 hour 30 minutes".
func Duration(d time.Duration) string {
	if d < 0 {
		return "minus " + Duration(-d)
	}
	var parts []string
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		n := d / unit.of
		if d -= n * unit.of; n == 0 {
			continue
		}
		name := unit.name
		if n != 1 {
			name += "s"
		}
		parts = append(parts, fmt.Sprintf("%d %s", n, name))
	}
	if len(parts) == 0 && d > 0 {
		return fmt.Sprintf("%d milliseconds", d.Milliseconds())
	}
	if len(parts) == 0 {
		return "0 seconds"
	}
	return strings.Join(parts, " ")
}
