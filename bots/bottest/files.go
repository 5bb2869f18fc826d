package bottest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"slices"

	"librarian/bots"
)

// jpegOf is a picture of so many pixels each way.
func (s *scene) jpegOf(side int) []byte {
	s.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, side, side)), nil); err != nil {
		s.Fatal(err)
	}
	return b.Bytes()
}

// bytesOf is content that no way of writing bytes as text leaves as it is.
func bytesOf(size int) []byte {
	all := make([]byte, size)
	for i := range all {
		all[i] = byte(i * 31 / 7)
	}
	return append([]byte("%PDF-1.7\r\n.\r\n\x00\xff"), all...)
}

// read gives a file's bytes from wherever the channel has left it.
func (s *scene) read(f bots.InboundFile) []byte {
	s.Helper()
	if f.File != "" {
		return s.Kept(f.File)
	}
	fetcher, ok := s.Channel.(bots.Fetcher)
	if !ok {
		s.Fatal("a file is neither stored nor can it be fetched")
	}
	s.hold()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	d, err := fetcher.Fetch(ctx, f)
	if err != nil {
		s.Fatal(err)
	}
	data, err := io.ReadAll(d)
	if err := errors.Join(err, d.Close()); err != nil {
		s.Fatal(err)
	}
	return data
}

func photo(s *scene) {
	s.receive()
	f := File{Name: "IMG_0001.jpg", MediaType: "image/jpeg", Data: s.jpegOf(300), Photo: true}
	s.Sends(Aita, "", f)
	in := s.await(1)[0]
	if len(in.Files) != 1 || in.Files[0].MediaType != "image/jpeg" || in.Files[0].Size != int64(len(f.Data)) {
		s.Fatalf("arrived as %+v", in)
	}
	if !bytes.Equal(s.read(in.Files[0]), f.Data) {
		s.Error("the picture is another")
	}
}

// Two documents by their ends: a PDF and a picture from an iPhone, which is left as it is.
func document(s *scene) {
	s.receive()
	for i, f := range []File{
		{Name: "Заявление Һ. Ґ. «№ 5».pdf", MediaType: "application/pdf", Data: bytesOf(300_000)},
		{Name: "IMG_0002.HEIC", MediaType: "image/heic", Data: append([]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), bytesOf(1000)...)},
	} {
		s.Sends(Aita, "Вот "+Secret, f)
		in := s.await(i + 1)[i]
		if in.Text != "Вот "+Secret || len(in.Files) != 1 || len(in.Refused) != 0 {
			s.Fatalf("arrived as %+v", in)
		}
		if got := in.Files[0]; got.Name != f.Name || got.MediaType != f.MediaType || got.Size != int64(len(f.Data)) || got.Photo {
			s.Errorf("the file is %+v", got)
		}
		if !bytes.Equal(s.read(in.Files[0]), f.Data) {
			s.Errorf("%s has other bytes", f.Name)
		}
	}
}

// Whatever a file is called, the message is stored: the inbox looks at every name.
func oddName(s *scene) {
	s.receive()
	s.Sends(Aita, "Вот", File{Name: "скан\x00 \u202efdp.exe\x1b", MediaType: "application/pdf\x00", Data: bytesOf(1000)})
	if in := s.await(1)[0]; len(in.Files)+len(in.Refused) != 1 {
		s.Errorf("arrived as %+v", in)
	}
}

// together sends the files in one go and gives what came of them in order, with the texts and the marks by which they belong together.
func (s *scene) together(all ...File) (got []bots.InboundFile, refused []bots.RefusedUpload, texts []string, albums map[string]int) {
	s.Helper()
	s.receive()
	s.Sends(Aita, "Страницы", all...)
	albums = map[string]int{}
	if !s.until(func(b *Inbox) bool {
		got, refused, texts = nil, nil, nil
		clear(albums)
		for _, in := range b.stored {
			got, refused = append(got, in.Files...), append(refused, in.Refused...)
			albums[in.Album]++
			if in.Text != "" {
				texts = append(texts, in.Text)
			}
		}
		return len(got)+len(refused) >= len(all)
	}) {
		s.Fatalf("%d files and %d refused of %d", len(got), len(refused), len(all))
	}
	for i, f := range got {
		if !all[i].Photo && f.Name != all[i].Name || !bytes.Equal(s.read(f), all[i].Data) {
			s.Errorf("file %d is %s", i, f.Name)
		}
	}
	return got, refused, texts, albums
}

// Whether they come as one message or as several, they belong together, keep their order, and the caption is said once.
func several(s *scene) {
	var all []File
	for i := range 3 {
		all = append(all, File{Name: fmt.Sprintf("IMG_%d.jpg", i), MediaType: "image/jpeg", Data: s.jpegOf(100 + i), Photo: true})
	}
	got, refused, texts, albums := s.together(all...)
	if len(got) != 3 || len(refused) != 0 || !slices.Equal(texts, []string{"Страницы"}) || len(albums) != 1 {
		s.Errorf("%d files, %d refused, texts %q, albums %v", len(got), len(refused), texts, albums)
	}
	if albums[""] > 1 {
		s.Errorf("%d messages that nothing holds together", albums[""])
	}
}

// None is lost without a word.
func many(s *scene) {
	var all []File
	for i := range bots.MaxFiles + 2 {
		all = append(all, File{Name: fmt.Sprintf("стр-%02d.pdf", i), MediaType: "application/pdf", Data: bytesOf(1000 + i)})
	}
	got, refused, _, _ := s.together(all...)
	if len(got)+len(refused) != len(all) {
		s.Errorf("%d files, %d refused", len(got), len(refused))
	}
	for _, f := range refused {
		if f.Name == "" || f.Reason == "" {
			s.Errorf("refused as %+v", f)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, in := range s.stored {
		if len(in.Files) > bots.MaxFiles {
			s.Errorf("%d files in one message", len(in.Files))
		}
	}
}

// Nothing is in it, and the message goes on all the same.
func empty(s *scene) {
	s.receive()
	s.Sends(Aita, "Вот", File{Name: "пусто.txt", MediaType: "text/plain"})
	in := s.await(1)[0]
	if in.Text != "Вот" || len(in.Files)+len(in.Refused) != 1 {
		s.Fatalf("arrived as %+v", in)
	}
	if len(in.Files) == 1 && len(s.read(in.Files[0])) != 0 {
		s.Error("the file is not empty")
	}
}

// It is refused by its name, and the words beside it arrive.
func tooLarge(s *scene) {
	s.receive()
	s.Sends(Aita, "Вот", File{Name: "Большой скан.pdf", MediaType: "application/pdf", Data: make([]byte, bots.MaxFile+1)})
	in := s.await(1)[0]
	if in.Text != "Вот" || len(in.Files) != 0 || len(in.Refused) != 1 || in.Refused[0] != (bots.RefusedUpload{Name: "Большой скан.pdf", Reason: "too_large"}) {
		s.Errorf("arrived as %+v", in)
	}
}

func gone(s *scene) {
	s.needs(s.Forget != nil)
	fetcher, ok := s.Channel.(bots.Fetcher)
	s.needs(ok)
	s.receive()
	s.Sends(Aita, "Вот", File{Name: "a.pdf", MediaType: "application/pdf", Data: bytesOf(1000)})
	in := s.await(1)[0]
	s.Forget()
	s.hold()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, err := fetcher.Fetch(ctx, in.Files[0])
	if !errors.Is(err, bots.ErrGone) {
		s.Fatalf("fetched with %v", err)
	}
	s.discreet(err, "")
}
