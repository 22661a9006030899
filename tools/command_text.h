// The command described by its own definitions, the ones that --help shows: as a man page and as
// completion for shells.
//
// Thread rule: pure functions.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace reel {

// groff_man(7).
std::string ManPage(const CLI::App& app);

// To be sourced. Completes verbs, options, the names of streams, and files.
std::string BashCompletion(const CLI::App& app);
// For zsh, which reads bash's.
std::string ZshCompletion(const CLI::App& app);

}  // namespace reel
