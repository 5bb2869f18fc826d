package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"librarian/bots"
	"librarian/contacts/library"
	"librarian/queue"
)

// sampleAct does one thing at the desk as a sample member of staff, by the desk's own pages.
func (s *service) sampleAct(ctx context.Context, lib library.Library, login, kind string, conv bots.ConversationID, act string, form map[string]string) error {
	staff, err := s.desk.StaffByLogin(ctx, login)
	if err != nil {
		return err
	}
	rows, err := s.desk.List(ctx, lib.ID, queue.Filter{Scope: staff.Scope(), Kinds: []string{kind}, Limit: 50})
	if err != nil {
		return err
	}
	for _, row := range rows {
		if row.Conversation != conv {
			continue
		}
		client, err := s.sampleSignIn(ctx, login)
		if err != nil {
			return err
		}
		if err := s.samplePost(ctx, client, fmt.Sprintf("/desk/tasks/%d/take", row.ID), nil); err != nil {
			return err
		}
		return s.samplePost(ctx, client, fmt.Sprintf("/desk/tasks/%d/%s", row.ID, act), form)
	}
	return fmt.Errorf("no task of kind %s for conversation %d", kind, conv)
}

// sampleSignIn is a browser in which the sample member of staff is signed in.
func (s *service) sampleSignIn(ctx context.Context, login string) (*http.Client, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Jar: jar, Timeout: 10 * time.Second}
	return client, s.samplePost(ctx, client, "/desk/demo-sign-in", map[string]string{"login": login})
}

func (s *service) samplePost(ctx context.Context, client *http.Client, path string, form map[string]string) error {
	values := url.Values{}
	for k, v := range form {
		values.Set(k, v)
	}
	return s.sampleSends(ctx, client, path, "application/x-www-form-urlencoded", strings.NewReader(values.Encode()))
}

// sampleSends sends a form as browsers do, with files or without.
func (s *service) sampleSends(ctx context.Context, client *http.Client, path, mediaType string, body io.Reader) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.PublicURL+path, body)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", mediaType)
	answer, err := client.Do(r)
	if err != nil {
		return fmt.Errorf("post %s: %w", path, err)
	}
	if err := answer.Body.Close(); err != nil {
		return fmt.Errorf("post %s: %w", path, err)
	}
	if answer.StatusCode >= 400 {
		return fmt.Errorf("post %s: %s", path, answer.Status)
	}
	return nil
}
