// The password of a camera, without its ever standing on a command line or in a URL.
//
// Thread rule: one thread.
#pragma once

#include <string>

#include "reel/status.h"
#include "server/config/config.h"

namespace reel {

// From `file`, else from the file that REEL_CAMERA_PASSWORD_FILE names, else typed at the terminal
// without being shown. No user: no password. One line end at its end is no part of it.
// Errors: of the file, also where everybody can read it; InvalidArgument without a terminal.
Result<server::Secret> AskPassword(const std::string& user, const std::string& file);

}  // namespace reel
