#include <filesystem>

#include "bench/child.h"
#include "bench/pacer.h"
#include "bench/peers.h"

namespace reel::bench {
namespace {

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
      const auto encoder,
      Child::Start(
          Command({"-f",       "lavfi",   "-i",       source,      "-t",   std::to_string(seconds),
                   "-c:v",     "libx264", "-preset",  "ultrafast", "-b:v", "4M",
                   "-maxrate", "4M",      "-bufsize", "4M",        "-g",   "50",
                   "-pix_fmt", "yuv420p", path})));
  return encoder->Wait().status();
}

}  // namespace

Result<double> FfmpegCpuPerGb(const std::string& directory, int processes, int seconds) {
  std::filesystem::create_directories(directory);
  const std::string camera = directory + "/camera-" + std::to_string(seconds) + ".mp4";
  REEL_RETURN_IF_ERROR(MakeCamera(camera, seconds));
  std::vector<std::unique_ptr<Child>> children;
  for (int i = 0; i < processes; ++i) {
    const std::string out = directory + "/" + std::to_string(i) + "-%03d.mp4";
    REEL_ASSIGN_OR_RETURN(auto child,
                          Child::Start(Command({"-re", "-i", camera, "-c", "copy", "-f", "segment",
                                                "-segment_time", "60", out})));
    children.push_back(std::move(child));
  }
  double cpu_seconds = 0;
  for (const auto& child : children) {
    REEL_ASSIGN_OR_RETURN(const double used, child->Wait());
    cpu_seconds += used;
  }
  const double gb = static_cast<double>(std::filesystem::file_size(camera)) * processes / 1e9;
  return cpu_seconds / gb;
}

Result<double> FfmpegCpuPerCamera(const std::string& directory,
                                  const std::vector<std::string>& urls, Duration length) {
  // It looks at a source for 5 s before it begins. That synthetic pictures cannot be decoded is
  // nothing to it later on, and what it says of it goes nowhere.
  constexpr Duration kBegins = std::chrono::seconds(8);
  std::filesystem::create_directories(directory);
  std::vector<std::unique_ptr<Child>> children;
  for (const std::string& url : urls) {
    const std::string out = directory + "/rtsp-" + std::to_string(children.size()) + "-%03d.mp4";
    REEL_ASSIGN_OR_RETURN(
        auto child,
        Child::Start(Command({"-loglevel", "quiet", "-rtsp_transport", "tcp", "-i", url, "-c",
                              "copy", "-f", "segment", "-segment_time", "60", out})));
    children.push_back(std::move(child));
  }
  const auto used = [&] {
    double seconds = 0;
    for (const auto& child : children) seconds += child->CpuSeconds();
    return seconds;
  };
  const auto written = [&] {
    uint64_t bytes = 0;
    for (const auto& file : std::filesystem::directory_iterator(directory))
      bytes += file.file_size();
    return bytes;
  };
  Pacer pacer;
  const MonoTime begin = MonoNow() + kBegins;
  pacer.WaitUntil(begin);
  const uint64_t written_before = written();
  const double before = used();
  pacer.WaitUntil(begin + length);
  const double seconds =
      std::chrono::duration<double>(MonoNow() - begin).count() * static_cast<double>(urls.size());
  const double per_camera = (used() - before) / seconds;
  if (written() <= written_before) return Internal("ffmpeg recorded nothing");
  return per_camera;
}

}  // namespace reel::bench
