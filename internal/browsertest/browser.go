// Package browsertest drives a real Chromium in tests: it opens pages, fills
// forms, looks for accessibility faults with axe and for messages on the
// browser's console, and keeps screenshots.
package browsertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// patience is how long a step may take before the test is given up. It is no
// speed limit: a step ends as soon as what it waits for is there.
const patience = 60 * time.Second

// Browser is one Chromium with a profile of its own.
type Browser struct {
	t   testing.TB
	ctx context.Context
	axe string
	way Way

	mu       sync.Mutex
	messages []string
}

// Open starts Chromium. Where it is not installed the test is skipped, unless
// REQUIRE_BROWSER is set: then it fails.
func Open(t testing.TB) *Browser {
	t.Helper()
	return open(t)
}

// OpenAt is Open, with every name of the internet leading to that address of this
// machine ("127.0.0.1:port"), whose certificate is believed: for several sites
// over https.
func OpenAt(t testing.TB, address string) *Browser {
	t.Helper()
	return open(t, chromedp.Flag("host-resolver-rules", "MAP * "+address), chromedp.Flag("ignore-certificate-errors", true))
}

func open(t testing.TB, more ...chromedp.ExecAllocatorOption) *Browser {
	t.Helper()
	chromium := find(t)
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1280, 900),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-dev-shm-usage", true),
	)
	options = append(options, more...)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	return newTab(t, allocator, axeSource(t))
}

func find(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("REQUIRE_BROWSER") != "" { //nolint:forbidigo // the switch that forbids skipping
		t.Fatal("Chromium is not installed; Debian has it in the package chromium")
	}
	t.Skip("Chromium is not installed; Debian has it in the package chromium")
	return ""
}

// axeSource is axe-core, from the npm packages of the repository.
func axeSource(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		data, err := os.ReadFile(filepath.Join(dir, "node_modules", "axe-core", "axe.min.js"))
		if err == nil {
			return string(data)
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			break
		}
		dir = parent
	}
	if os.Getenv("REQUIRE_BROWSER") != "" { //nolint:forbidigo // the switch that forbids skipping
		t.Fatal("axe-core is not installed; run “npm ci”")
	}
	t.Skip("axe-core is not installed; run “npm ci”")
	return ""
}

// newTab opens a tab and keeps what its pages write to the console. The first
// run of a context starts the browser, so that run must have no deadline.
func newTab(t testing.TB, parent context.Context, axe string) *Browser {
	t.Helper()
	ctx, cancel := chromedp.NewContext(parent)
	t.Cleanup(cancel)
	b := &Browser{t: t, ctx: ctx, axe: axe, way: Mouse}
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	messages := chromedp.Console(ctx)
	go func() {
		for m, err := range messages {
			if err != nil {
				return // the tab is closed
			}
			b.note(fmt.Sprintf("%s: %s (%s)", m.Type, m.Text, m.URL))
		}
	}()
	return b
}

func (b *Browser) note(message string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.messages = append(b.messages, message)
}

// Messages returns what the console has said since the last call.
func (b *Browser) Messages() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := b.messages
	b.messages = nil
	return m
}

// Tab opens another tab of the same browser, with the same cookies.
func (b *Browser) Tab() *Browser {
	b.t.Helper()
	tab := newTab(b.t, b.ctx, b.axe)
	tab.Use(b.way)
	return tab
}

// run carries out one action and fails the test when it fails.
func run[T any](b *Browser, action chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, action)
	if err != nil {
		b.fail(err)
	}
	return v
}

func (b *Browser) fail(err error) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	where, _ := chromedp.Run(ctx, chromedp.Location())                                 // best effort: err is what counts
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText")) // likewise
	b.t.Fatalf("at %s: %v\nthe page says:\n%s", where, err, text)
}

// Goto opens an address and waits until the page is there.
func (b *Browser) Goto(url string) {
	b.t.Helper()
	run(b, chromedp.Navigate(url))
}

// URL is the address of the page.
func (b *Browser) URL() string {
	b.t.Helper()
	return run(b, chromedp.Location())
}

// Eval evaluates a script on the page.
func Eval[T any](b *Browser, script string) T {
	b.t.Helper()
	return run(b, chromedp.Evaluate[T](script))
}

// Text is what a person reads inside the first element that matches.
func (b *Browser) Text(selector string) string {
	b.t.Helper()
	text := Eval[string](b, fmt.Sprintf("(e => e ? e.innerText : '')(document.querySelector(%q))", selector))
	return strings.Join(strings.Fields(text), " ")
}

// Attribute is an attribute of the first element that matches.
func (b *Browser) Attribute(selector, name string) string {
	b.t.Helper()
	return Eval[string](b, fmt.Sprintf("(e => e ? e.getAttribute(%q) || '' : '')(document.querySelector(%q))", name, selector))
}

// Has tells whether something on the page matches.
func (b *Browser) Has(selector string) bool {
	b.t.Helper()
	return Eval[bool](b, fmt.Sprintf("document.querySelector(%q) !== null", selector))
}

// pollEvery is how often the browser is asked for what a test waits for.
const pollEvery = 50 * time.Millisecond

// WaitText waits until the page contains the text. Pages may change meanwhile.
func (b *Browser) WaitText(text string) {
	b.t.Helper()
	b.wait(fmt.Sprintf("!!document.body && document.body.innerText.includes(%q)", text))
}

// WaitURL waits until a page is there whose address contains one of the texts.
func (b *Browser) WaitURL(texts ...string) {
	b.t.Helper()
	list := make([]string, len(texts))
	for i, text := range texts {
		list[i] = strconv.Quote(text)
	}
	b.wait("document.readyState === 'complete' && [" + strings.Join(list, ",") + "].some(t => location.href.includes(t))")
}

// wait asks until the script says true. While a page is replaced the script
// fails, and is asked again.
func (b *Browser) wait(script string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	for {
		yes, err := chromedp.Run(ctx, chromedp.Evaluate[bool](script))
		if err == nil && yes {
			return
		}
		select {
		case <-ctx.Done():
			b.fail(fmt.Errorf("never true: %s", script))
		case <-time.After(pollEvery):
		}
	}
}

// Fill puts a value into the field of that name, in place of what is there.
func (b *Browser) Fill(name, value string) {
	b.t.Helper()
	b.fill(selected(fmt.Sprintf("[name=%q]:not([type=hidden])", name)), value)
}

// FillNth fills the n-th of several fields with one name, from 0.
func (b *Browser) FillNth(name string, n int, value string) {
	b.t.Helper()
	b.fill(nth(fmt.Sprintf("[name=%q]", name), n), value)
}

// Choose ticks the radio button or check box with that name and value.
func (b *Browser) Choose(name, value string) {
	b.t.Helper()
	b.choose(name, value)
}

// Press uses the button or link with that text and waits for the next page.
func (b *Browser) Press(text string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, b.use(said(text))); err != nil {
		b.fail(fmt.Errorf("press %q: %w", text, err))
	}
}

// Click uses the button or link with that text and stays on the page.
func (b *Browser) Click(text string) {
	b.t.Helper()
	run(b, b.use(said(text)))
}

// ClickSelector uses the first element that matches and stays on the page.
func (b *Browser) ClickSelector(selector string) {
	b.t.Helper()
	run(b, b.use(selected(selector)))
}
