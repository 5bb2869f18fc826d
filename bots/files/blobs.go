package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
)

// Blobs keep encrypted bytes under a file's id. There are two: a folder, and a bucket of an S3 service.
type Blobs interface {
	// Put stores all of src, which is never empty: age has a header. When it returns nil the bytes outlive a power cut; when it fails, nothing is found under
	// the id.
	Put(ctx context.Context, id ID, src io.Reader) error
	// Get opens the bytes; fs.ErrNotExist when there are none.
	Get(ctx context.Context, id ID) (io.ReadCloser, error)
	// Delete removes the bytes and what a broken Put left; nothing there is no error.
	Delete(ctx context.Context, id ID) error
}

// OpenBlobs gives the store that the address names: a plain path or file:///path for a folder (made if it is missing),
// s3://key:secret@host:port/bucket for a bucket that exists, with ?tls=0 where the service speaks plain HTTP and ?region=… where it wants one.
// Key and secret are percent-encoded. A bucket is not contacted before its first use. No error repeats the address.
func OpenBlobs(address string) (Blobs, error) {
	scheme, _, found := strings.Cut(address, "://")
	if !found {
		return openDisk(address)
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("open file store: address is not a url") // url's own error quotes the secret
	}
	switch scheme {
	case "file":
		if u.Host != "" || u.RawQuery != "" {
			return nil, errors.New("open file store: a file address is file:///path")
		}
		return openDisk(u.Path)
	case "s3":
		return openBucket(u)
	}
	return nil, fmt.Errorf("open file store: unknown scheme %q", scheme)
}
