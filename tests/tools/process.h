// Running the real command and others as child processes, and a folder that is gone afterwards.
#pragma once

#include <sys/types.h>

#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tools/exit_codes.h"

namespace reel {

using Words = std::vector<std::string>;

struct Outcome {
  int exit_code = -1;  // -1: ended by a signal
  std::string out;
  std::string err;
};

// A child whose stdout is read line by line. Killed and reaped by the destructor.
class Child {
 public:
  // stdout to a pipe, stderr to the file `err_path`.
  Child(const Words& command, const std::string& err_path);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // nullopt at the end.
  std::optional<std::string> ReadLine();
  void Signal(int signal) const;
  // Reads the rest and waits. -1: ended by a signal.
  int Wait();

 private:
  pid_t pid_ = -1;
  FILE* out_ = nullptr;
};

class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

std::string ReadText(const std::filesystem::path& path);

// Runs to its end. `arguments` follow the command `reel`.
Outcome Reel(const Words& arguments);
Outcome RunCommand(const Words& command);

// A mistake of a user, and what the command says of it: one line on stderr that matches `message`,
// nothing on stdout.
struct UserError {
  Words arguments;
  ExitCode exit_code = ExitCode::kUsage;
  std::string message;  // regular expression
};
void ExpectSaid(const UserError& error);

// The path of a file of tests/data/media.
std::string Media(const std::string& name);

// A node with one small volume below `folder`; its state directory.
std::string MakeNode(const TempFolder& folder);

}  // namespace reel
