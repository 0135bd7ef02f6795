// Package logo turns an uploaded picture into one that is safe to serve.
package logo

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // a format that people have
	"image/png"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // likewise

	"github.com/postern-sso/postern/internal/model"
)

const (
	// MaxUpload is the largest file that Clean takes, in bytes.
	MaxUpload = model.MaxLogo
	// maxSide is the largest width or height that is decoded, in pixels. A small
	// file may claim a size that fills the memory.
	maxSide = 2048
	// The picture is scaled down to fit; pages show it 28 pixels high.
	maxWidth, maxHeight = 512, 128
)

// What is wrong with a file; the texts are sentences for the person who sent it.
var (
	ErrTooLarge = errors.New("The file is larger than " + model.Size(MaxUpload) + ". Save the logo in a smaller size.")
	ErrFormat   = errors.New("The file is no PNG, JPEG or WebP picture that can be read. Save the logo in one of them.") //nolint:staticcheck // shown as it is
	ErrSide     = fmt.Errorf("The picture is wider or higher than %d pixels. Save the logo in a smaller size.", maxSide) //nolint:staticcheck // shown as it is
)

// Clean decodes a PNG, JPEG or WebP picture and writes its pixels anew as PNG,
// scaled down to 512 × 128 pixels at most. Nothing else of the file is kept: no
// metadata, nothing that a browser could take for another type. The errors are
// those of this package.
func Clean(file []byte) ([]byte, error) {
	if len(file) > MaxUpload {
		return nil, ErrTooLarge
	}
	head, _, err := image.DecodeConfig(bytes.NewReader(file))
	if err != nil || head.Width < 1 || head.Height < 1 {
		return nil, ErrFormat
	}
	if head.Width > maxSide || head.Height > maxSide {
		return nil, ErrSide
	}
	picture, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, ErrFormat
	}
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&out, fit(picture)); err != nil {
		return nil, fmt.Errorf("encode the logo: %w", err)
	}
	return out.Bytes(), nil
}

// fit copies the picture, scaled down where it is too large.
func fit(src image.Image) image.Image {
	w, h := src.Bounds().Dx(), src.Bounds().Dy()
	if w > maxWidth {
		w, h = maxWidth, max(1, h*maxWidth/w)
	}
	if h > maxHeight {
		w, h = max(1, w*maxHeight/h), maxHeight
	}
	dst := image.NewNRGBA(image.Rect(0, 0, w, h))
	draw.CatmullRom.Scale(dst, dst.Bounds(), src, src.Bounds(), draw.Src, nil)
	return dst
}
