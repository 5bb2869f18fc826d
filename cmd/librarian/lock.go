package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// How soon the loss of a watched lock is noticed.
const (
	lockLook = time.Second     // between two looks at its connection
	lockPing = 2 * time.Second // for the database to answer
)

// A host that is gone answers neither to a question of TCP nor to what was sent to it: its lock is free after six seconds.
const soonMissed = `set tcp_keepalives_idle = 3; set tcp_keepalives_interval = 1; set tcp_keepalives_count = 3; set tcp_user_timeout = 6000`

// watchLock is a lock as of holdLock, with a context that ends as soon as it is lost, and when it is released: who does only what the lock allows does it in
// this context.
func (s *service) watchLock(ctx context.Context, class, id int32) (held context.Context, release func(), ok bool, err error) {
	conn, ok, err := s.takeLock(ctx, class, id)
	if err != nil || !ok {
		return nil, nil, false, err
	}
	if _, err := conn.Exec(ctx, soonMissed); err != nil {
		closeLock(ctx, conn)
		return nil, nil, false, fmt.Errorf("watch the lock %d.%d: %w", class, id, err)
	}
	keepAlive(conn.PgConn().Conn())
	held, lost := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer lost()
		watch(held, conn)
	}()
	return held, func() {
		lost()
		<-ended
		closeLock(ctx, conn)
	}, true, nil
}

// watch returns when the connection is lost, or the context ends. The end of a connection that is heard of is noticed at once, another at the next look.
func watch(ctx context.Context, conn *pgx.Conn) {
	for ctx.Err() == nil {
		looking, cancel := context.WithTimeout(ctx, lockLook)
		_, err := conn.WaitForNotification(looking)
		cancel()
		if err != nil && (!pgconn.Timeout(err) || conn.IsClosed()) {
			return
		}
		asking, cancel := context.WithTimeout(ctx, lockPing)
		err = conn.Ping(asking)
		cancel()
		if err != nil {
			return
		}
	}
}

// keepAlive lets this side notice, too, that the other is gone. What is no TCP needs none of it.
func keepAlive(conn net.Conn) {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: 3 * time.Second, Interval: time.Second, Count: 3}) // the looks find it as well
	}
}
