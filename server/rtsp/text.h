// Small things done to the text of RTSP messages and SDP.
//
// Thread rule: pure functions. Returned views point into the caller's text.
#pragma once

#include <algorithm>
#include <charconv>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>

namespace reel::server {

inline bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// Other than a tab.
inline bool IsControl(char c) { return (c >= 0 && c < ' ' && c != '\t') || c == 0x7F; }

inline std::string_view Trim(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

// ASCII alone, whatever the locale.
inline char LowerCase(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

inline bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return LowerCase(x) == LowerCase(y); });
}

inline bool StartsIgnoringCase(std::string_view text, std::string_view start) {
  return text.size() >= start.size() && EqualsIgnoringCase(text.substr(0, start.size()), start);
}

// What stands before `separator`, taken off `rest` together with it; all of it if there is none.
inline std::string_view TakeUntil(std::string_view* rest, char separator) {
  const size_t at = rest->find(separator);
  const std::string_view taken = rest->substr(0, at);
  *rest = at == std::string_view::npos ? std::string_view{} : rest->substr(at + 1);
  return taken;
}

// All of `text` as a number; nullopt for anything else in it, a sign, or a value out of range.
template <std::unsigned_integral T>
std::optional<T> ParseNumber(std::string_view text, int base = 10) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The number that `text` begins with: cameras write "60.0" and "60 s" for 60.
template <std::unsigned_integral T>
std::optional<T> ParseLeadingNumber(std::string_view text) {
  const size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
  return ParseNumber<T>(text.substr(0, end));
}

}  // namespace reel::server
