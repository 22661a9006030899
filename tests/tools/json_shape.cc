#include "tests/tools/json_shape.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string_view>

#include "reel/time.h"
#include "reel/types.h"
#include "tests/tools/process.h"

namespace reel {
namespace {

using nlohmann::json;

bool IsOfType(const json& value, const std::string& type) {
  if (type == "count") return value.is_number_unsigned();
  if (type == "number") return value.is_number();
  if (type == "bool") return value.is_boolean();
  if (!value.is_string()) return false;
  const auto text = value.get<std::string>();
  if (type == "uuid") return ParseId<StreamId>(text).has_value();
  if (type == "time") return ParseWall(text).ok() && text.size() == 30 && text.back() == 'Z';
  return type == "string";
}

}  // namespace

std::map<std::string, json> Shapes() {
  std::map<std::string, json> shapes;
  std::istringstream lines(ReadText(std::string(REEL_SOURCE_DIR) + "/docs/COMMAND.md"));
  constexpr std::string_view kFence = "```json ";
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(kFence, 0) != 0) continue;
    const std::string verb = line.substr(kFence.size());
    std::string text;
    while (std::getline(lines, line) && line != "```") text += line + "\n";
    shapes[verb] = json::parse(text, nullptr, false);
    EXPECT_FALSE(shapes[verb].is_discarded()) << verb << ": " << text;
  }
  return shapes;
}

std::string Differs(const json& value, const json& shape, const std::string& at) {
  if (shape.is_string()) {
    return IsOfType(value, shape) ? "" : at + " is " + value.dump() + ", no " + shape.dump();
  }
  if (value.type() != shape.type()) return at + " is " + value.dump();
  if (shape.is_array()) {
    for (size_t i = 0; i < value.size(); ++i) {
      const std::string found = Differs(value[i], shape[0], at + "[" + std::to_string(i) + "]");
      if (!found.empty()) return found;
    }
    return "";
  }
  for (const auto& [name, type] : shape.items()) {
    const bool optional = name.back() == '?';
    const std::string plain = optional ? name.substr(0, name.size() - 1) : name;
    if (value.count(plain) == 0 && !optional) return at + " lacks " + plain;
    if (value.count(plain) == 0) continue;
    const std::string found = Differs(value[plain], type, at + "." + plain);
    if (!found.empty()) return found;
  }
  for (const auto& [name, member] : value.items()) {
    if (shape.count(name) + shape.count(name + "?") == 0)
      return at + "." + name + " is not documented";
  }
  return "";
}

void ExpectOfShape(const std::string& out, const json& shape, const std::string& verb) {
  std::istringstream lines(out);
  size_t documents = 0;
  for (std::string line; std::getline(lines, line); ++documents) {
    const json value = json::parse(line, nullptr, false);
    ASSERT_FALSE(value.is_discarded()) << line;
    EXPECT_EQ(Differs(value, shape, verb), "") << line;
  }
  EXPECT_GT(documents, 0U) << verb;
}

}  // namespace reel
