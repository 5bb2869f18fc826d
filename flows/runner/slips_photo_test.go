package runner_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/image/draw"

	"librarian/bots/email/letter"
	"librarian/bots/files"
	"librarian/contacts/papers"
	"librarian/queue/fragments"
)

// rendered is the first page of a PDF as a picture.
func rendered(t *testing.T, pdf []byte) image.Image {
	t.Helper()
	program, err := exec.LookPath("pdftoppm")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("pdftoppm is not on this machine")
	}
	cmd := exec.CommandContext(t.Context(), program, "-jpeg", "-r", "110", "-f", "1", "-l", "1", "-singlefile", "-")
	cmd.Stdin = bytes.NewReader(pdf)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	img, err := jpeg.Decode(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// photographed is a sheet of paper on a dark table, seen a little from the side and turned by so many degrees.
func photographed(t *testing.T, sheet image.Image, degrees float64) []byte {
	t.Helper()
	const wide, high = 1500, 1800
	to := image.NewRGBA(image.Rect(0, 0, wide, high))
	draw.Draw(to, to.Rect, image.NewUniform(color.RGBA{52, 44, 40, 255}), image.Point{}, draw.Src)
	b := sheet.Bounds()
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	for y := range high {
		for x := range wide {
			u, v := float64(x-wide/2)*cos+float64(y-high/2)*sin, float64(y-high/2)*cos-float64(x-wide/2)*sin
			far := 1 + v*0.00012 // the lower end is nearer to the camera
			at := image.Pt(b.Dx()/2+int(u*0.85/far), b.Dy()/2+int(v*0.85/far))
			if at.In(b) {
				to.Set(x, y, sheet.At(at.X, at.Y))
			}
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, to, &jpeg.Options{Quality: 80}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// shown is a photo of a page of this grey, taken in that minute.
func shown(t *testing.T, grey byte, minute int) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 700, 900))
	for i := range img.Pix {
		img.Pix[i] = grey
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		t.Fatal(err)
	}
	return taken(out.Bytes(), minute)
}

// taken puts an EXIF block into a JPEG that says when it was taken.
func taken(img []byte, minute int) []byte {
	exif := "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x87\x69\x00\x04\x00\x00\x00\x01\x00\x00\x00\x1a\x00\x00\x00\x00" +
		"\x00\x01\x90\x03\x00\x02\x00\x00\x00\x14\x00\x00\x00\x2c\x00\x00\x00\x00" + fmt.Sprintf("2026:03:02 12:%02d:00\x00", minute)
	return bytes.Join([][]byte{img[:2], {0xff, 0xe1, 0, byte(len(exif) + 2)}, []byte(exif), img[2:]}, nil)
}

// album posts a letter with these photos, named so, from the department. Answers is the slip that it answers; nil: none.
func (c *correspondence) album(id string, answers *letter.Letter, words string, photos ...photo) {
	c.office.Helper()
	var raw strings.Builder
	fmt.Fprintf(&raw, "From: storage@lib.test\r\nTo: %s\r\nMessage-ID: <%s>\r\nSubject: scans\r\n", desk, id)
	if answers != nil {
		fmt.Fprintf(&raw, "In-Reply-To: <%s>\r\n", answers.MessageID)
	}
	fmt.Fprintf(&raw, "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n", words)
	for _, p := range photos {
		fmt.Fprintf(&raw, "--b\r\nContent-Type: image/jpeg; name=%s.jpg\r\nContent-Transfer-Encoding: base64\r\n\r\n", p.name)
		text := base64.StdEncoding.EncodeToString(p.data)
		for len(text) > 76 {
			raw.WriteString(text[:76] + "\r\n")
			text = text[76:]
		}
		raw.WriteString(text + "\r\n")
	}
	raw.WriteString("--b--\r\n")
	c.server.Post(c.office, "storage@lib.test", desk, []byte(raw.String()))
}

type photo struct {
	name string
	data []byte
}

// stands are the names of the order's pages, in their order; those left out in brackets.
func (c *correspondence) stands(o fragments.Order) string {
	c.office.Helper()
	parts, err := fragments.Parts(c.office.Context(), c.office.pool, c.office.lib, o.ID)
	if err != nil {
		c.office.Fatal(err)
	}
	var out []string
	for _, p := range parts {
		name := strings.TrimSuffix(p.Name, ".jpg")
		if p.Dropped {
			name = "(" + name + ")"
		}
		out = append(out, name)
	}
	return strings.Join(out, " ")
}

// knows gives the writer in the web chat a card.
func (c *correspondence) knows(sender string) {
	c.office.Helper()
	c.office.say(c.office.instance, sender, "меню")
	c.office.press(c.office.instance, sender, "lang:ru")
	c.office.exec(`with r as (insert into readers (library_id, name, card) values ($1, 'Анна', '000200') returning library_id, id)
insert into contact_readers (library_id, contact_id, reader_id, relation) select r.library_id, a.contact_id, r.id, 'self' from r, addresses a where a.id = $2`,
		c.office.lib, c.office.conv(sender))
}

// TestSlipsAmongThePhotos: the department prints the slips, photographs them with the books, and sends all in letters that answer nothing, or the wrong one.
// Each page finds its order and stands where it was photographed (issue 4).
func TestSlipsAmongThePhotos(t *testing.T) {
	t.Parallel()
	c := correspond(t)
	c.knows("anna")
	first, second := c.placed("5"), c.placed("9")
	slips := c.server.Letters(t, "storage", 2)
	sheet := func(o fragments.Order) image.Image {
		for _, l := range slips {
			if strings.Contains(l.Text, o.SlipCode()) && len(l.Files) == 1 {
				return rendered(t, l.Files[0].Content)
			}
		}
		t.Fatalf("no slip of order %s", o.SlipCode())
		return nil
	}
	one, two := sheet(first), sheet(second)
	// attached in no order, all taken one after the other: slip of the first, two pages, slip of the second, a page, slip of the first again, a page
	c.album("all@storage.test", nil, "Прилагаю всё",
		photo{"e", shown(t, 120, 5)}, photo{"slip-a", taken(photographed(t, one, 7), 1)}, photo{"c", shown(t, 40, 3)}, photo{"slip-b", taken(photographed(t, two, 184), 4)},
		photo{"slip-c", taken(photographed(t, one, -95), 6)}, photo{"b", shown(t, 200, 2)}, photo{"g", shown(t, 160, 7)})
	c.letters("returned", "", 1)
	if got := c.stands(first); got != "(slip-a) b c (slip-c) g" {
		t.Errorf("the first order has %s", got)
	}
	if got := c.stands(second); got != "(slip-b) e" {
		t.Errorf("the second order has %s", got)
	}
	// in answer to the first slip come the same again and one more of the second order
	answered := slips[0]
	if !strings.Contains(answered.Text, first.SlipCode()) {
		answered = slips[1]
	}
	c.album("more@storage.test", &answered, "Ещё", photo{"b", shown(t, 200, 2)}, photo{"slip-b", taken(photographed(t, two, 184), 4)}, photo{"d", shown(t, 90, 5)})
	c.letters("returned", "", 2)
	if got := c.stands(first); got != "(slip-a) b c (slip-c) g" {
		t.Errorf("the first order has %s after the second letter", got)
	}
	if got := c.stands(second); got != "(slip-b) d e" && got != "(slip-b) e d" {
		t.Errorf("the second order has %s after the second letter", got)
	}
	// the code in letters does as well
	c.album("words@storage.test", nil, "К заказу "+second.SlipCode(), photo{"z", shown(t, 30, 50)})
	c.letters("returned", "", 3)
	if got := c.stands(second); !strings.HasSuffix(got, " z") {
		t.Errorf("the second order has %s after the letter that names it", got)
	}
}

// TestSlipThatIsNobodysHere: a made-up code, or a slip of an order of another department, takes no page anywhere: a person looks.
func TestSlipThatIsNobodysHere(t *testing.T) {
	t.Parallel()
	c := correspond(t)
	c.knows("anna")
	mine := c.placed("5")
	slip := c.server.Letters(t, "storage", 1)[0]
	joiner, err := fragments.NewJoiner(nil, c.office.texts)
	if err != nil {
		t.Fatal(err)
	}
	mark := func(code string) image.Image {
		pdf, err := joiner.DrawSlip(fragments.SlipSheet{Lang: "ru", Order: fragments.Order{ID: mine.ID, Mark: code, Pages: "5"}})
		if err != nil {
			t.Fatal(err)
		}
		return rendered(t, pdf)
	}
	c.album("forged@storage.test", nil, "Вот", photo{"s", photographed(t, mark("AAAAAAAA"), 3)}, photo{"p", shown(t, 90, 1)})
	c.letters("tray", "slip", 1)
	c.album("part@storage.test", &slip, "Вот", photo{"a", shown(t, 200, 1)}, photo{"s", taken(photographed(t, mark("BBBBBBBB"), 3), 2)}, photo{"p", shown(t, 90, 3)})
	c.letters("tray", "slip", 2)
	if got := c.stands(mine); got != "a" {
		t.Errorf("the order has %s", got)
	}
	c.office.exec(`update orders set department_id = (select id from departments where id <> $1 limit 1)`, c.department)
	if n := c.office.count(`select count(*) from departments`); n < 2 {
		c.office.exec(`with d as (insert into departments (library_id, name) values ($1, '{"ru": "Краеведение"}') returning id) update orders set department_id = d.id from d`, c.office.lib)
	}
	c.album("other@storage.test", nil, "Вот", photo{"s", photographed(t, mark(mine.Mark), 3)}, photo{"q", shown(t, 90, 1)})
	c.letters("tray", "slip", 3)
	if got := c.stands(mine); got != "a" {
		t.Errorf("the order of another department has %s", got)
	}
}

// TestSlipIsNoPaper: the code of a slip is never read as that of a page of registration papers.
func TestSlipIsNoPaper(t *testing.T) {
	t.Parallel()
	code := fragments.Order{ID: 123456, Mark: "ABCDEFGH"}.SlipMark()
	if _, _, ok := papers.ReadCode(code); ok || !strings.HasPrefix(code, files.CodePrefix) {
		t.Errorf("%s is a paper's", code)
	}
}
