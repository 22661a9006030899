// Who is at the other end of a connection, as the kernel or a certificate says.
//
// Thread rule: values.
#pragma once

#include <string>
#include <vector>

namespace reel::server {

struct Identity {
  // For the audit and the fair share: "uid:1000", "cn:alice", "loopback". Empty: nobody.
  std::string name;
  // Under which grants may name it, `name` among them: "user:alice".
  std::vector<std::string> names;
  bool remote = false;  // over TCP with a certificate: what takes footage away needs a purpose
};

}  // namespace reel::server
