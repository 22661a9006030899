// Where a reeld is.
//
// Thread rule: values.
#pragma once

#include <string>

namespace reel::server {

struct ServerAddress {
  // "unix:/run/reeld/reeld.sock" or "HOST:PORT".
  std::string text;
  // PEM, all three or none. Without them only the Unix socket and addresses of this machine.
  std::string certificate_file;
  std::string key_file;
  std::string ca_file;
  // The name in the server's certificate, where that is not the host's.
  std::string server_name;
};

}  // namespace reel::server
