// reeld: records cameras into a node and serves what it holds. docs/REELD.md.
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "engine/av/picture_decoder.h"
#include "engine/base/edge.h"
#include "server/config/config_file.h"
#include "server/daemon/daemon.h"
#include "server/daemon/service.h"
#include "server/rpc/grpc_log.h"

namespace reel::server {
namespace {

constexpr int kExitDone = 0;
constexpr int kExitWrongConfig = 1;
constexpr int kExitFailed = 3;

// Taken from a descriptor, so that nothing happens in the middle of something else.
int BlockSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // A reader that goes away is an error of a write, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  return ::signalfd(-1, &set, SFD_CLOEXEC);
}

// The signal that came within `wait`, or 0.
int AwaitSignal(int fd, Duration wait) {
  pollfd waits{fd, POLLIN, 0};
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(wait).count();
  if (::poll(&waits, 1, static_cast<int>(ms)) <= 0) return 0;
  signalfd_siginfo info{};
  if (::read(fd, &info, sizeof info) != sizeof info) return 0;
  return static_cast<int>(info.ssi_signo);
}

void Reload(Daemon& daemon) {
  NotifyReloading();
  (void)daemon.ReloadFile();  // it has said how it went
  NotifyReady();
}

int Serve(const std::string& path, Config config) {
  const int signals = BlockSignals();
  SendGrpcLogTo(LogToStderr);
  Result<std::unique_ptr<Daemon>> daemon =
      Daemon::Start(std::move(config), LogToStderr, [path] { return ReadConfig(path); });
  if (!daemon.ok()) {
    LogToStderr(LogLevel::kError, daemon.status().message());
    return kExitFailed;
  }
  NotifyReady();
  while (true) {
    NotifyAlive((*daemon)->Tend());
    const int signal = AwaitSignal(signals, AliveInterval());
    if (signal == SIGHUP) Reload(**daemon);
    if (signal == SIGTERM || signal == SIGINT) break;
  }
  NotifyStopping();
  LogToStderr(LogLevel::kInfo, "stops");
  const Status stopped = (*daemon)->Stop();
  if (stopped.ok()) return kExitDone;
  LogToStderr(LogLevel::kError, stopped.message());
  return kExitFailed;
}

int Main(int argc, char** argv) {
  CLI::App app("Records cameras into a node and serves what it holds", "reeld");
  std::string path = "/etc/reel/reeld.toml";
  bool check = false;
  app.set_version_flag("--version", REEL_VERSION);
  app.add_option("--config", path, "Configuration, TOML")->type_name("FILE")->capture_default_str();
  app.add_flag("--check", check, "Look for mistakes in the configuration and stop");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::printf("%s", app.help().c_str());
    return kExitDone;
  } catch (const CLI::CallForVersion& version) {
    std::printf("reeld %s\n", version.what());
    return kExitDone;
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "reeld: %s; see 'reeld --help'\n", error.what());
    return kExitWrongConfig;
  }
  Result<Config> config = ReadConfig(path);
  if (!config.ok()) {
    std::fprintf(stderr, "%s\n", config.status().message().c_str());
    return kExitWrongConfig;
  }
  if (check) {
    std::printf("%s: no mistakes (cameras: %zu, grants: %zu)\n", path.c_str(),
                config->cameras.size(), config->grants.size());
    return kExitDone;
  }
  return Serve(path, *std::move(config));
}

}  // namespace
}  // namespace reel::server

int main(int argc, char** argv) {
  // Not an option: this program started anew by itself, to decode a picture (picture_decoder.h).
  if (argc == 2 && std::string_view(argv[1]) == reel::kDecodeChildVerb)
    std::_Exit(reel::RunDecodeChild());
  return reel::AtEdgeOrDie("reeld", [&] { return reel::server::Main(argc, argv); });
}
