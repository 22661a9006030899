#include "tests/ingest/network.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sstream>
#include <vector>

namespace reel::server {
namespace {

UniqueFd ThisNetwork() { return UniqueFd(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)); }

// A program with its arguments, divided by spaces, in this thread's network.
bool Run(const std::string& command) {
  std::istringstream text(command);
  std::vector<std::string> words;
  for (std::string word; text >> word;) words.push_back(word);
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t pid = -1;
  if (posix_spawnp(&pid, argv[0], nullptr, nullptr, argv.data(), environ) != 0) return false;
  int status = -1;
  waitpid(pid, &status, 0);
  return status == 0;
}

void Enter(const UniqueFd& network) { EXPECT_EQ(setns(network.get(), CLONE_NEWNET), 0); }

}  // namespace

std::unique_ptr<TwoNetworks> TwoNetworks::MakeApart() {
  UniqueFd outside = ThisNetwork();
  if (unshare(CLONE_NEWNET) != 0) return nullptr;
  UniqueFd cameras = ThisNetwork();
  EXPECT_EQ(unshare(CLONE_NEWNET), 0);
  UniqueFd recorders = ThisNetwork();
  return std::unique_ptr<TwoNetworks>(
      new TwoNetworks(std::move(outside), std::move(cameras), std::move(recorders)));
}

bool TwoNetworks::JoinByVeth() {
  const std::string theirs =
      "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(cameras_.get());
  return Run("ip link add near0 type veth peer name far0 netns " + theirs);
}

bool TwoNetworks::JoinByCable() {
  UniqueFd near = OpenCableEnd("near0");
  UniqueFd far;
  InCameras([&far] { far = OpenCableEnd("far0"); });
  if (!near.valid() || !far.valid()) return false;
  cable_ = std::make_unique<UnrulyCable>(std::move(far), std::move(near));
  return true;
}

bool TwoNetworks::SetUpEnds() const {
  bool up = Run("ip link set lo up") && Run("ip address add 10.77.0.1/24 dev near0") &&
            Run("ip link set near0 up");
  InCameras([&up] {
    up = up && Run("ip link set lo up") &&
         Run(std::string("ip address add ") + kCamera + "/24 dev far0") &&
         Run("ip link set far0 up");
  });
  return up;
}

std::unique_ptr<TwoNetworks> TwoNetworks::Make() {
  std::unique_ptr<TwoNetworks> networks = MakeApart();
  const bool made = networks != nullptr && networks->JoinByVeth() && networks->SetUpEnds();
  return made ? std::move(networks) : nullptr;
}

std::unique_ptr<TwoNetworks> TwoNetworks::MakeUnruly() {
  std::unique_ptr<TwoNetworks> networks = MakeApart();
  const bool made = networks != nullptr && networks->JoinByCable() && networks->SetUpEnds();
  return made ? std::move(networks) : nullptr;
}

TwoNetworks::~TwoNetworks() { Enter(outside_); }

void TwoNetworks::InCameras(const std::function<void()>& task) const {
  Enter(cameras_);
  task();
  Enter(recorders_);
}

void TwoNetworks::Cut() const {
  InCameras([] { EXPECT_TRUE(Run("ip link set far0 down")); });
}
void TwoNetworks::Join() const {
  InCameras([] { EXPECT_TRUE(Run("ip link set far0 up")); });
}

bool TwoNetworks::Narrow(uint32_t kbit_per_second, uint32_t queue_bytes) const {
  bool narrowed = false;
  InCameras([&] {
    narrowed = Run("tc qdisc replace dev far0 root tbf rate " + std::to_string(kbit_per_second) +
                   "kbit burst 2000 limit " + std::to_string(queue_bytes));
  });
  return narrowed;
}

}  // namespace reel::server
