// reeld's parts together, in one process: what it serves, what a reload changes, and that nothing
// but the node is needed for recording.
#include "server/daemon/daemon.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <sstream>

#include "reel/node.h"
#include "server/client/camera_list.h"
#include "server/client/remote_store.h"

namespace reel::server {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class DaemonTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "reel-daemon-" +
              testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(folder_);
    fs::create_directories(folder_ + "/disk");
    Store::InitVolume volume;
    volume.path = folder_ + "/disk";
    volume.bytes = 32U << 20;
    ASSERT_TRUE(Node::Init(folder_ + "/node", {volume}).ok());
    config_.node.path = folder_ + "/node";
    config_.listen.socket = folder_ + "/socket";
    config_.audit_directory = folder_ + "/audit";
    config_.grants = {{"uid:" + std::to_string(::getuid()), Role::kAdmin, {"*"}, false}};
  }
  void TearDown() override {
    daemon_.reset();
    fs::remove_all(folder_);
  }

  void Start(Daemon::ReadFile read = {}) {
    const LogSink log = [this](LogLevel, std::string_view line) {
      const std::lock_guard lock(mutex_);
      log_ += std::string(line) + "\n";
    };
    Result<std::unique_ptr<Daemon>> daemon = Daemon::Start(config_, log, std::move(read));
    ASSERT_TRUE(daemon.ok()) << daemon.status().ToString();
    daemon_ = *std::move(daemon);
  }
  // A camera's state is told by its own thread.
  void AwaitTend(const std::string& line) {
    const MonoTime until = SystemClock().MonoNow() + std::chrono::seconds(60);
    std::string last;
    while ((last = daemon_->Tend()) != line && SystemClock().MonoNow() < until) continue;
    EXPECT_EQ(last, line);
  }
  std::string log() {
    const std::lock_guard lock(mutex_);
    return log_;
  }
  Result<std::unique_ptr<Store>> Remote() {
    return OpenRemoteStore({"unix:" + folder_ + "/socket", "", "", "", ""}, {});
  }

  std::string folder_;
  Config config_;
  std::unique_ptr<Daemon> daemon_;
  std::mutex mutex_;
  std::string log_;
};

TEST_F(DaemonTest, ServesItsNodeAndStopsInGoodOrder) {
  Start();
  {
    const auto store = Remote();
    ASSERT_TRUE(store.ok()) << store.status().ToString();
    ASSERT_TRUE((*store)->CreateStream("gate").ok());
    EXPECT_EQ((*store)->CreateStream("gate").status().code(), Code::kAlreadyExists);
    EXPECT_EQ((*store)->Streams().size(), 1U);
    EXPECT_EQ((*store)->Volumes().size(), 1U);
  }
  EXPECT_EQ(daemon_->Tend(), "records 0 of 0 sources");
  EXPECT_TRUE(daemon_->Stop().ok());
  daemon_.reset();
  const auto node = Node::Open(folder_ + "/node");
  ASSERT_TRUE(node.ok()) << node.status().ToString();
  EXPECT_TRUE((*node)->store().FindStream("gate").ok());
}

TEST_F(DaemonTest, AReloadChangesWhoMayDoWhat) {
  const std::vector<Grant> grants = std::move(config_.grants);
  config_.grants.clear();
  Start();
  EXPECT_EQ(Remote().status().code(), Code::kPermissionDenied);
  config_.grants = grants;
  ASSERT_TRUE(daemon_->Reload(config_).ok());
  const Status let_in = Remote().status();
  EXPECT_TRUE(let_in.ok()) << let_in.ToString();
}

TEST_F(DaemonTest, WhoMayAsksForAReloadAndHearsOfMistakes) {
  Result<Config> file = InvalidArgument("reeld.toml:3: what");
  Start([&file] { return file; });
  const auto list = CameraList::Open({"unix:" + folder_ + "/socket", "", "", "", ""});
  ASSERT_TRUE(list.ok()) << list.status().ToString();
  const auto refused = (*list)->ReloadConfig();
  EXPECT_EQ(refused.status().code(), Code::kInvalidArgument);
  EXPECT_THAT(log(), HasSubstr("everything stays as it was: reeld.toml:3: what"));
  CameraConfig camera;
  camera.name = "gate";
  camera.sources = {{"gate", "rtsp://127.0.0.1:1/x", RecordMode::kContinuous}};
  Config with_camera = config_;
  with_camera.cameras = {camera};
  file = with_camera;
  const auto taken = (*list)->ReloadConfig();
  ASSERT_TRUE(taken.ok()) << taken.status().ToString();
  EXPECT_EQ(*taken, 1U);
  const auto sources = (*list)->Now();
  ASSERT_TRUE(sources.ok()) << sources.status().ToString();
  ASSERT_EQ(sources->size(), 1U);
  EXPECT_EQ(sources->front().stream, "gate");
}

TEST_F(DaemonTest, AReloadSaysWhatTakesARestart) {
  Start();
  config_.node.buffer_bytes *= 2;
  ASSERT_TRUE(daemon_->Reload(config_).ok());
  EXPECT_THAT(log(), HasSubstr("takes a restart"));
}

TEST_F(DaemonTest, CamerasComeAndGoWithAReload) {
  // A port on which nobody listens: the source waits and tries again.
  CameraConfig camera;
  camera.name = "gate";
  camera.sources = {{"gate", "rtsp://127.0.0.1:1/x", RecordMode::kContinuous}};
  config_.cameras = {camera};
  Start();
  AwaitTend("records 0 of 1 sources");
  const auto store = Remote();
  ASSERT_TRUE(store.ok()) << store.status().ToString();
  EXPECT_TRUE((*store)->FindStream("gate").ok()) << "its stream is there before its first picture";
  config_.cameras.clear();
  ASSERT_TRUE(daemon_->Reload(config_).ok());
  AwaitTend("records 0 of 0 sources");
}

// Recording comes first.
TEST_F(DaemonTest, WithoutAnAuditThereIsNoRpcAndRecordingGoesOn) {
  std::ofstream(config_.audit_directory) << "a file, where a directory is wanted";
  Start();
  EXPECT_THAT(daemon_->Tend(), HasSubstr("records 0 of 0 sources; no RPC: "));
  EXPECT_THAT(log(), HasSubstr("recording goes on"));
  EXPECT_FALSE(Remote().ok());
}

TEST_F(DaemonTest, ANodeThatIsNotThereIsAnErrorThatNamesIt) {
  config_.node.path = folder_ + "/none";
  const auto daemon = Daemon::Start(config_, [](LogLevel, std::string_view) {});
  EXPECT_EQ(daemon.status().code(), Code::kNotFound);
  EXPECT_THAT(daemon.status().message(), HasSubstr(folder_ + "/none"));
}

std::string Get(uint16_t port, const std::string& path) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    const std::string request = "GET " + path + " HTTP/1.0\r\n\r\n";
    if (::write(fd, request.data(), request.size()) == static_cast<ssize_t>(request.size())) {
      std::array<char, 4096> part{};
      for (ssize_t got = 0; (got = ::read(fd, part.data(), part.size())) > 0;)
        answer.append(part.data(), static_cast<size_t>(got));
    }
  }
  ::close(fd);
  return answer;
}

// Every metric there is stands in the documentation, and every one documented is there.
TEST_F(DaemonTest, MetricsAreThoseThatAreDocumented) {
  CameraConfig camera;
  camera.name = "gate";
  camera.sources = {{"gate", "rtsp://127.0.0.1:1/x", RecordMode::kContinuous}};
  config_.cameras = {camera};
  config_.listen.metrics = "127.0.0.1:0";
  Start();
  ASSERT_NE(daemon_->metrics_port(), 0) << log();
  const std::string answer = Get(daemon_->metrics_port(), "/metrics");
  EXPECT_THAT(answer, HasSubstr("\nreel_units_accepted_total 0\n"));
  EXPECT_THAT(answer, HasSubstr("\nreel_source_recording{camera=\"gate\",stream=\"gate\"} 0\n"));
  std::set<std::string> served;
  std::istringstream lines(answer);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("# TYPE reel_", 0) == 0) served.insert(line.substr(7, line.find(' ', 7) - 7));
  }
  std::ifstream file(std::string(REEL_SOURCE_DIR) + "/docs/OPERATIONS.md");
  std::set<std::string> documented;
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("| `reel_", 0) == 0) documented.insert(line.substr(3, line.find('`', 3) - 3));
  }
  EXPECT_EQ(served, documented);
}

// What is installed for those who watch: every metric and label in it is one that reeld shows.
TEST_F(DaemonTest, AlertRulesAndDashboardAskForWhatThereIs) {
  CameraConfig camera;
  camera.name = "gate";
  camera.sources = {{"gate", "rtsp://127.0.0.1:1/x", RecordMode::kContinuous}};
  config_.cameras = {camera};
  config_.listen.metrics = "127.0.0.1:0";
  Start();
  ASSERT_NE(daemon_->metrics_port(), 0) << log();
  const MonoTime until = SystemClock().MonoNow() + std::chrono::seconds(60);
  std::string answer;
  do {
    answer = Get(daemon_->metrics_port(), "/metrics");
  } while (answer.find("kind=\"lost\"") == std::string::npos && SystemClock().MonoNow() < until);
  std::ofstream(folder_ + "/metrics") << answer;
  const std::string source = REEL_SOURCE_DIR;
  const std::string command =
      "PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 " + source + "/tests/daemon/monitoring.py " +
      folder_ + "/metrics " + source + "/server/daemon/monitoring/reel-alerts.yml " + source +
      "/server/daemon/monitoring/reel-dashboard.json " + source + "/docs/OPERATIONS.md";
  // NOLINTNEXTLINE(concurrency-mt-unsafe, cert-env33-c): words of the test's own
  EXPECT_EQ(std::system(command.c_str()), 0);
}

}  // namespace
}  // namespace reel::server
