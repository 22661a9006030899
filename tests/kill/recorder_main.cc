// The process that is killed: opens a node on real disks, records to it, and at the n-th point of
// the disks' seam (a call is entered or left) kills itself.
//
// kill_recorder JOURNAL ROOT ENGINE PLACEMENT ROOMY SEED NTH UNITS
//   NTH 0: never. UNITS: that many and the life is over. Exit 0: it came to its end; 3: something
//   failed, the journal says what.
#include <algorithm>
#include <charconv>
#include <csignal>
#include <string_view>

#include "engine/testing/fault_disk.h"
#include "tests/kill/kill_node.h"
#include "tests/kill/recorder.h"

namespace reel {
namespace {

constexpr int kFailed = 3;
constexpr uint32_t kLeaving = 100;

uint64_t NumberIn(std::string_view text) {
  uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::function<void(SeamCall, FaultDisk::When)> KillAt(uint64_t nth, KillJournal& journal) {
  return [nth, &journal](SeamCall call, FaultDisk::When when) {
    if (++journal.points != nth) return;
    journal.fatal_call =
        static_cast<uint32_t>(call) + (when == FaultDisk::When::kAfter ? kLeaving : 0);
    raise(SIGKILL);
  };
}

Status Live(const RealNode& node, KillJournal& journal, uint64_t seed, size_t units) {
  REEL_ASSIGN_OR_RETURN(const std::unique_ptr<KillNode> opened, KillNode::Open(node, journal));
  {
    Recorder recorder(opened->store(), journal, seed);
    REEL_RETURN_IF_ERROR(recorder.Begin());
    REEL_RETURN_IF_ERROR(recorder.Record(units));
    if (seed % 3 != 0) REEL_RETURN_IF_ERROR(recorder.Finish());
  }
  return seed % 4 == 0 ? opened->store().Close().WithContext("close") : OkStatus();
}

int Main(const std::vector<std::string_view>& words) {
  MappedJournal journal{std::string(words[0])};
  ++journal->life;
  journal->points = 0;
  journal->fatal_call = 0;
  const KillSetting setting{NumberIn(words[4]) != 0};
  RealNode node = setting.Node(std::string(words[1]),
                               words[2] == "uring" ? DiskEngine::kUring : DiskEngine::kPwrite,
                               std::string(words[3]));
  node.wrap = [&, nth = NumberIn(words[6])](std::unique_ptr<Disk> disk) {
    auto wrapped = std::make_unique<FaultDisk>(std::move(disk));
    wrapped->OnCall(KillAt(nth, *journal));
    return wrapped;
  };
  const Status status = Live(node, *journal, NumberIn(words[5]), NumberIn(words[7]));
  if (status.ok()) return 0;
  const std::string text = status.ToString();
  std::copy_n(text.begin(), std::min(text.size(), journal->problem.size() - 1),
              journal->problem.begin());
  return kFailed;
}

}  // namespace
}  // namespace reel

int main(int argc, char** argv) {
  constexpr int kWords = 9;
  if (argc != kWords) return 2;
  return reel::Main({argv + 1, argv + argc});
}
