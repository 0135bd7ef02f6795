package kit

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
)

// brandAge is how long the name and the logo are remembered. Another process
// on the same database may change them.
const brandAge = 10 * time.Second

// brandCache remembers the name and the logo. The zero value knows nothing.
type brandCache struct {
	mu    sync.Mutex
	until time.Time
	brand layout.Brand
}

// ForgetBrand makes the next page read the settings again.
func (k *Kit) ForgetBrand() {
	k.brands.mu.Lock()
	defer k.brands.mu.Unlock()
	k.brands.until = time.Time{}
}

// WithBrand lets pages show the name and the logo of the settings, and commands as
// they are to be typed here. Nothing is read until a page asks.
func (k *Kit) WithBrand(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := layout.WithCommands(r.Context(), k.Opts.CommandFlags)
		ctx = layout.WithLeavers(ctx, func() int { return k.leaversNow(r.Context()) })
		ctx = layout.WithSources(ctx, func() int { return k.sourcesNow(r.Context()) })
		next.ServeHTTP(w, r.WithContext(layout.WithBrand(ctx, func() layout.Brand { return k.Brand(ctx) })))
	})
}

// Brand is what pages show. When the database cannot be read it stays what it
// was: pages about that must still appear.
func (k *Kit) Brand(ctx context.Context) layout.Brand {
	k.brands.mu.Lock()
	defer k.brands.mu.Unlock()
	if k.Now().Before(k.brands.until) {
		return k.brands.brand
	}
	set, err := k.Store.Settings(ctx)
	if err != nil {
		k.Log.WarnContext(ctx, "name and logo not read", "error", err)
		return k.brands.brand
	}
	k.brands.until = k.Now().Add(brandAge)
	k.brands.brand = layout.Brand{Name: set.ProductName}
	if set.LogoHash != "" {
		k.brands.brand.Logo = paths.Logo(set.LogoHash)
	}
	return k.brands.brand
}

// ShowLogo serves the logo. Its address holds its hash, so that browsers keep it.
func (k *Kit) ShowLogo(w http.ResponseWriter, r *http.Request) error {
	hash, isPNG := strings.CutSuffix(chi.URLParam(r, "file"), ".png")
	if !isPNG {
		hash = ""
	}
	content, err := k.Store.Logo(r.Context(), hash)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "image/png")
	h.Set("Content-Security-Policy", "default-src 'none'")
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	if _, err := w.Write(content); err != nil {
		k.Log.DebugContext(r.Context(), "answer not delivered", "error", err)
	}
	return nil
}
