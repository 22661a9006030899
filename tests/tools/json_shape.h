// The documents that docs/COMMAND.md promises, and what in one differs from that.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace reel {

// The blocks of docs/COMMAND.md that begin with ```json and a verb, by that verb.
std::map<std::string, nlohmann::json> Shapes();

// "" if nothing does. `at` names the value in the answer.
std::string Differs(const nlohmann::json& value, const nlohmann::json& shape,
                    const std::string& at);

// Every line of `out` is a document of that shape, and there is one at least.
void ExpectOfShape(const std::string& out, const nlohmann::json& shape, const std::string& verb);

// Verbs that need a camera or a reeld: cameras_test.cc runs them.
inline const std::vector<std::string>& VerbsOfCameras() {
  static const std::vector<std::string> verbs = {"cameras list",  "cameras add",  "cameras import",
                                                 "cameras probe", "cameras test", "watch"};
  return verbs;
}

}  // namespace reel
