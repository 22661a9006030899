#include "tests/format/golden.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <sstream>

namespace reel::format {

std::string HexDump(ByteSpan bytes) {
  std::string text;
  std::array<char, 8> field{};
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i % 16 == 0) {
      std::snprintf(field.data(), field.size(), "%04zx:", i & 0xFFFF);
      text += field.data();
    }
    std::snprintf(field.data(), field.size(), " %02x", std::to_integer<unsigned>(bytes[i]));
    text += field.data();
    if (i % 16 == 15 || i + 1 == bytes.size()) text += '\n';
  }
  return text;
}

Bytes ParseHexDump(std::string_view text) {
  Bytes bytes;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line) && line.size() > 5 && line[4] == ':';) {
    for (size_t at = 6; at + 2 <= line.size(); at += 3) {
      unsigned value = 0;
      std::from_chars(line.data() + at, line.data() + at + 2, value, 16);
      bytes.push_back(static_cast<std::byte>(value));
    }
  }
  return bytes;
}

std::string ReadText(const std::string& path) {
  const std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string GoldenPath(const std::string& name) {
  return std::string(REEL_SOURCE_DIR) + "/tests/data/golden/" + name + ".hex";
}

std::string SeedPath(const std::string& name) {
  const std::string target = name.rfind("ledger_", 0) == 0 ? "ledger_record" : name;
  return std::string(REEL_SOURCE_DIR) + "/fuzz/corpus/" + target + "/" + name;
}

Bytes ReadGolden(const std::string& name) { return ParseHexDump(ReadText(GoldenPath(name))); }

}  // namespace reel::format
