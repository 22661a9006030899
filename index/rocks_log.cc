#include "index/rocks_log.h"

#include <array>
#include <cstdarg>
#include <cstdio>

namespace reel {

void RocksLog::Logv(const char* format, va_list args) { Add(LogLevel::kWarning, format, args); }

void RocksLog::Logv(rocksdb::InfoLogLevel level, const char* format, va_list args) {
  if (level < GetInfoLogLevel()) return;
  const bool header = level == rocksdb::InfoLogLevel::HEADER_LEVEL;
  if (header) return;
  Add(level >= rocksdb::InfoLogLevel::ERROR_LEVEL ? LogLevel::kError : LogLevel::kWarning, format,
      args);
}

void RocksLog::Add(LogLevel level, const char* format, va_list args) {
  std::array<char, 512> text;
  std::vsnprintf(text.data(), text.size(), format, args);
  const std::lock_guard lock(mutex_);
  if (waiting_.size() < kWaitingMax) waiting_.emplace_back(level, text.data());
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
