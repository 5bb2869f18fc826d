package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/bots/webchat"
	"librarian/contacts"
	"librarian/contacts/library"
)

// chatDeps is what the web chat stands on.
func (s *service) chatDeps(limits webchat.Limits) webchat.Deps {
	return webchat.Deps{
		Library: s.chatLibrary,
		Receive: s.receive,
		History: s.runner.History,
		Signals: s.signals,
		Conversation: func(ctx context.Context, _ library.ID, channel bots.ChannelID, external string) (bots.ConversationID, bool, error) {
			id, ok, err := contacts.Lookup(ctx, s.pool, int64(channel), external)
			return bots.ConversationID(id), ok, err
		},
		Lang:    s.runner.Lang,
		Confirm: s.outbox.Confirm,
		Store:   s.store,
		Owns: func(ctx context.Context, lib library.ID, conv bots.ConversationID, id files.ID) (bool, error) {
			return s.runner.Owns(ctx, lib, conv, string(id))
		},
		OpenSecret: s.secrets.Open,
		Texts:      s.texts,
		Secure:     s.secure(),
		Limits:     limits,
		Done:       s.streams.Done(),
		Now:        s.now,
		Log:        s.log,
	}
}

// chatLibrary finds the library and its web chat.
func (s *service) chatLibrary(ctx context.Context, slug string) (library.Library, bots.ChannelID, error) {
	lib, err := s.libraries.BySlug(ctx, slug)
	if errors.Is(err, contacts.ErrNotFound) {
		return lib, 0, bots.ErrNoSuch
	}
	if err != nil {
		return lib, 0, err
	}
	chats, err := s.accounts.OfKind(ctx, lib.ID, bots.WebChat)
	if err != nil {
		return lib, 0, err
	}
	if len(chats) == 0 {
		return lib, 0, bots.ErrNoSuch
	}
	return lib, chats[0].ID, nil
}

// openFile gives a file of the store to a channel that sends it.
func (s *service) openFile(ctx context.Context, lib library.ID, id string) (io.ReadCloser, string, string, int64, error) {
	r, f, err := s.store.Open(ctx, lib, files.ID(id))
	return r, f.Name, f.MediaType, f.Size, err
}

// holdLock takes a lock that one process has at a time, for as long as its own connection lives.
func (s *service) holdLock(ctx context.Context, class, id int32) (release func(), ok bool, err error) {
	conn, ok, err := s.takeLock(ctx, class, id)
	if err != nil || !ok {
		return nil, false, err
	}
	return func() { closeLock(ctx, conn) }, true, nil
}

// takeLock gives the connection on which the lock is held.
func (s *service) takeLock(ctx context.Context, class, id int32) (conn *pgx.Conn, ok bool, err error) {
	pooled, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, false, fmt.Errorf("lock %d.%d: %w", class, id, err)
	}
	conn = pooled.Hijack()
	if err := conn.QueryRow(ctx, `select pg_try_advisory_lock($1, $2)`, class, id).Scan(&ok); err != nil || !ok {
		closeLock(ctx, conn)
		if errors.Is(err, pgx.ErrNoRows) {
			err = nil
		}
		return nil, false, err
	}
	return conn, true, nil
}

func closeLock(ctx context.Context, conn *pgx.Conn) {
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	_ = conn.Close(closing) // the lock ends with the connection, however it ends
}
