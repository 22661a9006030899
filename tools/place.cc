#include "tools/place.h"

namespace reel {
namespace {

constexpr const char* kServerGroup = "On another machine, or while reeld records";

}  // namespace

void AddPlaceOptions(CLI::App& verb, Place* place) {
  verb.add_option("--node", place->node, "State directory of the node (or REEL_NODE)")
      ->envname("REEL_NODE")
      ->type_name("DIR");
  AddServerOptions(verb, place);
}

void AddServerOptions(CLI::App& verb, Place* place) {
  verb.add_option("--server", place->server.text,
                  "A reeld: unix:/run/reeld/reeld.sock or HOST:PORT (or REEL_SERVER)")
      ->envname("REEL_SERVER")
      ->type_name("ADDRESS")
      ->group(kServerGroup);
  verb.add_option("--cert", place->server.certificate_file, "Who you are, PEM (or REEL_CERT)")
      ->envname("REEL_CERT")
      ->type_name("FILE")
      ->group(kServerGroup);
  verb.add_option("--key", place->server.key_file, "Its private key (or REEL_KEY)")
      ->envname("REEL_KEY")
      ->type_name("FILE")
      ->group(kServerGroup);
  verb.add_option("--ca", place->server.ca_file, "Whom to trust (or REEL_CA)")
      ->envname("REEL_CA")
      ->type_name("FILE")
      ->group(kServerGroup);
}

void CheckPlace(const Place& place) {
  if (place.node.empty() && !place.is_remote()) throw CLI::RequiredError("--node");
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

Status RequireLocal(const Place& place, const std::string& what) {
  if (!place.is_remote()) return OkStatus();
  return Unimplemented(what + " is done on the node itself: give --node there");
}

}  // namespace reel
