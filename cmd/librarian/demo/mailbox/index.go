package mailbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
)

const (
	indexFile = "index.json"
	newIndex  = "index.part"
	ending    = ".eml"
)

// index is what is known of the letters beside their text: the one file that says what the mailbox holds.
type index struct {
	Last    int      `json:"last"` // number of the newest letter's file
	Folders []folder `json:"folders"`
}

// folder is one of IMAP's mailboxes.
type folder struct {
	Name     string   `json:"name"`
	Validity uint32   `json:"validity"`
	Next     imap.UID `json:"next"`
	Letters  []entry  `json:"letters"` // by UID
}

// entry is a letter in a folder.
type entry struct {
	UID   imap.UID    `json:"uid"`
	File  int         `json:"file"`
	Size  int64       `json:"size"` // bytes
	At    time.Time   `json:"at"`   // of its arrival
	Flags []imap.Flag `json:"flags,omitempty"`
}

func readIndex(dir *os.Root) (index, error) {
	text, err := dir.ReadFile(indexFile)
	if errors.Is(err, fs.ErrNotExist) {
		return index{}, nil
	}
	if err != nil {
		return index{}, fmt.Errorf("read index of letters: %w", err)
	}
	var x index
	if err := json.Unmarshal(text, &x); err != nil {
		return index{}, fmt.Errorf("read index of letters: %w", err)
	}
	return x, nil
}

// write puts the index into the place of the old one, which is whole until the new one is.
func (x index) write(dir *os.Root) error {
	text, err := json.Marshal(x)
	if err != nil {
		return fmt.Errorf("write index of letters: %w", err)
	}
	f, err := dir.Create(newIndex)
	if err != nil {
		return fmt.Errorf("write index of letters: %w", err)
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = dir.Rename(newIndex, indexFile)
	}
	if err != nil {
		return fmt.Errorf("write index of letters: %w", err)
	}
	return nil
}

// clone is a copy that may be changed, but for the flags of a letter, which are replaced as a whole.
func (x index) clone() index {
	x.Folders = slices.Clone(x.Folders)
	for i := range x.Folders {
		x.Folders[i].Letters = slices.Clone(x.Folders[i].Letters)
	}
	return x
}

// folder gives the place of the folder, -1 where there is none.
func (x index) folder(name string) int {
	return slices.IndexFunc(x.Folders, func(f folder) bool { return f.Name == proper(name) })
}

// proper is the folder's name as we write it: INBOX alone is called as one likes.
func proper(name string) string {
	if strings.EqualFold(name, inbox) {
		return inbox
	}
	return name
}

// create adds an empty folder. Its UIDVALIDITY differs from that of any folder of this name before, also where the whole mailbox is made anew.
func (x *index) create(name string) error {
	if x.folder(name) >= 0 {
		return errFolder
	}
	x.Folders = append(x.Folders, folder{Name: proper(name), Validity: 1 + rand.Uint32N(1<<31-1), Next: 1})
	return nil
}

// add puts the letter at the end, under a UID of its own, which it gives.
func (f *folder) add(l entry) imap.UID {
	l.UID = f.Next
	f.Next++
	f.Letters = append(f.Letters, l)
	return l.UID
}

// take removes letters and gives them in order, with their sequence numbers from the last to the first.
func (f *folder) take(which func(entry) bool) (taken []entry, numbers []uint32) {
	var left []entry
	for i, l := range f.Letters {
		if !which(l) {
			left = append(left, l)
			continue
		}
		taken, numbers = append(taken, l), append(numbers, uint32(i+1))
	}
	f.Letters = left
	slices.Reverse(numbers)
	return taken, numbers
}

// overflow takes the oldest of too many letters that are done with.
func (f *folder) overflow() ([]entry, []uint32) {
	if f.Name == inbox || len(f.Letters) <= kept {
		return nil, nil
	}
	oldest := f.Letters[len(f.Letters)-kept].UID
	return f.take(func(l entry) bool { return l.UID < oldest })
}

// writeLetter keeps a letter's text and gives its size in bytes and the time.
func writeLetter(dir *os.Root, number int, r io.Reader) (size int64, at time.Time, err error) {
	f, err := dir.Create(fileName(number))
	if err != nil {
		return 0, time.Time{}, err
	}
	size, err = io.Copy(f, r)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return 0, time.Time{}, err
	}
	info, err := dir.Stat(fileName(number))
	if err != nil {
		return 0, time.Time{}, err
	}
	return size, info.ModTime(), nil
}

func fileName(number int) string { return fmt.Sprintf("%06d", number) + ending }
