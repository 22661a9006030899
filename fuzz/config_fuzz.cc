// reeld's configuration: whatever stands in the file, mistakes are told and nothing breaks.
#include <string_view>

#include "engine/base/check.h"
#include "server/config/config_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = reel::server::ParseConfig(text, "/nonexistent");
  for (const reel::server::Mistake& mistake : parsed.mistakes)
    REEL_CHECK(!mistake.what.empty(), "a mistake without words");
  return 0;
}
