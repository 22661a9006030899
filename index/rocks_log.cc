#include "index/rocks_log.h"

#include <array>
#include <cstdarg>
#include <cstdio>

namespace reel {

void RocksLog::Logv(const char* format, va_list args) { Format(LogLevel::kWarning, format, args); }

void RocksLog::Logv(rocksdb::InfoLogLevel level, const char* format, va_list args) {
  if (level < GetInfoLogLevel()) return;
  if (level == rocksdb::InfoLogLevel::HEADER_LEVEL) return;
  Format(level >= rocksdb::InfoLogLevel::ERROR_LEVEL ? LogLevel::kError : LogLevel::kWarning,
         format, args);
}

void RocksLog::AddLine(std::string text) { Add(LogLevel::kWarning, std::move(text)); }

void RocksLog::Format(LogLevel level, const char* format, va_list args) {
  std::array<char, 512> text;
  std::vsnprintf(text.data(), text.size(), format, args);
  Add(level, text.data());
}

void RocksLog::Add(LogLevel level, std::string text) {
  const std::lock_guard lock(mutex_);
  if (waiting_.size() < kWaitingMax) waiting_.emplace_back(level, std::move(text));
}

void RocksLog::Drain(const LogSink& sink) {
  std::deque<std::pair<LogLevel, std::string>> messages;
  {
    const std::lock_guard lock(mutex_);
    messages.swap(waiting_);
  }
  if (!sink) return;
  for (const auto& [level, text] : messages) sink(level, "index: " + text);
}

}  // namespace reel
