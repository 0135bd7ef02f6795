// Package guide holds the administrator's guide, which is also served inside
// the product.
package guide

import "embed"

// FS holds the pages, in the order of their names.
//
//go:embed *.md
var FS embed.FS
