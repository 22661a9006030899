// docs/SCALE.md: every figure of `reel plan` in it is what the command says today, and the tables'
// sums are what their cells say.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <optional>
#include <sstream>

#include "tests/tools/process.h"

namespace reel {
namespace {

std::string Page() { return ReadText(std::string(REEL_SOURCE_DIR) + "/docs/SCALE.md"); }

struct Shown {
  std::string command;  // without "reel"
  std::string output;
};

// A block of sh with one command, and the block of text that follows it.
std::vector<Shown> Commands() {
  std::vector<Shown> commands;
  std::istringstream lines(Page());
  for (std::string line; std::getline(lines, line);) {
    if (line == "```sh" && std::getline(lines, line)) {
      commands.push_back({line.substr(std::string("reel ").size()), ""});
    } else if (line == "```text") {
      while (std::getline(lines, line) && line != "```") commands.back().output += line + "\n";
    }
  }
  return commands;
}

std::vector<std::string> Words(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

TEST(ScaleDoc, PlansAreWhatTheCommandSays) {
  const std::vector<Shown> commands = Commands();
  ASSERT_GE(commands.size(), 5U);
  for (const Shown& shown : commands) {
    std::vector<std::string> words = Words(shown.command);
    words.insert(words.begin(), REEL_COMMAND);
    const Outcome outcome = RunCommand(words);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(outcome.out, shown.output) << shown.command;
  }
}

std::optional<double> NumberOf(const std::string& word) {
  double number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  return number;
}

// The value of "a * b / c ..." from left to right, with numbers alone; nullopt for anything else.
std::optional<double> ValueOf(const std::string& text) {
  const std::vector<std::string> words = Words(text);
  if (words.size() < 3 || words.size() % 2 == 0) return std::nullopt;
  double value = 0;
  for (size_t i = 0; i < words.size(); i += 2) {
    const std::optional<double> number = NumberOf(words[i]);
    if (!number) return std::nullopt;
    const std::string op = i == 0 ? "+" : words[i - 1];
    if (op == "+") value += *number;
    if (op == "-") value -= *number;
    if (op == "*") value *= *number;
    if (op == "/") value /= *number;
    if (std::string("+-*/").find(op) == std::string::npos) return std::nullopt;
  }
  return value;
}

// Cells of the form "300 * 0.53 = 159": within a unit of the last digit shown.
TEST(ScaleDoc, SumsAreRight) {
  size_t sums = 0;
  std::istringstream lines(Page());
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("| ", 0) != 0) continue;
    std::istringstream cells(line);
    for (std::string cell; std::getline(cells, cell, '|');) {
      const size_t equals = cell.find(" = ");
      if (equals == std::string::npos) continue;
      const auto end = cell.begin() + static_cast<ptrdiff_t>(equals);
      if (std::any_of(cell.begin(), end, [](char c) { return std::isalpha(c); })) continue;
      const std::vector<std::string> result = Words(cell.substr(equals + 3));
      const std::optional<double> value = ValueOf(cell.substr(0, equals));
      const std::optional<double> shown = result.empty() ? std::nullopt : NumberOf(result[0]);
      ASSERT_TRUE(value && shown) << cell;
      const size_t point = result[0].find('.');
      const size_t digits = point == std::string::npos ? 0 : result[0].size() - point - 1;
      EXPECT_NEAR(*shown, *value, std::pow(10.0, -static_cast<double>(digits))) << cell;
      ++sums;
    }
  }
  EXPECT_GT(sums, 30U);
}

}  // namespace
}  // namespace reel
