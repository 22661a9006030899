#include "engine/av/sandbox.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <vector>

namespace reel {
namespace {

#if defined(__x86_64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
constexpr uint32_t kArchitecture = 0;
#endif

// All that decoding one picture needs. Numbers of the x32 calls lie above all of them.
constexpr std::array kAllowed = {
    SYS_read,
    SYS_write,
    SYS_brk,
    SYS_mmap,
    SYS_munmap,
    SYS_mremap,
    SYS_mprotect,
    SYS_madvise,
    SYS_futex,
    SYS_clock_gettime,
    SYS_rt_sigreturn,
    SYS_rt_sigprocmask,
    SYS_exit,
    SYS_exit_group,
    SYS_sched_yield,
    SYS_getrandom,
    SYS_gettid,
    SYS_getpid,
    SYS_sched_getaffinity,
#if defined(__SANITIZE_ADDRESS__)
    SYS_sigaltstack,
#endif
};

constexpr sock_filter Load(size_t offset_bytes) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset_bytes));
}
constexpr sock_filter Return(uint32_t action) { return BPF_STMT(BPF_RET | BPF_K, action); }
constexpr sock_filter JumpIfEqual(uint32_t value, uint8_t if_true, uint8_t if_false) {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, if_true, if_false);
}

Status Confine(int resource, uint64_t most) {
  const rlimit limit{most, most};
  if (setrlimit(static_cast<__rlimit_resource_t>(resource), &limit) == 0) return OkStatus();
  return Status(Code::kFailedPrecondition, "the decoder cannot be given limits", errno);
}

Status AllowFewCalls() {
  if (kArchitecture == 0) {
    return FailedPrecondition("the decoder cannot be confined on this kind of machine");
  }
  std::vector<sock_filter> program = {
      Load(offsetof(seccomp_data, arch)),
      JumpIfEqual(kArchitecture, 1, 0),
      Return(SECCOMP_RET_KILL_PROCESS),
      Load(offsetof(seccomp_data, nr)),
  };
  for (const auto call : kAllowed) {
    program.push_back(JumpIfEqual(static_cast<uint32_t>(call), 0, 1));
    program.push_back(Return(SECCOMP_RET_ALLOW));
  }
  program.push_back(Return(SECCOMP_RET_KILL_PROCESS));
  const sock_fprog filter{static_cast<decltype(sock_fprog::len)>(program.size()), program.data()};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0) {
    return OkStatus();
  }
  return Status(Code::kFailedPrecondition,
                "this kernel cannot confine the decoder (seccomp): no picture is decoded", errno);
}

}  // namespace

Status EnterSandbox(const SandboxLimits& limits) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0) {
    return Status(Code::kFailedPrecondition, "the decoder cannot be confined", errno);
  }
#if !defined(__SANITIZE_ADDRESS__)
  REEL_RETURN_IF_ERROR(Confine(RLIMIT_AS, limits.memory_bytes));
#endif
  REEL_RETURN_IF_ERROR(Confine(RLIMIT_CPU, limits.cpu_seconds));
  for (const int resource : {RLIMIT_FSIZE, RLIMIT_NOFILE, RLIMIT_CORE}) {
    REEL_RETURN_IF_ERROR(Confine(resource, 0));
  }
  return AllowFewCalls();
}

}  // namespace reel
