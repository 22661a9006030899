// Connection: the TCP connection to a camera, in the clear or under TLS; never blocks.
//
//   Open, then Advance whenever the socket is ready until it says kDone; then Read and Write.
//
// TLS: 1.2 or 1.3. The camera's certificate must be signed by somebody it trusts (TlsTrust) and
// name the host. No check can be switched off.
// Thread rule: one thread at a time. Ownership: it owns its socket.
#pragma once

#include <sys/socket.h>

#include <memory>
#include <string>
#include <string_view>

#include "engine/io/unique_fd.h"
#include "reel/status.h"
#include "reel/types.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace reel::server {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

// Whom connections under TLS trust, read from a file once for any number of them. Thread rule: any.
class TlsTrust {
 public:
  // Those in `ca_file`; where it is empty the system's, which are looked up as they are met.
  // Blocks: it may lie on a disk that hangs. NotFound: there are none.
  static Result<std::shared_ptr<const TlsTrust>> Load(const std::string& ca_file);
  ~TlsTrust();
  TlsTrust(const TlsTrust&) = delete;
  TlsTrust& operator=(const TlsTrust&) = delete;

  ssl_ctx_st* context() const { return context_; }

 private:
  explicit TlsTrust(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* const context_;
};

class Connection {
 public:
  enum class Step : uint8_t {
    kDone,        // something moved, or the connection stands
    kWantsRead,   // again when the socket can be read
    kWantsWrite,  // again when it can be written
    kClosed,      // the camera has closed it
    kFailed,      // status() says why
  };

  // Begins to connect. `host` names the camera for TLS. Errors: the machine's.
  static Result<std::unique_ptr<Connection>> Open(const Address& address);
  static Result<std::unique_ptr<Connection>> OpenTls(const Address& address,
                                                     const std::string& host,
                                                     const TlsTrust& trust);
  virtual ~Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  virtual Step Advance() = 0;
  // kDone: `*moved` bytes, at least one.
  virtual Step Read(MutableByteSpan into, size_t* moved) = 0;
  virtual Step Write(std::string_view from, size_t* moved) = 0;

  int fd() const { return fd_.get(); }
  const Status& status() const { return status_; }

 protected:
  explicit Connection(UniqueFd fd) : fd_(std::move(fd)) {}
  // Whether the TCP connection stands.
  Step Connected();
  Step Fail(Status status);

 private:
  UniqueFd fd_;
  Status status_;
};

}  // namespace reel::server
