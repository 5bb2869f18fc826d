package runner

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/jackc/pgx/v5"
)

// connection gives the embedded field another name than the method Conn has.
type connection = pgx.Conn

// piped is a transaction that begins with its first statements and ends with its last: no round trip is its own.
type piped struct{ *connection }

var errNested = errors.New("no transaction within this one")

// Conn is the connection itself.
func (p piped) Conn() *pgx.Conn { return p.connection }

// Begin is refused: a group that fails is done again one by one, so that nothing here needs a savepoint.
func (p piped) Begin(context.Context) (pgx.Tx, error) { return nil, errNested }

// LargeObjects are not used.
func (p piped) LargeObjects() pgx.LargeObjects { return pgx.LargeObjects{} }

// Commit ends the transaction, unless a batch has done so.
func (p piped) Commit(ctx context.Context) error {
	if p.PgConn().TxStatus() == 'I' {
		return nil
	}
	tag, err := p.Exec(ctx, "commit")
	if err == nil && tag.String() == "ROLLBACK" {
		err = pgx.ErrTxCommitRollback
	}
	return err
}

// Rollback undoes the transaction. A connection that is gone has done so by itself.
func (p piped) Rollback(ctx context.Context) error {
	if p.IsClosed() || p.PgConn().TxStatus() == 'I' {
		return nil
	}
	_, err := p.Exec(ctx, "rollback")
	return err
}

const rollbackTime = 5 * time.Second

// transact sends the beginning with what first adds to it, then calls do, whose last batch may hold the commit. No statement may take longer than ten
// seconds. A panic is an error like any other.
func (r *Runner) transact(ctx context.Context, first func(*pgx.Batch), do func(pgx.Tx) error) (err error) {
	conn, err := r.Pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer conn.Release() // one that is still within a transaction is thrown away
	tx := piped{conn.Conn()}
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
		}
		if err != nil {
			undoing, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTime)
			defer cancel()
			_ = tx.Rollback(undoing) // what came before is the error that matters
		}
	}()
	batch := &pgx.Batch{}
	batch.Queue("begin")
	batch.Queue("set local statement_timeout = '10s'")
	first(batch)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

// panicked is a panic as an error. What was thrown may hold words of a reader, unless the language itself threw it.
func panicked(p any) error {
	if thrown, ok := p.(interface{ RuntimeError() }); ok {
		return fmt.Errorf("panic: %v\n%s", thrown, debug.Stack())
	}
	return fmt.Errorf("panic of %T\n%s", p, debug.Stack())
}
