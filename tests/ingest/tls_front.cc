#include "tests/ingest/tls_front.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cstdio>

namespace reel::server {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Certificate MakeCertificate(EVP_PKEY* key, const std::string& address) {
  Certificate certificate(X509_new(), &X509_free);
  X509* x = certificate.get();
  X509_set_version(x, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
  X509_gmtime_adj(X509_getm_notBefore(x), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x), 3600);
  X509_set_pubkey(x, key);
  X509_NAME* name = X509_get_subject_name(x);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("test camera"), -1, -1, 0);
  X509_set_issuer_name(x, name);
  const std::string names = "IP:" + address;
  X509_EXTENSION* extension =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
  X509_add_ext(x, extension, -1);
  X509_EXTENSION_free(extension);
  EXPECT_GT(X509_sign(x, key, EVP_sha256()), 0);
  return certificate;
}

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

}  // namespace

TlsFront::TlsFront(uint16_t camera_port, const std::string& address, const std::string& ca_path)
    : camera_port_(camera_port),
      context_(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free),
      listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const Key key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  const Certificate certificate = MakeCertificate(key.get(), address);
  EXPECT_EQ(SSL_CTX_use_certificate(context_.get(), certificate.get()), 1);
  EXPECT_EQ(SSL_CTX_use_PrivateKey(context_.get(), key.get()), 1);
  const std::unique_ptr<FILE, decltype(&fclose)> file(fopen(ca_path.c_str(), "we"), &fclose);
  EXPECT_EQ(PEM_write_X509(file.get(), certificate.get()), 1);

  sockaddr_in any = Loopback(0);
  socklen_t size = sizeof any;
  auto* raw = reinterpret_cast<sockaddr*>(&any);
  EXPECT_EQ(bind(listener_.get(), raw, size), 0);
  EXPECT_EQ(listen(listener_.get(), 8), 0);
  EXPECT_EQ(getsockname(listener_.get(), raw, &size), 0);
  port_ = ntohs(any.sin_port);
  int stop[2];
  EXPECT_EQ(pipe2(stop, O_CLOEXEC), 0);
  stop_read_ = UniqueFd(stop[0]);
  stop_write_ = UniqueFd(stop[1]);
  thread_ = std::thread([this] { Serve(); });
}

TlsFront::~TlsFront() {
  stop_write_ = UniqueFd();
  thread_.join();
}

void TlsFront::Serve() {
  for (;;) {
    std::array<pollfd, 2> waits{{{listener_.get(), POLLIN, 0}, {stop_read_.get(), POLLIN, 0}}};
    poll(waits.data(), waits.size(), -1);
    if (waits[1].revents != 0) return;
    const UniqueFd client(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context_.get()), &SSL_free);
    SSL_set_fd(ssl.get(), client.get());
    if (SSL_accept(ssl.get()) != 1) continue;
    const UniqueFd camera(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in to = Loopback(camera_port_);
    if (connect(camera.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) continue;
    Carry(ssl.get(), camera.get());
  }
}

void TlsFront::Carry(SSL* ssl, int camera) const {
  std::array<char, 4096> bytes{};
  for (;;) {
    std::array<pollfd, 3> waits{
        {{SSL_get_fd(ssl), POLLIN, 0}, {camera, POLLIN, 0}, {stop_read_.get(), POLLIN, 0}}};
    if (SSL_pending(ssl) == 0) poll(waits.data(), waits.size(), -1);
    if (waits[2].revents != 0) return;
    if (SSL_pending(ssl) > 0 || waits[0].revents != 0) {
      const int got = SSL_read(ssl, bytes.data(), static_cast<int>(bytes.size()));
      if (got <= 0) return;
      if (send(camera, bytes.data(), static_cast<size_t>(got), MSG_NOSIGNAL) != got) return;
    }
    if (waits[1].revents != 0) {
      const ssize_t got = recv(camera, bytes.data(), bytes.size(), 0);
      if (got <= 0) return;
      if (SSL_write(ssl, bytes.data(), static_cast<int>(got)) <= 0) return;
    }
  }
}

}  // namespace reel::server
