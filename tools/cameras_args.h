// What the verbs below `reel cameras` share.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "server/client/camera_list.h"
#include "tools/command.h"
#include "tools/config_edit.h"
#include "tools/place.h"

namespace reel {

inline constexpr const char* kReeldConfig = "/etc/reel/reeld.toml";

struct CamerasArgs {
  Place at;  // a server, where it has one
  std::string config = kReeldConfig;
  bool troubled = false;
  bool once = false;
  bool json = false;
  bool dry_run = false;
  // add
  CameraEntry camera;
  // import
  std::string table;
  // probe, test
  std::string target;
  std::string user;
  std::string password_file;
  std::string ca_file;
  std::string length = "10s";
  bool udp = false;
};

// InvalidArgument without --server.
Result<std::unique_ptr<server::CameraList>> OpenCameraList(const CamerasArgs& args);

void AddCameraEdits(CLI::App& cameras, const std::shared_ptr<CamerasArgs>& args, Action* chosen);
void AddCameraTries(CLI::App& cameras, const std::shared_ptr<CamerasArgs>& args, Action* chosen);

}  // namespace reel
