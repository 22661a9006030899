#include "tests/tools/reeld.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "reel/clock.h"

namespace reel {

void WriteText(const std::string& path, const std::string& text, mode_t mode) {
  std::ofstream(path, std::ios::binary) << text;
  ASSERT_EQ(chmod(path.c_str(), mode), 0);
}

bool Await(const std::function<bool()>& so) {
  const MonoTime until = SystemClock().MonoNow() + std::chrono::seconds(60);
  while (!so()) {
    if (SystemClock().MonoNow() >= until) return false;
  }
  return true;
}

Reeld::Reeld(const TempFolder& folder)
    : config_(folder / "reeld.toml"), address_("unix:" + (folder / "socket")) {
  WriteText(config_, "# The site's own.\n[node]\npath = \"" + (folder / "node") +
                         "\"\n\n[listen]\nsocket = \"" + (folder / "socket") +
                         "\"\n[audit]\ndirectory = \"" + (folder / "audit") +
                         "\"\n[[grant]]\nwho = \"uid:" + std::to_string(getuid()) +
                         "\"\nrole = \"admin\"  # for all\ncameras = [\"*\"]\n" +
                         "[[grant]]\nwho = \"uid:" + std::to_string(getuid()) +
                         "\"\nrole = \"investigator\"\ncameras = [\"*\"]\n");
  process_ = std::make_unique<Child>(Words{REEL_DAEMON, "--config", config_}, folder / "reeld.err");
  EXPECT_TRUE(Await([this] {
    return Reel({"cameras", "--server", address_, "--json"}).out == "[]\n";
  })) << ReadText(folder / "reeld.err");
}

}  // namespace reel
