// Connections under TLS, by OpenSSL on the non-blocking socket itself.
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "server/ingest/connection.h"
#include "server/ingest/resolver.h"
#include "server/ingest/tcp_connect.h"

namespace reel::server {
namespace {

using Ssl = std::unique_ptr<SSL, decltype(&SSL_free)>;

std::string LastError() {
  const auto code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "TLS failed" : std::string("TLS: ") + reason;
}

class TlsConnection final : public Connection {
 public:
  TlsConnection(UniqueFd fd, Ssl ssl) : Connection(std::move(fd)), ssl_(std::move(ssl)) {}

  Step Advance() override {
    if (!tcp_stands_) {
      const Step step = Connected();
      if (step != Step::kDone) return step;
      tcp_stands_ = true;
    }
    return StepOf(SSL_connect(ssl_.get()));
  }

  Step Read(MutableByteSpan into, size_t* moved) override {
    ERR_clear_error();
    return StepOf(SSL_read_ex(ssl_.get(), into.data(), into.size(), moved));
  }
  Step Write(std::string_view from, size_t* moved) override {
    ERR_clear_error();
    return StepOf(SSL_write_ex(ssl_.get(), from.data(), from.size(), moved));
  }

 private:
  Step StepOf(int result) {
    if (result == 1) return Step::kDone;
    switch (SSL_get_error(ssl_.get(), result)) {
      case SSL_ERROR_WANT_READ:
        return Step::kWantsRead;
      case SSL_ERROR_WANT_WRITE:
        return Step::kWantsWrite;
      case SSL_ERROR_ZERO_RETURN:
        return Step::kClosed;
      default:
        break;
    }
    const auto verified = SSL_get_verify_result(ssl_.get());
    if (verified != X509_V_OK) {
      ERR_clear_error();
      return Fail(PermissionDenied(std::string("the camera's certificate: ") +
                                   X509_verify_cert_error_string(verified)));
    }
    return Fail(Unavailable(LastError()));
  }

  Ssl ssl_;
  bool tcp_stands_ = false;
};

}  // namespace

Result<std::shared_ptr<const TlsTrust>> TlsTrust::Load(const std::string& ca_file) {
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  if (context == nullptr) return ResourceExhausted("no memory for TLS");
  const std::shared_ptr<const TlsTrust> trust(new TlsTrust(context));
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  // What is left to send may lie elsewhere by then, and any part of it is welcome.
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  const int loaded = ca_file.empty() ? SSL_CTX_set_default_verify_paths(context)
                                     : SSL_CTX_load_verify_file(context, ca_file.c_str());
  if (loaded != 1) {
    ERR_clear_error();
    return NotFound("no certificates can be read from '" + ca_file + "'");
  }
  return trust;
}

TlsTrust::~TlsTrust() { SSL_CTX_free(context_); }

Result<std::unique_ptr<Connection>> Connection::OpenTls(const Address& address,
                                                        const std::string& host,
                                                        const TlsTrust& trust) {
  REEL_ASSIGN_OR_RETURN(UniqueFd fd, BeginConnect(address));
  Ssl ssl(SSL_new(trust.context()), &SSL_free);
  if (ssl == nullptr || SSL_set_fd(ssl.get(), fd.get()) != 1) {
    return ResourceExhausted("no memory for TLS");
  }
  const bool is_address = ParseAddress(host, 0).has_value();
  const int named = is_address
                        ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), host.c_str())
                        : SSL_set1_host(ssl.get(), host.c_str());
  if (named != 1 || (!is_address && SSL_set_tlsext_host_name(ssl.get(), host.c_str()) != 1)) {
    return InvalidArgument("'" + host + "' is no name for a certificate");
  }
  return std::unique_ptr<Connection>(
      std::make_unique<TlsConnection>(std::move(fd), std::move(ssl)));
}

}  // namespace reel::server
