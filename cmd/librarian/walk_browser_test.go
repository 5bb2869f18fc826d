package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// browser is a real Chromium; every person in it has cookies of their own.
type browser struct {
	*testing.T
	ctx   context.Context
	shots string
	shot  int
	pages []*page
}

// newBrowser starts Chromium, or skips the test where there is none.
func newBrowser(t *testing.T) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("chromium is missing")
		}
		t.Skip("chromium is missing")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.IgnoreCertErrors,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("accept-lang", "ru"),
		chromedp.WSURLReadTimeout(patienceOfTests),
	)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, end := chromedp.NewContext(allocator)
	t.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	return &browser{T: t, ctx: ctx, shots: shotsDir(t)}
}

// shotsDir is where pictures of each step are kept: the folder that was asked for, the test's output, or nowhere for long.
func shotsDir(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("LIBRARIAN_SCREENSHOTS")
	if dir == "" {
		return t.ArtifactDir()
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// page is one person's window.
type page struct {
	*browser
	ctx context.Context
	who string
}

// The widths at which pages are looked at, in CSS pixels.
const (
	narrowest = 360
	phone     = 390
	desktop   = 1280
)

// person opens a window with cookies of its own. On a phone it has a touch screen and two pixels for each of CSS.
func (b *browser) person(who string, width int64) *page {
	b.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	b.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // without a time limit: the window would close with it
		b.Fatalf("open a window: %v", err)
	}
	p := &page{browser: b, ctx: ctx, who: who}
	p.do("live where the library is, and hold still for pictures", func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		still := &emulation.MediaFeature{Name: "prefers-reduced-motion", Value: "reduce"}
		if _, err := cdp.Call(ctx, t, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: demoZone}); err != nil {
			return chromedp.Void{}, err
		}
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{still}})
		return chromedp.Void{}, err
	})
	p.size(width)
	b.pages = append(b.pages, p)
	return p
}

func (p *page) size(width int64) {
	p.Helper()
	if width < desktop {
		p.do("become a phone", chromedp.EmulateViewport(width, 844, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulatePortrait,
			func(m *emulation.SetDeviceMetricsOverrideParams, _ *emulation.SetTouchEmulationEnabledParams) {
				m.DeviceScaleFactor = 2
			}))
		return
	}
	p.do("become a desk", chromedp.EmulateViewport(width, 860))
}

// do carries steps out, or fails with a picture of what was to be seen.
func (p *page) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patienceOfTests)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.fail("%s: %v", what, err)
	}
}

// fail ends the test with what each person sees: what is missed at one desk was often not done at another.
func (p *page) fail(format string, args ...any) {
	p.Helper()
	for _, other := range p.pages {
		other.look("failure")
		text, err := ask[string](other, `location.pathname + "\n" + document.body.innerText.slice(-2000)`)
		p.Logf("%s sees (%v) %s", other.who, err, text)
	}
	p.Fatalf("%s: %s", p.who, fmt.Sprintf(format, args...))
}

func (p *page) open(url string) {
	p.Helper()
	p.do("open "+url, chromedp.Navigate(url))
}

// look keeps a picture of the window. One that is asked for while a page goes may never come: then once more.
func (p *page) look(step string) {
	p.Helper()
	var png []byte
	err := errors.New("not tried")
	for try := 0; try < 3 && err != nil; try++ {
		ctx, cancel := context.WithTimeout(p.ctx, patienceOfTests/6)
		png, err = chromedp.Run(ctx, chromedp.CaptureScreenshot())
		cancel()
	}
	if err != nil {
		p.Errorf("picture of %s: %v", step, err)
		return
	}
	p.shot++
	name := fmt.Sprintf("%s-%02d-%s-%s.png", strings.ReplaceAll(p.Name(), "/", "-"), p.shot, p.who, step)
	if err := os.WriteFile(filepath.Join(p.shots, name), png, 0o600); err != nil {
		p.Fatal(err)
	}
}

// ask gives what an expression says about the page; nothing while the page changes.
func ask[T any](p *page, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, patienceOfTests/6) // what is asked while a page goes may never be answered
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// answer gives what an expression says about the page.
func answer[T any](p *page, expression string) T {
	p.Helper()
	v, err := ask[T](p, expression)
	if err != nil {
		p.fail("%s: %v", expression, err)
	}
	return v
}

// await waits until an expression is true, over page loads too.
func (p *page) await(what, expression string) {
	p.Helper()
	deadline := time.Now().Add(patienceOfTests)
	for {
		if true, err := ask[bool](p, "(async () => Boolean(await ("+expression+")))()"); err == nil && true {
			return
		}
		if time.Now().After(deadline) {
			p.fail("in vain: %s", what)
		}
		time.Sleep(20 * time.Millisecond) // a page has no other way to tell over a load
	}
}

// sees waits for a text in the page.
func (p *page) sees(text string) {
	p.Helper()
	p.await(text, fmt.Sprintf("document.body.innerText.includes(%q)", text))
}

// control is the newest link, button or the like that says the text and can be seen.
func control(text string) string {
	return fmt.Sprintf(`[...document.querySelectorAll("a, button, summary")].findLast((e) => e.checkVisibility() && (e.textContent.trim() === %[1]q || e.ariaLabel === %[1]q))`, text)
}

// presses presses what says the text, by the mouse, once it stands still.
func (p *page) presses(text string) {
	p.Helper()
	p.press(text, control(text))
}

// press presses the node of the expression where the mouse finds it, once the page is all there, the node stands still and nothing lies over it.
func (p *page) press(what, expression string) {
	p.Helper()
	still := fmt.Sprintf(`new Promise((done) => {
		const find = () => %s;
		const node = find();
		if (!node || document.readyState !== "complete") return done("");
		node.scrollIntoView({ block: "nearest", behavior: "instant" });
		const place = () => { const box = node.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; };
		const before = place();
		setTimeout(() => {
			const now = place();
			const ready = node === find() && String(now) === String(before) && node.contains(document.elementFromPoint(...now));
			done(ready ? now.join(" ") : "");
		}, 80);
	})`, expression)
	deadline := time.Now().Add(patienceOfTests)
	for time.Now().Before(deadline) {
		var x, y float64
		at, err := ask[string](p, still)
		if err == nil && at != "" {
			if _, err := fmt.Sscan(at, &x, &y); err != nil {
				p.fail("place of %s: %v", what, err)
			}
			p.do("press "+what, chromedp.MouseClickXY(x, y))
			return
		}
	}
	p.fail("in vain: %s to press", what)
}

// writes puts a text into the field that the selector finds, key by key, in place of what stands there, once the page's scripts listen to keys.
func (p *page) writes(selector, text string) {
	p.Helper()
	p.await("the field "+selector, fmt.Sprintf(`(() => { const field = document.querySelector(%q); field?.focus(); field?.select(); return field && field === document.activeElement && document.readyState === "complete"; })()`, selector))
	p.do("write into "+selector, chromedp.KeyEvent(text))
}

// says sends a message in the web chat.
func (p *page) says(text string) {
	p.Helper()
	p.writes("#text", text)
	p.enter()
	p.await("the message is in the conversation", fmt.Sprintf(`[...document.querySelectorAll("#log .entry.reader .text")].at(-1)?.textContent === %q`, text))
}

// hears waits until the newest entry that is not the reader's own includes the text.
func (p *page) hears(text string) {
	p.Helper()
	p.await("to hear "+text, fmt.Sprintf(`[...document.querySelectorAll("#log .entry:not(.reader)")].slice(-3).some((e) => e.innerText.includes(%q))`, text))
}

// reaches goes by the Tab key alone until the focus is on what the expression holds for; node is what has the focus.
func (p *page) reaches(what, expression string) {
	p.Helper()
	const most = 60
	for range most {
		if answer[bool](p, `((node) => Boolean(`+expression+`))(document.activeElement)`) {
			if !answer[bool](p, `document.activeElement.matches(":focus-visible")`) {
				p.fail("the focus on %s cannot be seen", what)
			}
			return
		}
		p.do("Tab", chromedp.KeyEvent(kb.Tab))
	}
	p.fail("no way by Tab to %s", what)
}

// enter presses the key that a text field's own script takes: unlike a browser, the protocol would send the new line too.
func (p *page) enter() {
	p.Helper()
	p.do("Enter", func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeRawKeyDown, input.DispatchKeyEventTypeKeyUp} {
			_, err := cdp.Call(ctx, t, input.DispatchKeyEvent, input.DispatchKeyEventParams{
				Type: kind, Key: "Enter", Code: "Enter", WindowsVirtualKeyCode: 13, NativeVirtualKeyCode: 13,
			})
			if err != nil {
				return chromedp.Void{}, err
			}
		}
		return chromedp.Void{}, nil
	})
}

func (p *page) key(key string) {
	p.Helper()
	p.do("key", chromedp.KeyEvent(key))
}

// fits holds that the page is not wider than the narrowest phone.
func (p *page) fits(step string) {
	p.Helper()
	p.look(step)
	width := answer[int](p, "Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)")
	if width > narrowest {
		culprits := answer[string](p, fmt.Sprintf(`[...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > %d).slice(0, 5).map((e) => e.outerHTML.slice(0, 120)).join("\n")`, narrowest))
		p.Errorf("%s is %d pixels wide\n%s", step, width, culprits)
	}
}
