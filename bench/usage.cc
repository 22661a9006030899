#include "bench/usage.h"

#include <sys/resource.h>

#include <charconv>
#include <filesystem>
#include <fstream>

namespace reel::bench {
namespace {

double SecondsOf(const timeval& t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
}

std::string FirstLine(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  return line;
}

uint64_t LeadingNumber(std::string_view text) {
  const size_t begin = text.find_first_of("0123456789");
  if (begin == std::string_view::npos) return 0;
  text.remove_prefix(begin);
  uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// Threads by name, each with the nanoseconds it has run: the first field of schedstat.
std::map<std::string, double> ThreadSeconds() {
  std::map<std::string, double> seconds;
  std::error_code error;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", error)) {
    std::string name = FirstLine(task.path() / "comm");
    if (name.starts_with("iou-wrk")) name = "iou-wrk";
    seconds[name] += static_cast<double>(LeadingNumber(FirstLine(task.path() / "schedstat"))) / 1e9;
  }
  return seconds;
}

}  // namespace

uint64_t ProcValue(const std::string& file, const std::string& key) {
  std::ifstream in("/proc/self/" + file);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(key + ":")) return LeadingNumber(line.substr(key.size() + 1));
  }
  return 0;
}

Usage Usage::Now() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  Usage usage;
  usage.cpu_seconds = SecondsOf(used.ru_utime) + SecondsOf(used.ru_stime);
  usage.device_bytes_written = ProcValue("io", "write_bytes");
  usage.device_bytes_read = ProcValue("io", "read_bytes");
  usage.thread_seconds = ThreadSeconds();
  return usage;
}

Usage Usage::operator-(const Usage& before) const {
  Usage difference = *this;
  difference.cpu_seconds -= before.cpu_seconds;
  difference.device_bytes_written -= before.device_bytes_written;
  difference.device_bytes_read -= before.device_bytes_read;
  for (auto& [name, seconds] : difference.thread_seconds) {
    const auto earlier = before.thread_seconds.find(name);
    if (earlier != before.thread_seconds.end()) seconds -= earlier->second;
  }
  return difference;
}

uint64_t ResidentBytes() { return ProcValue("status", "VmRSS") << 10; }
uint64_t PeakResidentBytes() { return ProcValue("status", "VmHWM") << 10; }
void ResetPeakResident() { std::ofstream("/proc/self/clear_refs") << 5; }

}  // namespace reel::bench
