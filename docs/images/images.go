// Package images holds the pictures of the administrator's guide.
package images

import "embed"

// FS holds them.
//
//go:embed *.png
var FS embed.FS
