package email

import "encoding/binary"

// Marks of Outlook's own envelope, winmail.dat (MS-OXTNEF).
const (
	tnefMark       = 0x223e9f78
	tnefAttachment = 2 // level
	tnefStart      = 0x00069002
	tnefTitle      = 0x00018010
	tnefData       = 0x0006800f
	tnefProps      = 0x00069005
	tnefBody       = 0x0002800c
	mapiLongName   = 0x3707
)

// openTNEF takes the files out of a winmail.dat, and its text if it has a plain one. It is false for what is none, or holds nothing that can be had.
func openTNEF(raw []byte, before int) (text string, files []Attachment, ok bool) {
	if len(raw) < 6 || binary.LittleEndian.Uint32(raw) != tnefMark {
		return "", nil, false
	}
	for raw = raw[6:]; len(raw) >= 11; {
		id, size := binary.LittleEndian.Uint32(raw[1:]), binary.LittleEndian.Uint32(raw[5:])
		level := raw[0]
		if raw = raw[9:]; uint64(size)+2 > uint64(len(raw)) {
			break
		}
		data := raw[:size]
		raw = raw[size+2:] // behind its checksum
		if level != tnefAttachment {
			if id == tnefBody {
				text = decodeText(trimZero(data), "")
			}
			continue
		}
		if id == tnefStart {
			if len(files) == maxParts {
				break
			}
			files = append(files, Attachment{MediaType: "application/octet-stream"})
		}
		if len(files) > 0 {
			files[len(files)-1].takeTNEF(id, data)
		}
	}
	var full []Attachment
	for _, f := range files {
		if len(f.Content) > 0 {
			f.Name = attachedName(f.Name, f.MediaType, before+len(full)+1)
			full = append(full, f)
		}
	}
	return text, full, len(full) > 0
}

func (a *Attachment) takeTNEF(id uint32, data []byte) {
	switch id {
	case tnefTitle:
		if a.Name == "" {
			a.Name = decodeText(trimZero(data), "")
		}
	case tnefData:
		a.Content = data
	case tnefProps:
		if name := longName(data); name != "" {
			a.Name = name
		}
	}
}

func trimZero(data []byte) []byte {
	for i, c := range data {
		if c == 0 {
			return data[:i]
		}
	}
	return data
}

// sizes are those of MAPI's fixed properties in bytes, by type, filled up to four.
func fixedSize(kind uint16) int {
	switch kind {
	case 0x0002, 0x0003, 0x0004, 0x000a, 0x000b:
		return 4
	case 0x0005, 0x0006, 0x0007, 0x0014, 0x0040:
		return 8
	case 0x0048:
		return 16
	}
	return 0
}

// longName finds the whole name among a file's properties, which the title has cut to eight letters. It is empty where it is not among them, or stands behind
// something that cannot be passed over.
func longName(data []byte) string {
	if len(data) < 4 {
		return ""
	}
	count := binary.LittleEndian.Uint32(data)
	data = data[4:]
	for range min(count, 1000) {
		if len(data) < 4 {
			return ""
		}
		kind, id := binary.LittleEndian.Uint16(data), binary.LittleEndian.Uint16(data[2:])
		data = data[4:]
		if id >= 0x8000 || kind&0x1000 != 0 { // named, or of several values
			return ""
		}
		if n := fixedSize(kind); n > 0 {
			data = data[min(n, len(data)):]
			continue
		}
		value, rest, ok := variable(data)
		if !ok {
			return ""
		}
		if id == mapiLongName && kind == 0x001f {
			return utf16Text(value)
		}
		if id == mapiLongName && kind == 0x001e {
			return decodeText(trimZero(value), "")
		}
		data = rest
	}
	return ""
}

// variable reads one value that bears its length.
func variable(data []byte) (value, rest []byte, ok bool) {
	if len(data) < 8 || binary.LittleEndian.Uint32(data) != 1 {
		return nil, nil, false
	}
	size := int64(binary.LittleEndian.Uint32(data[4:]))
	data = data[8:]
	if size > int64(len(data)) {
		return nil, nil, false
	}
	return data[:size], data[min(int64(len(data)), (size+3)/4*4):], true
}

func utf16Text(data []byte) string {
	for i := 0; i+1 < len(data); i += 2 {
		if data[i] == 0 && data[i+1] == 0 {
			data = data[:i]
			break
		}
	}
	return decodeText(data, "utf-16le")
}
