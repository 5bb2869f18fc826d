package runner

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// connection gives the embedded field another name than the method Conn has.
type connection = pgx.Conn

// piped is a transaction that begins with its first batch and may end with its last: no round trip is its own. The results of a batch are read by the
// functions of its queries and Close, not one by one.
type piped struct {
	*connection
	begun bool
}

// Each statement is the same for one conversation and for many: to plan it anew every time costs more than to run it.
const settings = `select set_config('statement_timeout', '10s', true), set_config('plan_cache_mode', 'force_generic_plan', true)`

// SendBatch sends the batch, after the beginning if it is the first.
func (p *piped) SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults {
	if !p.begun {
		p.begun = true
		whole := &pgx.Batch{}
		whole.Queue("begin")
		whole.Queue(settings)
		whole.QueuedQueries = append(whole.QueuedQueries, batch.QueuedQueries...)
		batch = whole
	}
	return p.connection.SendBatch(ctx, batch)
}

var errNotBegun = errors.New("the first of a transaction has to be a batch")

// Exec runs a statement.
func (p *piped) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	if !p.begun {
		return pgconn.CommandTag{}, errNotBegun
	}
	return p.connection.Exec(ctx, sql, args...)
}

// Query runs a query.
func (p *piped) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if !p.begun {
		return nil, errNotBegun
	}
	return p.connection.Query(ctx, sql, args...)
}

// QueryRow runs a query for one row.
func (p *piped) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	if !p.begun {
		return noRow{}
	}
	return p.connection.QueryRow(ctx, sql, args...)
}

type noRow struct{}

func (noRow) Scan(...any) error { return errNotBegun }

// Begin is refused: a group that fails is done again one by one, so that nothing here needs a savepoint.
func (p *piped) Begin(context.Context) (pgx.Tx, error) { return nil, errNested }

var errNested = errors.New("no transaction within this one")

// Conn is the connection itself.
func (p *piped) Conn() *pgx.Conn { return p.connection }

// LargeObjects are not used.
func (p *piped) LargeObjects() pgx.LargeObjects { return pgx.LargeObjects{} }

// Commit ends the transaction, unless a batch has done so.
func (p *piped) Commit(ctx context.Context) error {
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
func (p *piped) Rollback(ctx context.Context) error {
	if p.IsClosed() || p.PgConn().TxStatus() == 'I' {
		return nil
	}
	_, err := p.Exec(ctx, "rollback")
	return err
}

const rollbackTime = 5 * time.Second

// transact runs do in one transaction. No statement may take longer than ten seconds. A panic is an error like any other.
func (r *Runner) transact(ctx context.Context, do func(pgx.Tx) error) (err error) {
	conn, err := r.Pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer conn.Release() // one that is still within a transaction is thrown away
	tx := &piped{connection: conn.Conn()}
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
