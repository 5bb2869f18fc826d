package fragments

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// tile is the side in pixels of a tile of the sample, as phones cut their photos.
const tile = 512

// moduleFile is a sample that a module carries for its own tests; HEIC and WebP cannot be written by anything we have.
func moduleFile(t testing.TB, module, name string) []byte {
	t.Helper()
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	must(t, err)
	data, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "testdata", name))
	must(t, err)
	return data
}

func goroot(t testing.TB) string {
	t.Helper()
	dir, err := exec.CommandContext(t.Context(), "go", "env", "GOROOT").Output()
	must(t, err)
	return strings.TrimSpace(string(dir))
}

func box(name string, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(len(body)+8)), name...), body...)
}

func numbers(bits int, values ...int) []byte {
	var out []byte
	for _, v := range values {
		for shift := bits - 8; shift >= 0; shift -= 8 {
			out = append(out, byte(v>>shift))
		}
	}
	return out
}

// photoHEIC is a photo of so many pixels as a phone makes it, a grid of tiles: those of the sample again and again, beginning with another for each seed.
func photoHEIC(t testing.TB, w, h, seed int) []byte {
	t.Helper()
	sample := moduleFile(t, "github.com/gen2brain/heic", "test.heic")
	at := bytes.Index(sample, []byte("hvcC")) - 4
	setup := sample[at:][:binary.BigEndian.Uint32(sample[at:])]
	cut := func(mark string, skip int) []byte { return sample[bytes.Index(sample, []byte(mark))+4+skip:] }
	where := cut("iloc", 8)
	const kinds = 9
	cols, rows := (w+tile-1)/tile, (h+tile-1)/tile
	count := cols * rows
	grid := count + 1
	var tiles, items, uses []byte
	var refs, offsets, sizes []int
	for i := range kinds {
		entry := where[16*i:]
		offset, size := int(binary.BigEndian.Uint32(entry[8:])), int(binary.BigEndian.Uint32(entry[12:]))
		offsets, sizes = append(offsets, len(tiles)), append(sizes, size)
		tiles = append(tiles, sample[offset:offset+size]...)
	}
	for i := range count {
		items = append(items, box("infe", numbers(8, 2, 0, 0, 1), numbers(16, i+1, 0), []byte("hvc1\x00"))...)
		uses = append(uses, append(numbers(16, i+1), 2, 0x81, 2)...)
		refs = append(refs, i+1)
	}
	items = append(items, box("infe", numbers(8, 2, 0, 0, 0), numbers(16, grid, 0), []byte("grid\x00"))...)
	uses = append(uses, append(numbers(16, grid), 1, 3)...)
	plan := append([]byte{0, 0, byte(rows - 1), byte(cols - 1)}, numbers(16, w, h)...)
	file := func(start int) []byte {
		places := append(numbers(8, 1, 0, 0, 0, 0x44, 0), numbers(16, grid)...)
		for i := range count {
			kind := (i*i + seed) % kinds
			places = append(places, append(numbers(16, i+1, 0, 0, 1), numbers(32, start+offsets[kind], sizes[kind])...)...)
		}
		places = append(places, append(numbers(16, grid, 1, 0, 1), numbers(32, 0, len(plan))...)...)
		return bytes.Join([][]byte{
			box("ftyp", []byte("heic\x00\x00\x00\x00mif1heic")),
			box("meta", numbers(32, 0),
				box("hdlr", numbers(32, 0, 0), []byte("pict"), numbers(32, 0, 0, 0), []byte{0}),
				box("pitm", numbers(32, 0), numbers(16, grid)),
				box("iinf", numbers(32, 0), numbers(16, grid), items),
				box("iref", numbers(32, 0), box("dimg", numbers(16, grid, len(refs)), numbers(16, refs...))),
				box("iprp", box("ipco", setup, box("ispe", numbers(32, 0, tile, tile)), box("ispe", numbers(32, 0, w, h))),
					box("ipma", numbers(32, 0, grid), uses)),
				box("idat", plan),
				box("iloc", places)),
			box("mdat", tiles),
		}, nil)
	}
	return file(len(file(0)) - len(tiles))
}
