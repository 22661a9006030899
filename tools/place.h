// Place: the node a verb works on: a directory of this machine, or a reeld somewhere.
//
// Thread rule: one thread.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "server/client/remote_store.h"

namespace reel {

struct Place {
  std::string node;
  server::ServerAddress server;
  server::Purpose purpose;

  bool is_remote() const { return !server.text.empty(); }
  const std::string& name() const { return is_remote() ? server.text : node; }
};

// --node or --server, with what it takes to get there.
void AddPlaceOptions(CLI::App& verb, Place* place);
// Once all is parsed: where neither was given REEL_SERVER says it, then REEL_NODE.
void CompletePlace(Place* place);
// And throws CLI::RequiredError where those do not say it either.
void CheckPlace(Place* place);
// The same without --node.
void AddServerOptions(CLI::App& verb, Place* place);

// For a verb that no server does: --server, which its help does not show, is refused with `why`:
// the reason, and what to do instead.
void RefuseServer(CLI::App& verb, const std::string& why);

// Why footage is wanted, for the audit of a server.
void AddPurposeOptions(CLI::App& verb, Place* place);

}  // namespace reel
