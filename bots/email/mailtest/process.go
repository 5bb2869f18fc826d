package mailtest

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"embed"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"text/template"
	"time"
)

//go:embed conf
var conf embed.FS

const hostName = "mx." + Domain

// start runs a server in a process group of its own, which is killed as a whole: Dovecot's children outlive a polite end of their parent.
func start(t testing.TB, program string, args ...string) (stop func()) {
	t.Helper()
	// Not under the test's context, which would end the parent alone.
	cmd := exec.CommandContext(context.Background(), program, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.Dir = &out, &out, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Errorf("stop %s: %v", program, err)
		}
		if err := cmd.Wait(); err == nil || t.Failed() {
			t.Logf("%s: %v\n%s", program, err, out.String())
		}
	})
	t.Cleanup(stop)
	return stop
}

// prepare writes what the servers read before they start, and gives the roots of the certificate.
func (s *Server) prepare() (*x509.CertPool, error) {
	exim, err := user.Lookup("Debian-exim")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.Atoi(exim.Uid)
	if err != nil {
		return nil, err
	}
	owners := map[string]int{"mail": mailUser, "base": 0, "spool": uid, "log": uid}
	err = os.Chmod(s.dir, 0o755)
	for name, owner := range owners {
		err = errors.Join(err, os.Mkdir(s.path(name), 0o755), os.Chown(s.path(name), owner, owner))
	}
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(s.Addr)
	if err != nil {
		return nil, err
	}
	_, securePort, err := net.SplitHostPort(s.Secure)
	if err != nil {
		return nil, err
	}
	_, imapPort, err := net.SplitHostPort(s.IMAP)
	if err != nil {
		return nil, err
	}
	_, imapsPort, err := net.SplitHostPort(s.SecureIMAP)
	if err != nil {
		return nil, err
	}
	settings := struct{ Dir, Host, Domain, Port, SecurePort, IMAPPort, IMAPSPort, User, Password string }{
		s.dir, hostName, Domain, port, securePort, imapPort, imapsPort, User, Password,
	}
	full := fmt.Sprintf("%s::%d:%d::%s::userdb_quota_rule=*:messages=1\n", FullUser, mailUser, mailUser, s.path("mail", FullUser))
	if err := os.WriteFile(s.path("users"), []byte(full), 0o644); err != nil {
		return nil, err
	}
	for _, name := range []string{"exim.conf", "dovecot.conf"} {
		var text bytes.Buffer
		t, err := template.ParseFS(conf, "conf/"+name)
		if err == nil {
			err = t.Execute(&text, settings)
		}
		if err = errors.Join(err, os.WriteFile(s.path(name), text.Bytes(), 0o644)); err != nil {
			return nil, err
		}
	}
	return s.certify(uid)
}

const mailUser = 8 // Debian's account "mail"

// certify makes a certificate for the loopback address.
func (s *Server) certify(owner int) (*x509.CertPool, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, about, about, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})
	err = errors.Join(
		os.WriteFile(s.path("cert.pem"), public, 0o644),
		os.WriteFile(s.path("key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600),
		os.Chown(s.path("key.pem"), owner, owner),
	)
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(public) {
		return nil, fmt.Errorf("certificate is unreadable: %w", err)
	}
	return roots, err
}

// FreeAddr is an address of this machine at which nobody listens. Its port is none that the system gives to outgoing connections (from 32768 on Linux): a
// server that is stopped for a while finds it free again.
func FreeAddr(t testing.TB) string {
	t.Helper()
	var problem error
	for range 100 {
		addr, err := reserve(t, 10_000+mathrand.N(22_000))
		if err == nil {
			return addr
		}
		problem = err
	}
	t.Fatalf("no free port: %v", problem)
	return ""
}

// reserve finds out whether the port is free. A socket of Linux that has a name and no file, and goes with the process, tells the other tests that it is taken
// from now on, though nobody listens yet.
func reserve(t testing.TB, port int) (string, error) {
	var config net.ListenConfig
	sign, err := config.Listen(t.Context(), "unix", fmt.Sprintf("@librarian-test-port-%d", port))
	if err != nil {
		return "", err
	}
	l, err := config.Listen(t.Context(), "tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err == nil {
		err = l.Close()
	}
	if err != nil {
		return "", errors.Join(err, sign.Close())
	}
	t.Cleanup(func() { _ = sign.Close() })
	return l.Addr().String(), nil
}
