// Child: another program, run beside this one, its CPU told apart from ours.
//
// Thread rule: one thread. Its standard error is ours. The destructor kills what still runs.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "engine/io/unique_fd.h"
#include "reel/status.h"

namespace reel::bench {

class Child {
 public:
  // Its standard input is a pipe of ours that gives nothing until CloseInput; its output goes to
  // ReadLine. NotFound: not installed.
  static Result<std::unique_ptr<Child>> Start(const std::vector<std::string>& arguments);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Blocks until it has said a line; what it said before its end otherwise.
  std::string ReadLine();
  // Blocks until it has ended its output: all of it.
  std::string ReadAll();
  void CloseInput() { input_ = UniqueFd(); }
  // User and system time so far. REQUIRES: not waited for.
  double CpuSeconds() const;
  void Kill() const;
  // Blocks until it has ended. Its CPU seconds; Internal where it did not exit with 0.
  Result<double> Wait();

 private:
  Child(pid_t pid, std::string name, UniqueFd input, UniqueFd output)
      : pid_(pid), name_(std::move(name)), input_(std::move(input)), output_(std::move(output)) {}

  pid_t pid_;  // -1: waited for
  const std::string name_;
  UniqueFd input_;
  UniqueFd output_;
};

}  // namespace reel::bench
