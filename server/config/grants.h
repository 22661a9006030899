// Who may do what to which cameras: what the [access] part of the configuration says, as plain
// values.
//
// Thread rule: values. Nobody may do anything that no grant allows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace reel::server {

enum class Role : uint8_t {
  kViewer,        // looks: live, recorded, timelines, thumbnails
  kInvestigator,  // a viewer who takes footage away
  kOperator,      // a viewer who runs the recorder: streams, volumes, health
  kAdmin,         // an operator who also retires streams, verifies and reindexes
};

// One person or program may have several grants; what any of them allows is allowed.
struct Grant {
  // "uid:1000" or "user:www-data" over the Unix socket, "cn:alice" for a client certificate,
  // "loopback" for plaintext TCP. Compared byte by byte.
  std::string who;
  Role role = Role::kViewer;
  // Names of cameras; "*" in one stands for any number of characters. Empty: none.
  std::vector<std::string> cameras;
  // Looking and taking away need a purpose over the Unix socket too.
  bool purpose_required = false;
  bool operator==(const Grant&) const = default;
};

}  // namespace reel::server
