package logo

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"
)

func picture(w, h int) image.Image {
	p := image.NewNRGBA(image.Rect(0, 0, w, h))
	for x := range w {
		for y := range h {
			p.Set(x, y, color.NRGBA{R: 200, G: 30, B: 30, A: 255})
		}
	}
	return p
}

func asPNG(t *testing.T, p image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// oneWebP is a picture of one pixel.
const oneWebP = "UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA"

func TestCleanKeepsThePixelsOnly(t *testing.T) {
	t.Parallel()
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, picture(40, 20), nil); err != nil {
		t.Fatal(err)
	}
	webp, err := base64.StdEncoding.DecodeString(oneWebP)
	if err != nil {
		t.Fatal(err)
	}
	page := []byte("<script>alert(1)</script>")
	tests := map[string]struct {
		file []byte
		w, h int
	}{
		"PNG":                     {asPNG(t, picture(40, 20)), 40, 20},
		"JPEG":                    {photo.Bytes(), 40, 20},
		"WebP":                    {webp, 1, 1},
		"PNG that ends in a page": {append(asPNG(t, picture(40, 20)), page...), 40, 20},
		"wide":                    {asPNG(t, picture(1024, 64)), 512, 32},
		"high":                    {asPNG(t, picture(64, 1024)), 8, 128},
		"a line":                  {asPNG(t, picture(2048, 1)), 512, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clean, err := Clean(tt.file)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(clean, page) {
				t.Error("what stood behind the picture is kept")
			}
			got, format, err := image.Decode(bytes.NewReader(clean))
			if err != nil || format != "png" {
				t.Fatalf("the result is %q: %v", format, err)
			}
			if size := got.Bounds().Size(); size.X != tt.w || size.Y != tt.h {
				t.Errorf("%d × %d, want %d × %d", size.X, size.Y, tt.w, tt.h)
			}
		})
	}
}

// claiming is a PNG whose header claims a size.
func claiming(t *testing.T, w, h uint32) []byte {
	t.Helper()
	file := asPNG(t, picture(1, 1))
	binary.BigEndian.PutUint32(file[16:], w)
	binary.BigEndian.PutUint32(file[20:], h)
	binary.BigEndian.PutUint32(file[29:], crc32.ChecksumIEEE(file[12:29]))
	return file
}

func TestCleanRefuses(t *testing.T) {
	t.Parallel()
	svg := []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`)
	whole := asPNG(t, picture(40, 20))
	tests := map[string]struct {
		file []byte
		want error
	}{
		"nothing":           {nil, ErrFormat},
		"SVG":               {svg, ErrFormat},
		"half a file":       {whole[:len(whole)/2], ErrFormat},
		"too many bytes":    {make([]byte, MaxUpload+1), ErrTooLarge},
		"a bomb":            {claiming(t, 60000, 60000), ErrSide},
		"a claim too large": {claiming(t, maxSide+1, 1), ErrSide},
		"a claim not kept":  {claiming(t, maxSide, maxSide), ErrFormat},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := Clean(tt.file); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func FuzzClean(f *testing.F) {
	f.Add([]byte("\x89PNG\r\n\x1a\n"))
	f.Add([]byte("RIFF\x22\x00\x00\x00WEBPVP8 "))
	f.Add([]byte{0xff, 0xd8, 0xff})
	f.Fuzz(func(t *testing.T, file []byte) {
		clean, err := Clean(file)
		if err != nil {
			return
		}
		p, err := png.Decode(bytes.NewReader(clean))
		if err != nil {
			t.Fatal(err)
		}
		if s := p.Bounds().Size(); s.X > maxWidth || s.Y > maxHeight {
			t.Fatalf("%d × %d", s.X, s.Y)
		}
	})
}
