// Why somebody wants footage.
//
// Thread rule: values.
#pragma once

#include <string>

namespace reel::server {

struct Purpose {
  std::string purpose;
  std::string requester;  // for whom
  std::string performer;  // who does it
  std::string case_number;
  bool operator==(const Purpose&) const = default;
};

}  // namespace reel::server
