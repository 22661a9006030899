#include "server/daemon/service.h"

#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "reel/clock.h"

namespace reel::server {
namespace {

// Lines on one: the message is none of ours alone and may hold what a camera said.
std::string OneLine(std::string_view message) {
  std::string line(message);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return line;
}

const char* Priority(LogLevel level) {
  switch (level) {
    case LogLevel::kInfo:
      return SD_INFO;
    case LogLevel::kWarning:
      return SD_WARNING;
    case LogLevel::kError:
      return SD_ERR;
  }
  return SD_ERR;
}

}  // namespace

void NotifyReady() { sd_notify(0, "READY=1"); }

void NotifyReloading() { sd_notify(0, "RELOADING=1"); }

void NotifyStopping() { sd_notify(0, "STOPPING=1"); }

void NotifyAlive(const std::string& status) {
  sd_notifyf(0, "WATCHDOG=1\nSTATUS=%s", OneLine(status).c_str());
}

Duration AliveInterval() {
  uint64_t watchdog_us = 0;
  const Duration longest = std::chrono::seconds(1);
  if (sd_watchdog_enabled(0, &watchdog_us) <= 0) return longest;
  return std::min<Duration>(longest, std::chrono::microseconds(watchdog_us / 2));
}

void LogToStderr(LogLevel level, std::string_view message) {
  // Nothing here changes the environment.
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  static const bool journal = std::getenv("JOURNAL_STREAM") != nullptr;
  std::string line = journal ? Priority(level) : FormatWall(SystemClock().WallNow()) + " ";
  if (!journal)
    line += level == LogLevel::kInfo ? "" : level == LogLevel::kWarning ? "warning: " : "error: ";
  line += OneLine(message) + "\n";
  // In one piece, so that lines of several threads do not mix; what stderr does not take is lost.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace reel::server
