// Package whatsapp is the channel of one number in WhatsApp: the service is a device linked to the library's phone, by go.mau.fi/whatsmeow.
package whatsapp

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/store/sqlstore"
	"go.mau.fi/whatsmeow/types"
	waLog "go.mau.fi/whatsmeow/util/log"
)

// Store keeps the keys of linked devices, in tables of its own beside ours. They are not encrypted by the service's key: who reads the database can speak as
// the library.
type Store struct{ container *sqlstore.Container }

// storeLock keeps two processes from making the store's tables at the same moment.
const storeLock = 0x7761 // "wa"

// OpenStore opens the store and brings its tables up to date.
func OpenStore(ctx context.Context, pool *pgxpool.Pool, log waLog.Logger) (*Store, error) {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("open the store of devices: %w", err)
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, `select pg_advisory_lock($1)`, storeLock); err != nil {
		return nil, fmt.Errorf("open the store of devices: %w", err)
	}
	defer conn.Exec(context.WithoutCancel(ctx), `select pg_advisory_unlock($1)`, storeLock) //nolint:errcheck // it ends with the connection
	s := &Store{sqlstore.NewWithDB(stdlib.OpenDBFromPool(pool), "postgres", log)}
	if err := s.container.Upgrade(ctx); err != nil {
		return nil, fmt.Errorf("bring the store of devices up to date: %w", err)
	}
	return s, nil
}

// device gives the linked device, or one that is still to be linked where the name is empty or its keys are gone.
func (s *Store) device(ctx context.Context, name string) (*store.Device, error) {
	if name == "" {
		return s.container.NewDevice(), nil
	}
	jid, err := types.ParseJID(name)
	if err != nil {
		return nil, fmt.Errorf("name of a device: %w", err)
	}
	d, err := s.container.GetDevice(ctx, jid)
	if err != nil {
		return nil, fmt.Errorf("read a device: %w", err)
	}
	if d == nil {
		return s.container.NewDevice(), nil
	}
	return d, nil
}

// wipe deletes the keys of a device and all that was kept with them.
func (s *Store) wipe(ctx context.Context, name string) error {
	d, err := s.device(ctx, name)
	if err != nil || d.ID == nil {
		return err
	}
	if err := s.container.DeleteDevice(ctx, d); err != nil {
		return fmt.Errorf("delete a device: %w", err)
	}
	return nil
}
