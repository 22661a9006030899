#include "tools/exit_codes.h"

namespace reel {

ExitCode ExitCodeOf(Code code) {
  switch (code) {
    case Code::kOk:
      return ExitCode::kOk;
    case Code::kInvalidArgument:
    case Code::kOutOfRange:
      return ExitCode::kUsage;
    case Code::kNotFound:
      return ExitCode::kNotFound;
    case Code::kFailedPrecondition:
    case Code::kAlreadyExists:
    case Code::kPermissionDenied:
    case Code::kAborted:
      return ExitCode::kRefused;
    case Code::kDataLoss:
      return ExitCode::kDamaged;
    case Code::kResourceExhausted:
      return ExitCode::kFull;
    case Code::kUnavailable:
    case Code::kDeadlineExceeded:
      return ExitCode::kIo;
    case Code::kCancelled:
      return ExitCode::kStopped;
    case Code::kUnknown:
    case Code::kUnimplemented:
    case Code::kInternal:
      break;
  }
  return ExitCode::kProgram;
}

}  // namespace reel
