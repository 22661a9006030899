#include "tools/advice.h"

#include <array>
#include <string_view>

namespace reel {
namespace {

struct Advice {
  Code code;
  std::string_view sign;  // in the message
  std::string_view what_to_do;
};

constexpr std::array<Advice, 7> kAdvice = {{
    {Code::kPermissionDenied, "Permission denied",
     "run reel as the user that owns it, or have it made yours"},
    {Code::kPermissionDenied, "not permitted",
     "run reel as the user that owns it, or have it made yours"},
    {Code::kFailedPrecondition, "locked by process", "stop that process or wait for its end"},
    {Code::kNotFound, "No such file or directory", "correct the path, or mount the disk there"},
    {Code::kNotFound, "is not a reel volume", "mount the right disk there"},
    {Code::kResourceExhausted, "No space left on device", "make room there"},
    {Code::kUnavailable, "Read-only file system", "look at the disk: the system has given it up"},
}};

}  // namespace

std::string WithAdvice(const Status& status) {
  const std::string& message = status.message();
  for (const Advice& advice : kAdvice) {
    if (status.code() != advice.code || message.find(advice.sign) == std::string::npos) continue;
    const bool said = message.find(advice.what_to_do) != std::string::npos;
    return said ? message : message + "; " + std::string(advice.what_to_do);
  }
  return message;
}

}  // namespace reel
