// What `reel` exits with: one table for people, scripts and the code.
#pragma once

#include "reel/status.h"

namespace reel {

enum class ExitCode : int {
  kOk = 0,
  kUsage =
      1,  // InvalidArgument, OutOfRange: the command line, or a file that is not what it should be
  kNotFound = 2,  // NotFound: file, node, stream, footage
  kRefused =
      3,  // FailedPrecondition, AlreadyExists, PermissionDenied, Aborted: in use, newer, not yours
  kDamaged = 4,    // DataLoss: stored bytes cannot be verified
  kFull = 5,       // ResourceExhausted: disk, memory or a stated bound
  kIo = 6,         // Unavailable, DeadlineExceeded: a device or the index does not answer
  kProgram = 7,    // everything else: not built, or a fault of the program
  kStopped = 130,  // Cancelled: Ctrl-C or SIGTERM, everything left in order
};

ExitCode ExitCodeOf(Code code);

// The table as the help shows it.
inline constexpr char kExitCodeHelp[] =
    "Exit codes: 0 done; 1 wrong usage; 2 not found; 3 refused (in use, exists already, newer\n"
    "format, no permission); 4 stored data damaged; 5 full; 6 device does not answer;\n"
    "7 fault of the program; 130 stopped by a signal, in good order.";

}  // namespace reel
