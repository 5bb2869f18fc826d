package email

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"

	"github.com/wneessen/go-mail"
)

// ErrServer is wrapped when an SMTP URL cannot be used.
var ErrServer = errors.New("bad SMTP URL")

// server is where letters are handed in.
type server struct {
	host, port     string
	user, password string
	implicit       bool // encrypted from the first byte
	policy         mail.TLSPolicy
	roots          *x509.CertPool
	helo           string
}

// ParseServer checks an SMTP URL: smtps://user:password@host:port is encrypted from the start, smtp://… by STARTTLS. With smtp,
// ?tls= says whether that is a must (mandatory, the default), is done where the server offers it (starttls), or is left (none).
// Ports default to 465 and 587. Without encryption a password is sent to this same machine only.
func ParseServer(text string) error {
	_, err := parseServer(text)
	return err
}

// parseServer never wraps the error of url.Parse, which would show the password.
func parseServer(text string) (server, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Path != "" && u.Path != "/" || u.Fragment != "" {
		return server{}, fmt.Errorf("%w: want smtp[s]://user:password@host:port", ErrServer)
	}
	s := server{host: u.Hostname(), port: u.Port(), user: u.User.Username()}
	s.password, _ = u.User.Password() // without one it is empty
	query := u.Query()
	choice := query.Get("tls")
	query.Del("tls")
	if len(query) > 0 {
		return server{}, fmt.Errorf("%w: only the option tls is known", ErrServer)
	}
	switch {
	case u.Scheme == "smtps" && choice == "":
		s.implicit = true
	case u.Scheme != "smtp":
		return server{}, fmt.Errorf("%w: scheme must be smtp, or smtps without the option tls", ErrServer)
	case choice == "" || choice == "mandatory":
		s.policy = mail.TLSMandatory
	case choice == "starttls":
		s.policy = mail.TLSOpportunistic
	case choice == "none":
		s.policy = mail.NoTLS
	default:
		return server{}, fmt.Errorf("%w: tls must be starttls, mandatory or none", ErrServer)
	}
	if s.port == "" {
		s.port = "587"
		if s.implicit {
			s.port = "465"
		}
	}
	return s, nil
}

// connect dials, greets, encrypts and signs in. An end of ctx cuts it off.
func (s server) connect(ctx context.Context) (*session, error) {
	ctx, cancel := context.WithTimeout(ctx, greetTime)
	defer cancel()
	var dialer net.Dialer
	raw, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(s.host, s.port))
	if err != nil {
		return nil, fmt.Errorf("connect to mail server: %w", err)
	}
	stop := cutOff(ctx, raw)
	defer stop()
	client, err := s.client(ctx, raw)
	if err != nil {
		return nil, errors.Join(err, raw.Close())
	}
	greeted, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("greet mail server: %w", cause(ctx, err)), ignoreClosed(raw.Close()))
	}
	return &session{client: client, smtp: greeted, raw: raw}, nil
}

// client makes go-mail speak over the connection we made, so that we can close it at any time.
func (s server) client(ctx context.Context, raw net.Conn) (*mail.Client, error) {
	config := &tls.Config{ServerName: s.host, RootCAs: s.roots, MinVersion: tls.VersionTLS12}
	conn, policy, auth := raw, s.policy, mail.SMTPAuthAutoDiscover
	if s.implicit {
		secure := tls.Client(raw, config)
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, fmt.Errorf("encrypt connection to mail server: %w", err)
		}
		// go-mail sees by the connection's type that it is encrypted; its own SSL option would forget that for a connection of ours.
		conn, policy = secure, mail.TLSOpportunistic
	}
	if s.policy == mail.NoTLS && !s.implicit {
		auth = mail.SMTPAuthPlain // which go-mail refuses to send in clear to any other machine
	}
	options := []mail.Option{
		mail.WithTLSPolicy(policy), mail.WithTLSConfig(config), mail.WithHELO(s.helo), mail.WithTimeout(letterTime), mail.WithoutNoop(),
		mail.WithoutSMTPUTF8(), // our letters are ASCII; asked for it, a relay refuses where the next server lacks it
		mail.WithDialContextFunc(func(context.Context, string, string) (net.Conn, error) { return conn, nil }),
	}
	if s.user != "" {
		options = append(options, mail.WithSMTPAuth(auth), mail.WithUsername(s.user), mail.WithPassword(s.password))
	}
	client, err := mail.NewClient(s.host, options...)
	if err != nil {
		return nil, fmt.Errorf("prepare mail client: %w", err)
	}
	return client, nil
}
