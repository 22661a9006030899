#include "bench/replay_process.h"

#include <filesystem>

#include "server/rtsp/text.h"

namespace reel::bench {

Result<std::unique_ptr<ReplayProcess>> ReplayProcess::Start(uint32_t cameras, uint32_t loops) {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return Internal("/proc/self/exe: " + error.message());
  REEL_ASSIGN_OR_RETURN(auto child,
                        Child::Start({self.parent_path() / "reel_replay", "--cameras",
                                      std::to_string(cameras), "--loops", std::to_string(loops)}));
  const std::string line = child->ReadLine();
  constexpr std::string_view kBefore = "port ";
  std::string_view number = line;
  if (number.starts_with(kBefore)) number.remove_prefix(kBefore.size());
  const auto port = server::ParseNumber<uint16_t>(number);
  if (!port) return Internal("reel_replay said '" + line + "' instead of its port");
  return std::unique_ptr<ReplayProcess>(new ReplayProcess(std::move(child), *port));
}

}  // namespace reel::bench
