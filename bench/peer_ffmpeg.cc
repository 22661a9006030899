#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "bench/peers.h"

namespace reel::bench {
namespace {

Result<pid_t> Spawn(const std::vector<std::string>& arguments) {
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  pid_t child = 0;
  const int error = posix_spawnp(&child, argv[0], nullptr, nullptr, argv.data(), environ);
  if (error == ENOENT) return NotFound(arguments.front() + " is not installed");
  if (error != 0) return Status::FromErrno(error, "start " + arguments.front());
  return child;
}

// The CPU seconds it used.
Result<double> WaitFor(pid_t child) {
  int status = 0;
  rusage used{};
  if (wait4(child, &status, 0, &used) != child) return Status::FromErrno(errno, "wait for ffmpeg");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return Internal("ffmpeg failed");
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

std::vector<std::string> Command(const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {"ffmpeg", "-nostdin", "-loglevel", "error", "-y"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

// A camera of 4 Mbit/s, 25 pictures a second, 2 s a GOP; made once.
Status MakeCamera(const std::string& path, int seconds) {
  if (std::filesystem::exists(path)) return OkStatus();
  const std::string source = "testsrc2=size=1280x720:rate=25,noise=alls=40:allf=t";
  REEL_ASSIGN_OR_RETURN(
      const pid_t encoder,
      Spawn(
          Command({"-f",       "lavfi",   "-i",       source,      "-t",   std::to_string(seconds),
                   "-c:v",     "libx264", "-preset",  "ultrafast", "-b:v", "4M",
                   "-maxrate", "4M",      "-bufsize", "4M",        "-g",   "50",
                   "-pix_fmt", "yuv420p", path})));
  return WaitFor(encoder).status();
}

}  // namespace

Result<double> FfmpegCpuPerGb(const std::string& directory, int processes, int seconds) {
  std::filesystem::create_directories(directory);
  const std::string camera = directory + "/camera-" + std::to_string(seconds) + ".mp4";
  REEL_RETURN_IF_ERROR(MakeCamera(camera, seconds));
  std::vector<pid_t> children;
  Status problem;
  for (int i = 0; i < processes; ++i) {
    const std::string out = directory + "/" + std::to_string(i) + "-%03d.mp4";
    const Result<pid_t> child = Spawn(
        Command({"-re", "-i", camera, "-c", "copy", "-f", "segment", "-segment_time", "60", out}));
    if (child.ok()) {
      children.push_back(*child);
    } else {
      problem = child.status();
    }
  }
  double cpu_seconds = 0;
  for (const pid_t child : children) {
    const Result<double> used = WaitFor(child);
    if (used.ok()) {
      cpu_seconds += *used;
    } else {
      problem = used.status();
    }
  }
  REEL_RETURN_IF_ERROR(problem);
  const double gb = static_cast<double>(std::filesystem::file_size(camera)) * processes / 1e9;
  return cpu_seconds / gb;
}

}  // namespace reel::bench
