package layout

import "context"

// ProductName is what the pages call the product where nothing else is set.
const ProductName = "Postern"

// Brand is the name and the logo that every page shows.
type Brand struct {
	Name string
	Logo string // address of a picture; empty: Postern's own mark
}

type brandKey struct{}

// WithBrand makes the pages rendered under the context ask for their brand. It
// is a function, because many requests render no page.
func WithBrand(ctx context.Context, brand func() Brand) context.Context {
	return context.WithValue(ctx, brandKey{}, brand)
}

func brandOf(ctx context.Context) Brand {
	b := Brand{}
	if brand, ok := ctx.Value(brandKey{}).(func() Brand); ok {
		b = brand()
	}
	if b.Name == "" {
		b.Name = ProductName
	}
	return b
}
