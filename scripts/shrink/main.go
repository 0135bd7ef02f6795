// Command shrink makes a screenshot fit for the guide: the top of the page,
// scaled down, in at most 256 colors, with nothing in the file but the picture.
//
//	go run ./scripts/shrink FROM.png TO.png
package main

import (
	"cmp"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"slices"

	"golang.org/x/image/draw"
)

const (
	width  = 960 // of the picture, in pixels
	height = 720 // at most
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "shrink:", err)
		os.Exit(1)
	}
}

func run(args []string) (err error) {
	if len(args) != 2 {
		return errors.New("usage: shrink FROM.png TO.png")
	}
	in, err := os.Open(args[0])
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	page, err := png.Decode(in)
	if err != nil {
		return err
	}
	out, err := os.Create(args[1])
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	return (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(out, fewColors(scale(page)))
}

// scale keeps the top of a page.
func scale(page image.Image) *image.RGBA {
	b := page.Bounds()
	h := min(b.Dy()*width/b.Dx(), height)
	top := image.Rect(b.Min.X, b.Min.Y, b.Max.X, b.Min.Y+h*b.Dx()/width)
	small := image.NewRGBA(image.Rect(0, 0, width, h))
	draw.CatmullRom.Scale(small, small.Bounds(), page, top, draw.Src, nil)
	return small
}

// fewColors keeps the 256 most frequent colors and puts the nearest of them in
// place of the others. Pages have large areas of few colors, so that it does not show.
func fewColors(p *image.RGBA) *image.Paletted {
	count := map[color.RGBA]int{}
	b := p.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			c := p.RGBAAt(x, y)
			count[color.RGBA{c.R &^ 7, c.G &^ 7, c.B &^ 7, 255}]++
			count[c] += 4 // the exact color goes before its neighborhood
		}
	}
	colors := make([]color.RGBA, 0, len(count))
	for c := range count {
		colors = append(colors, c)
	}
	slices.SortFunc(colors, func(a, b color.RGBA) int {
		return cmp.Or(count[b]-count[a], cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	palette := make(color.Palette, 0, 256)
	for _, c := range colors[:min(256, len(colors))] {
		palette = append(palette, c)
	}
	few := image.NewPaletted(b, palette)
	nearest := map[color.RGBA]uint8{}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			c := p.RGBAAt(x, y)
			i, known := nearest[c]
			if !known {
				i = uint8(palette.Index(c))
				nearest[c] = i
			}
			few.SetColorIndex(x, y, i)
		}
	}
	return few
}
