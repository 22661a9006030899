// TlsFront: stands before a scripted camera and speaks TLS for it, with a certificate made on the
// spot. One connection at a time.
//
// Thread rule: made and destroyed by the test; a thread of its own carries bytes.
#pragma once

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <thread>

#include "engine/io/unique_fd.h"

namespace reel::server {

class TlsFront {
 public:
  // The certificate names `address` (an IP address); it stands in `ca_path`, for who trusts it.
  TlsFront(uint16_t camera_port, const std::string& address, const std::string& ca_path);
  ~TlsFront();
  TlsFront(const TlsFront&) = delete;
  TlsFront& operator=(const TlsFront&) = delete;

  std::string url(const std::string& path = "/live") const {
    return "rtsps://127.0.0.1:" + std::to_string(port_) + path;
  }

 private:
  void Serve();
  void Carry(SSL* ssl, int camera) const;

  const uint16_t camera_port_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  UniqueFd listener_;
  UniqueFd stop_read_;
  UniqueFd stop_write_;
  uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace reel::server
