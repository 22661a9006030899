#include "tools/command.h"

namespace reel {

void AddNodeOption(CLI::App& verb, std::string* node) {
  verb.add_option("--node", *node, "State directory of the node (or REEL_NODE)")
      ->envname("REEL_NODE")
      ->required()
      ->type_name("DIR");
}

void AddJsonFlag(CLI::App& verb, bool* json) {
  verb.add_flag("--json", *json, "Print JSON, for programs");
}

}  // namespace reel
