package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// partSize is how much of a blob is held in memory while it is sent; without it minio-go takes half a gigabyte for a stream of unknown length.
const partSize = 8 << 20

// bucket keeps blobs in a bucket of an S3 service, which shows an object only when it is complete.
type bucket struct {
	service minio.Core
	name    string
}

func openBucket(u *url.URL) (Blobs, error) {
	name := strings.Trim(u.Path, "/")
	secret, hasSecret := u.User.Password()
	if u.Host == "" || name == "" || strings.Contains(name, "/") || !hasSecret {
		return nil, errors.New("open file store: an s3 address is s3://key:secret@host:port/bucket")
	}
	service, err := minio.NewCore(u.Host, &minio.Options{
		Creds:        credentials.NewStaticV4(u.User.Username(), secret, ""),
		Secure:       u.Query().Get("tls") != "0",
		Region:       u.Query().Get("region"),
		BucketLookup: minio.BucketLookupPath,
		MaxRetries:   3,
	})
	if err != nil {
		return nil, fmt.Errorf("open file store: %w", err)
	}
	return &bucket{*service, name}, nil
}

func (b *bucket) Put(ctx context.Context, id ID, src io.Reader) error {
	if !id.Valid() {
		return fmt.Errorf("not a file id: %w", fs.ErrNotExist)
	}
	_, err := b.service.Client.PutObject(ctx, b.name, string(id), src, -1, minio.PutObjectOptions{
		ContentType:          "application/octet-stream",
		PartSize:             partSize,
		DisableContentSha256: true, // age proves the bytes; and a signed stream is not understood by every service
	})
	if err != nil {
		return fmt.Errorf("put blob %s: %w", id, err)
	}
	return nil
}

func (b *bucket) Get(ctx context.Context, id ID) (io.ReadCloser, error) {
	if !id.Valid() {
		return nil, fmt.Errorf("not a file id: %w", fs.ErrNotExist)
	}
	body, _, _, err := b.service.GetObject(ctx, b.name, string(id), minio.GetObjectOptions{})
	if err != nil {
		if reply := minio.ToErrorResponse(err); reply.StatusCode == http.StatusNotFound && reply.Code == minio.NoSuchKey {
			err = fs.ErrNotExist
		}
		return nil, fmt.Errorf("get blob %s: %w", id, err)
	}
	return body, nil
}

func (b *bucket) Delete(ctx context.Context, id ID) error {
	if !id.Valid() {
		return fmt.Errorf("not a file id: %w", fs.ErrNotExist)
	}
	err := b.service.RemoveObject(ctx, b.name, string(id), minio.RemoveObjectOptions{})
	if err != nil {
		return fmt.Errorf("delete blob %s: %w", id, err)
	}
	return nil
}
