// What confines a process that handles hostile bytes: from EnterSandbox on it can compute, read and
// write what it has open, and end; nothing else.
//
// System calls are an allow-list (seccomp): memory, read, write, clocks, exit. Any other, among
// them opening a file, making a socket, starting a process, ends the process at once (SIGSYS).
// Memory, CPU time, file sizes and the number of files are limited by the kernel too, and no core
// is dumped. There is no way back. The kernel kills the process when its parent dies.
// Thread rule: before any other thread has been started.
#pragma once

#include <cstdint>

#include "reel/status.h"

namespace reel {

struct SandboxLimits {
  uint64_t memory_bytes = 1536U << 20;  // address space; without effect under AddressSanitizer
  uint32_t cpu_seconds = 20;
};

// FailedPrecondition when this kernel or machine cannot confine it: then nothing hostile may be
// touched.
Status EnterSandbox(const SandboxLimits& limits);

}  // namespace reel
