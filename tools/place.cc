#include "tools/place.h"

#include <cstdlib>

namespace reel {
namespace {

constexpr const char* kServerGroup = "On another machine, or while reeld records";

CLI::Option* AddServer(CLI::App& verb, Place* place) {
  CLI::Option* const server =
      verb.add_option("--server", place->server.text,
                      "A reeld: unix:/run/reeld/reeld.sock or HOST:PORT (or REEL_SERVER)")
          ->type_name("ADDRESS")
          ->group(kServerGroup);
  const auto add = [&](const char* name, std::string* value, const char* what,
                       const char* variable) {
    verb.add_option(name, *value, what)->envname(variable)->type_name("FILE")->group(kServerGroup);
  };
  add("--cert", &place->server.certificate_file, "Who you are, PEM (or REEL_CERT)", "REEL_CERT");
  add("--key", &place->server.key_file, "Its private key (or REEL_KEY)", "REEL_KEY");
  add("--ca", &place->server.ca_file, "Whom to trust (or REEL_CA)", "REEL_CA");
  return server;
}

void TakeVariable(const char* variable, std::string* value) {
  if (const char* const text = std::getenv(variable)) *value = text;
}

}  // namespace

void AddPlaceOptions(CLI::App& verb, Place* place) {
  CLI::Option* const node =
      verb.add_option("--node", place->node, "State directory of the node (or REEL_NODE)")
          ->type_name("DIR");
  node->excludes(AddServer(verb, place));
}

void AddServerOptions(CLI::App& verb, Place* place) {
  AddServer(verb, place)->envname("REEL_SERVER");
}

void RefuseServer(CLI::App& verb, const std::string& why) {
  constexpr const char* kHidden = "";
  verb.add_option_function<std::string>(
          "--server", [why](const std::string&) { throw CLI::ValidationError("--server", why); },
          "Refused: " + why)
      ->group(kHidden);
}

void CompletePlace(Place* place) {
  if (place->node.empty() && !place->is_remote()) TakeVariable("REEL_SERVER", &place->server.text);
  if (place->node.empty() && !place->is_remote()) TakeVariable("REEL_NODE", &place->node);
}

void CheckPlace(Place* place) {
  CompletePlace(place);
  if (place->node.empty() && !place->is_remote()) throw CLI::RequiredError("--node");
}

void AddPurposeOptions(CLI::App& verb, Place* place) {
  const auto add = [&](const char* name, std::string* value, const char* what) {
    verb.add_option(name, *value, what)->type_name("TEXT")->group("For the audit of a server");
  };
  add("--purpose", &place->purpose.purpose, "What the footage is for");
  add("--requester", &place->purpose.requester, "For whom it is fetched");
  add("--performer", &place->purpose.performer, "Who fetches it");
  add("--case", &place->purpose.case_number, "Number of the case");
}

}  // namespace reel
