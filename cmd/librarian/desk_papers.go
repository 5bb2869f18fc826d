package main

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots/files"
	"librarian/contacts"
	"librarian/contacts/library"
	"librarian/contacts/papers"
	"librarian/queue"
	"librarian/queue/web"
)

// papersOf are the pages of a registration's papers as the desk shows them.
func (s *service) papersOf(ctx context.Context, lib library.ID, registration int64) ([]web.PaperPage, error) {
	stand, err := papers.Stand(ctx, s.pool, lib, registration)
	if err != nil {
		return nil, err
	}
	return paperPages(stand), nil
}

func paperPages(stand []papers.PageStand) []web.PaperPage {
	out := make([]web.PaperPage, len(stand))
	for i, p := range stand {
		out[i] = web.PaperPage{
			Kind: string(p.Kind), Number: p.Number, State: string(p.State), Preview: string(p.Preview), File: string(p.File), Sheet: p.Sheet, How: string(p.How),
			Unsigned: p.Unsigned, Reason: p.Reason, Received: moment(p.ReceivedAt), By: queue.StaffID(p.DecidedBy), Decided: moment(p.DecidedAt),
			Ordered: p.OrderedAt,
		}
	}
	return out
}

func moment(at *time.Time) time.Time {
	if at == nil {
		return time.Time{}
	}
	return *at
}

// deskProblem is the desk's own word for what stands in the way.
func deskProblem(err error) error {
	if errors.Is(err, papers.ErrState) || errors.Is(err, contacts.ErrState) {
		return web.ErrState
	}
	return missing(err)
}

func (s *service) acceptPage(ctx context.Context, tx pgx.Tx, lib library.ID, registration int64, seen web.PageSeen, by queue.StaffID) error {
	return deskProblem(papers.AcceptPage(ctx, tx, lib, s.look(registration, seen, by)))
}

func (s *service) returnPage(ctx context.Context, tx pgx.Tx, lib library.ID, registration int64, seen web.PageSeen, by queue.StaffID, reason string) error {
	return deskProblem(papers.ReturnPage(ctx, tx, lib, s.look(registration, seen, by), reason))
}

// look is the page as the member of staff saw it.
func (s *service) look(registration int64, seen web.PageSeen, by queue.StaffID) papers.Look {
	return papers.Look{
		Registration: registration, Page: papers.Page{Kind: papers.Kind(seen.Kind), Number: seen.Number}, File: files.ID(seen.File), Sheet: seen.Sheet,
		Staff: int64(by), At: s.now(),
	}
}

// sendBack lets the registration wait again for what was returned.
func (s *service) sendBack(ctx context.Context, tx pgx.Tx, lib library.ID, registration int64, _ queue.StaffID) ([]web.PaperPage, error) {
	returned, err := papers.SendBack(ctx, tx, lib, registration)
	if err != nil {
		return nil, deskProblem(err)
	}
	if _, err := contacts.Move(ctx, tx, lib, registration, "sent", "papers"); err != nil {
		return nil, deskProblem(err)
	}
	return paperPages(returned), nil
}

// byPost takes the missing pages as accepted: they lie before the member of staff.
func (s *service) byPost(ctx context.Context, tx pgx.Tx, lib library.ID, registration int64, by queue.StaffID) error {
	if _, err := papers.AcceptByPost(ctx, tx, lib, registration, int64(by), s.now()); err != nil {
		return deskProblem(err)
	}
	_, err := contacts.Move(ctx, tx, lib, registration, "papers", "sent")
	return deskProblem(err)
}

// mostWaiting bounds the list of registrations that wait for papers.
const mostWaiting = 200

func (s *service) waitingPapers(ctx context.Context, lib library.ID) ([]web.WaitingPapers, error) {
	waiting, err := contacts.AwaitingPapers(ctx, s.pool, lib, mostWaiting)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(waiting))
	for i, w := range waiting {
		ids[i] = w.Registration
	}
	counts, err := papers.Missing(ctx, s.pool, lib, ids)
	if err != nil {
		return nil, err
	}
	out := make([]web.WaitingPapers, len(waiting))
	for i, w := range waiting {
		n := counts[w.Registration]
		out[i] = web.WaitingPapers{Registration: w.Registration, Name: w.Name, Since: w.Since, Missing: n.Missing, All: n.All, Post: w.Post}
	}
	return out, nil
}

// acceptRegistration hands a registration on to the registrar, if each page of its papers is accepted.
func (s *service) acceptRegistration(ctx context.Context, tx pgx.Tx, lib library.ID, id int64, by queue.StaffID) error {
	stand, err := papers.Stand(ctx, tx, lib, id)
	if err != nil {
		return err
	}
	if len(stand) > 0 && !papers.AllAccepted(stand) {
		return web.ErrState
	}
	return s.decide(ctx, tx, lib, id, "accepted", "", by)
}

// refuseRegistration ends it, with its papers.
func (s *service) refuseRegistration(ctx context.Context, tx pgx.Tx, lib library.ID, id int64, by queue.StaffID, reason string) error {
	if err := s.decide(ctx, tx, lib, id, "refused", reason, by); err != nil {
		return err
	}
	return papers.Close(ctx, tx, lib, id, s.now())
}
