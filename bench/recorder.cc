#include "bench/recorder.h"

#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <thread>

#include "bench/ack_table.h"
#include "bench/paced.h"
#include "bench/verify.h"

namespace reel::bench {
namespace {

constexpr Duration kTurn = std::chrono::milliseconds(200);
constexpr Duration kBetweenLooks = std::chrono::milliseconds(20);
constexpr Duration kLooksMax = std::chrono::minutes(3);

void Say(const std::string& line) {
  printf("%s\n", line.c_str());
  (void)fflush(stdout);
}

bool InputEnded() {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  return poll(&input, 1, 0) > 0;
}

// Whether that unit is there now; an error if something else stands in its place.
Result<bool> IsThere(Store& store, StreamId camera, const UnitView& unit) {
  CursorOptions options;
  options.range = {unit.wall, unit.wall + Duration{1}};
  const auto cursor = store.Read(camera, options);
  if (!cursor.ok()) return false;
  while (true) {
    const Result<Item> item = (*cursor)->Next();
    if (!item.ok() || item->kind == ItemKind::kEnd || item->kind == ItemKind::kDamage) return false;
    if (item->kind != ItemKind::kUnit || item->unit.wall != unit.wall) continue;
    if (!SameBytes(item->unit.bytes, unit.bytes)) return DataLoss("not what was written");
    return true;
  }
}

// What was acknowledged in an earlier life, looked for until all of it is there.
class Look {
 public:
  Look(Store& store, const std::vector<StreamId>& cameras, const Trace& trace, const AckTable& acks)
      : store_(store), cameras_(cameras), trace_(trace), acks_(acks) {}

  Status Run() {
    for (uint32_t camera = 0; camera < acks_.count(); ++camera) {
      const uint64_t end = acks_[camera].durable_end;
      for (uint64_t number : {uint64_t{0}, end / 2, end - 1}) {
        if (end > 0) wanted_.emplace_back(camera, number);
      }
    }
    Pacer pacer;
    const MonoTime until = MonoNow() + kLooksMax;
    while (!wanted_.empty() && MonoNow() < until) {
      std::vector<std::pair<uint32_t, uint64_t>> missing;
      for (const auto& [camera, number] : wanted_) {
        const UnitView unit = trace_.Unit(camera, number, {acks_[camera].begin_ns});
        REEL_ASSIGN_OR_RETURN(const bool there, IsThere(store_, cameras_[camera], unit));
        if (!there) missing.emplace_back(camera, number);
      }
      wanted_ = std::move(missing);
      if (!wanted_.empty()) pacer.WaitUntil(MonoNow() + kBetweenLooks);
    }
    if (wanted_.empty()) return OkStatus();
    return DataLoss(std::to_string(wanted_.size()) + " units that were durable cannot be read");
  }

 private:
  Store& store_;
  const std::vector<StreamId>& cameras_;
  const Trace& trace_;
  const AckTable& acks_;
  std::vector<std::pair<uint32_t, uint64_t>> wanted_;  // camera, number of the unit
};

}  // namespace

NodeShape RecorderShape(const RecorderOptions& options) {
  NodeShape shape;
  shape.root = options.root;
  shape.buffer_bytes = options.streams * (uint64_t{5} << 19);
  return shape;
}

TraceShape RecorderTrace() { return {}; }

Status Record(const RecorderOptions& options) {
  const Trace trace(RecorderTrace());
  REEL_ASSIGN_OR_RETURN(const auto acks, AckTable::Create(options.acks_path, options.streams));
  Say("ready");
  REEL_ASSIGN_OR_RETURN(const auto node, BenchNode::Open(RecorderShape(options)));
  REEL_ASSIGN_OR_RETURN(const std::vector<StreamId> ids, node->Cameras(options.streams));
  Say("open");
  PacedCameras cameras(*node, ids, trace, PacedCameras::Spread::kUnit);
  uint32_t begun = 0;
  cameras.Watch([&](uint32_t camera, uint64_t end) {
    AckTable::Entry& entry = (*acks)[camera];
    entry.begin_ns = cameras.begin_wall(camera).ns;
    if (entry.durable_end.exchange(end) == 0 && end > 0 && ++begun == options.streams)
      Say("recording");
  });
  REEL_RETURN_IF_ERROR(cameras.Begin());
  Say("begun");
  Status found;
  std::thread looking;
  if (!options.look_for_path.empty()) {
    looking = std::thread([&] {
      const auto earlier = AckTable::Open(options.look_for_path);
      found = earlier.ok() ? Look(node->store(), ids, trace, **earlier).Run() : earlier.status();
      Say(found.ok() ? "complete" : found.ToString());
    });
  }
  Status recorded;
  while (recorded.ok() && !InputEnded()) recorded = cameras.Run(kTurn, {});
  if (looking.joinable()) looking.join();
  REEL_RETURN_IF_ERROR(recorded);
  REEL_RETURN_IF_ERROR(found);
  REEL_RETURN_IF_ERROR(cameras.Finish());
  return node->Close();
}

std::vector<std::string> RecorderCommand(const RecorderOptions& options) {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  std::vector<std::string> command = {
      self.parent_path() / "reel_recorder", "--root", options.root,     "--streams",
      std::to_string(options.streams),      "--acks", options.acks_path};
  if (!options.look_for_path.empty()) {
    command.emplace_back("--look-for");
    command.push_back(options.look_for_path);
  }
  return command;
}

}  // namespace reel::bench
