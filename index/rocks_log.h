// RocksLog: takes RocksDB's warnings and errors. RocksDB logs under its locks, where a LogSink must
// not be called, so messages wait here, at most kWaitingMax of them, until one of our own threads
// drains them. Also keeps RocksDB from writing a LOG file of its own.
//
// Thread rule: all calls from any thread.
#pragma once

#include <rocksdb/env.h>

#include <deque>
#include <mutex>
#include <string>

#include "reel/log.h"

namespace reel {

class RocksLog : public rocksdb::Logger {
 public:
  static constexpr size_t kWaitingMax = 64;

  RocksLog() : rocksdb::Logger(rocksdb::InfoLogLevel::WARN_LEVEL) {}

  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list args) override;  // level unknown: taken for a warning
  void Logv(rocksdb::InfoLogLevel level, const char* format, va_list args) override;

  void AddLine(std::string text);  // a warning of our own

  // Hands what waits to `sink`; call it with no lock held. An empty sink drops it.
  void Drain(const LogSink& sink);

 private:
  void Format(LogLevel level, const char* format, va_list args);
  void Add(LogLevel level, std::string text);

  std::mutex mutex_;
  std::deque<std::pair<LogLevel, std::string>> waiting_;
};

}  // namespace reel
