// Golden files: tests/data/golden/NAME.hex, sixteen bytes a line behind their offset, so that a
// change shows in a review. With REEL_UPDATE_GOLDEN set the golden test writes them, the fuzzers'
// seeds and nothing else.
#pragma once

#include <string>
#include <string_view>

#include "reel/types.h"

namespace reel::format {

std::string HexDump(ByteSpan bytes);
// What HexDump made; lines that are not of its form end the reading.
Bytes ParseHexDump(std::string_view text);

std::string ReadText(const std::string& path);
std::string GoldenPath(const std::string& name);
// Of the fuzzer that decodes this golden's structure.
std::string SeedPath(const std::string& name);
Bytes ReadGolden(const std::string& name);

}  // namespace reel::format
