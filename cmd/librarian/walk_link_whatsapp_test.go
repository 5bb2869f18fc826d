package main

import (
	"bytes"
	"image"
	"image/png"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"golang.org/x/image/draw"

	"librarian/bots/whatsapp/whatsapptest"
)

// TestWalkWhatsAppLink: the head of a library links its number in a browser, and sees there whatever WhatsApp does to it and what is to be done (issue 5, Show 5).
func TestWalkWhatsAppLink(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	w := newWorld(t)
	n := w.whatsApp()
	first := strings.TrimSpace(strings.TrimPrefix(w.must("staff", "add", "head", "--name", "Айталина", "--role", "director", "--library", "demo"), "first password:"))
	w.serve("--public-url", "http://"+w.listen)
	head := &linkWalk{n, b.person("head", desktop)}
	head.page.open("http://" + w.listen + "/desk")
	head.page.enrols("head", first, "three green herons wade")
	head.links()
	head.hearsAReader()
	head.isBanned()
	head.isOutdated()
	head.isLoggedOut()
	head.isReplaced()
	if got := w.count(w.pool(), `select count(*) from tasks where kind = 'channel' and state = 'done' and outcome = 'channel works'`); got != 4 {
		t.Errorf("%d calls for help have ended by themselves", got)
	}
}

// linkWalk is the head of the library at the page of its number.
type linkWalk struct {
	*linkedNumber
	page *page
}

// looks keeps pictures at both widths.
func (l *linkWalk) looks(step string) {
	l.Helper()
	l.page.look(step)
	l.page.size(phone)
	l.page.look(step + "-phone")
	if width := answer[int](l.page, "document.documentElement.scrollWidth"); width > phone {
		l.Errorf("%s is %d pixels wide on a phone", step, width)
	}
	l.page.size(desktop)
}

// links adds the number and has the phone look at the page.
func (l *linkWalk) links() {
	l.Helper()
	p := l.page
	p.open("http://" + l.listen + "/desk/channels")
	p.writes("input[name=name]", "Абонемент")
	p.presses("Добавить номер")
	p.sees("не связан")
	l.looks("new")
	p.presses("Показать картинку")
	p.await("a picture to scan", `document.querySelector("img.phone-code")?.naturalWidth > 100`)
	l.looks("picture")
	if err := l.account.ScanQR(p.photographed()); err != nil {
		p.fail("the phone does not take the picture: %v", err)
	}
	l.isConnected()
	l.looks("connected")
}

// photographed is what the code says that stands in the window. The reader fails at about one picture in thirty, as it stands: it looks from several
// distances, as a hand with a camera does.
func (p *page) photographed() string {
	p.Helper()
	shot, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.fail("a picture of the window: %v", err)
	}
	window, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		p.fail("a picture of the window: %v", err)
	}
	for _, percent := range []int{100, 115, 130, 85, 150} {
		seen := image.NewGray(image.Rect(0, 0, window.Bounds().Dx()*percent/100, window.Bounds().Dy()*percent/100))
		draw.BiLinear.Scale(seen, seen.Bounds(), window, window.Bounds(), draw.Src, nil)
		var bitmap *gozxing.BinaryBitmap
		if bitmap, err = gozxing.NewBinaryBitmapFromImage(seen); err != nil {
			break
		}
		var read *gozxing.Result
		if read, err = qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true}); err == nil {
			return read.GetText()
		}
	}
	p.fail("no camera can read the code: %v", err)
	return ""
}

// isConnected waits until the page says so by itself.
func (l *linkWalk) isConnected() {
	l.Helper()
	l.page.sees("подключён")
	l.page.sees("+74112000000")
	l.page.await("no call for help", `!document.querySelector("#alarms .note")`)
}

// hearsAReader: the page tells when somebody wrote last and when they were answered.
func (l *linkWalk) hearsAReader() {
	l.Helper()
	r := l.reader("+79141234567", "Туяра", whatsapptest.Options{})
	r.says("меню")
	r.hears("На каком языке")
	l.page.await("both times", `![...document.querySelectorAll("dl.facts dd")].some((e) => e.textContent.includes("пока ничего"))`)
	l.looks("heard")
}

// stops waits until page, banner and queue say what has happened, and goes back to the page.
func (l *linkWalk) stops(step, state, happened string) {
	l.Helper()
	p := l.page
	p.sees(state)
	p.await("the call for help on the page", `document.querySelector("#alarms .note")?.innerText.includes("не работает")`)
	p.sees(happened)
	p.sees("Что делать:")
	l.looks(step)
	at := answer[string](p, "location.href")
	p.open("http://" + l.listen + "/desk")
	p.await("the task in the queue", `[...document.querySelectorAll("a.row")].some((e) => e.innerText.includes("Абонемент"))`)
	l.looks(step + "-queue")
	p.open(at)
}

func (l *linkWalk) connects() {
	l.Helper()
	l.page.presses("Подключить снова")
	l.isConnected()
}

func (l *linkWalk) isBanned() {
	l.Helper()
	l.account.Ban(24 * time.Hour)
	l.stops("banned", "временный запрет", "запретил номеру работать до")
	l.account.Unban()
	l.connects()
}

func (l *linkWalk) isOutdated() {
	l.Helper()
	l.account.Outdated(true)
	l.account.Kick()
	l.stops("outdated", "служба устарела", "не принимает эту версию")
	l.account.Outdated(false)
	l.connects()
}

// isLoggedOut: somebody has taken the service off the phone's list; it is linked again by letters.
func (l *linkWalk) isLoggedOut() {
	l.Helper()
	l.account.Unlink()
	l.stops("logged-out", "связь прервана", "прервал связь")
	p := l.page
	p.writes("#phone", libraryNumber)
	p.presses("Показать буквы")
	p.await("letters", `/^[0-9A-Z]{4}-[0-9A-Z]{4}$/.test(document.querySelector(".letters")?.innerText.trim())`)
	l.looks("letters")
	if err := l.account.EnterCode(answer[string](p, `document.querySelector(".letters").innerText.trim()`)); err != nil {
		p.fail("the phone does not take the letters: %v", err)
	}
	l.isConnected()
}

func (l *linkWalk) isReplaced() {
	l.Helper()
	l.account.Replace()
	l.stops("replaced", "занят другой программой", "забрала подключение")
	l.connects()
	l.looks("connected-again")
}
