// The n-th call of a disk fails, once or for ever, for every n of a short life of a node: made,
// opened, recorded to until segments recycle, closed, opened again. Whatever happens, what was
// acknowledged is there and nothing wrong is served.
//
// A case is a number; REEL_CASE=<number> runs one alone and says what it did.
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <numeric>

#include "tests/faults/io_fault_case.h"
#include "tests/faults/share.h"
#include "tests/faults/synthetic.h"
#include "tests/sim/sim_world.h"

namespace reel {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr size_t kStreams = 2;
constexpr uint64_t kUnits = 60;
// In a small volume the oldest footage makes room; at least this much of the newest never has.
constexpr uint64_t kNewest = 8;
constexpr uint64_t kUnitsOfASegment = 20;

WorldOptions OptionsOf(const Family& family) {
  WorldOptions options;
  options.volumes = family.volumes;
  options.segment_bytes = 64U << 10;
  options.segments = family.small ? 10 : 24;
  options.placement = family.kind % 2 == 0 ? "log" : "gop";
  return options;
}

// One life of a node under one fault.
class Trial {
 public:
  explicit Trial(const Case& c)
      : case_(c), world_(std::make_unique<SimWorld>(OptionsOf(c.family))) {}

  void Run() {
    if (case_.nth != 0) Arm();
    if (!MakeNode() || !OpenFirst()) return;
    Record();
    ExpectReadable(*store_, "while running", /*strict=*/false);
    // Salvage of a segment that failed rests for 20 s first.
    world_->clock().Advance(seconds(25));
    const Status idle = store_->WaitIdle(seconds(60));
    if (SoundVolumes() && !idle.ok()) Problem("not idle: " + idle.ToString());
    ExpectReadable(*store_, "after salvage", /*strict=*/!case_.family.for_ever);
    NoteAcknowledged();
    ExpectFaultToShow();
    recycled_ += store_->counters().segments_recycled;
    const uint64_t ending = case_.nth + case_.variant;
    const bool orderly = ending % 2 == 0;
    const std::unique_ptr<MemoryIndex> index_then = index_.Clone();
    Cut cut;
    for (size_t i = 0; i < world_->disk_count(); ++i) cut.push_back(world_->disk(i).journal_size());
    if (orderly) {
      const Status closed = store_->Close();
      if (SoundVolumes() && !closed.ok()) Problem("close: " + closed.ToString());
    }
    runs_.clear();
    store_.reset();
    fired_ = fired_ || Fired();
    ClearFaults();
    const bool fresh_index = ending % 3 == 0;
    MemoryIndex fresh;
    Reopen(*world_, fresh_index ? fresh : index_, "reopened");
    CrashTraits traits;
    traits.mode = ending % 4 < 2 ? CrashTraits::Mode::kDropAll : CrashTraits::Mode::kSeeded;
    SimWorld after(*world_, cut, ending, traits);
    MemoryIndex empty;
    Reopen(after, fresh_index ? empty : *index_then, "after a power cut");
  }

  const std::vector<std::string>& problems() const { return problems_; }
  bool fired() const { return fired_; }
  SimWorld& world() { return *world_; }

 private:
  void Problem(const std::string& what) {
    if (problems_.size() < 20) problems_.push_back(what);
  }
  void Arm() {
    FaultRule rule;
    rule.call = case_.family.fault().call;
    rule.fault = case_.family.fault().fault;
    rule.nth = case_.nth;
    rule.times = case_.family.for_ever ? kForEver : 1;
    world_->disk(case_.family.disk).faults().Add(rule);
  }
  bool Fired() {
    return case_.nth != 0 &&
           world_->disk(case_.family.disk).faults().count(case_.family.fault().call) >= case_.nth;
  }
  void ClearFaults() { world_->disk(case_.family.disk).faults().Clear(); }

  // Recording goes on through a single failure, through any on the state disk once it is open, and
  // on the other volume through any on one of two.
  bool MustWork() const {
    const Family& family = case_.family;
    return !family.for_ever || family.disk == 0 || family.volumes > 1;
  }

  // No volume is left with work that it cannot do.
  bool SoundVolumes() const { return !case_.family.for_ever || case_.family.disk == 0; }

  // The failure is over: whatever failed is done again and must work now.
  bool Again(const char* what, const Status& failed, const std::function<Status()>& again) {
    if (!Fired()) Problem(std::string(what) + " failed without a fault: " + failed.ToString());
    if (case_.family.harmless())
      Problem(std::string(what) + " must not fail: " + failed.ToString());
    told_ = true;
    fired_ = true;
    ClearFaults();
    const Status status = again();
    if (!status.ok())
      Problem(std::string(what) + " after a failure that is over: " + status.ToString());
    return status.ok();
  }
  bool MakeNode() {
    const Status made = world_->Init();
    return made.ok() || Again("init", made, [&] {
             const Status status = world_->Init();
             // A making that failed in its very last step may stand all the same.
             return status.code() == Code::kAlreadyExists ? OkStatus() : status;
           });
  }
  bool OpenFirst() {
    const auto open = [&] {
      auto opened = world_->Open(index_);
      if (opened.ok()) store_ = std::move(*opened);
      return opened.status();
    };
    const Status opened = open();
    return opened.ok() || Again("open", opened, open);
  }

  void Record() {
    for (size_t s = 0; s < kStreams; ++s) {
      const std::string name = "camera" + std::to_string(s);
      auto stream = store_->CreateStream(name);
      told_ = told_ || !stream.ok();
      if (!stream.ok() && MustWork()) Problem("create: " + stream.status().ToString());
      if (!stream.ok()) continue;
      streams_.push_back(stream->id);
      names_.push_back(name);
      RunOptions options;
      options.tracks = SyntheticTracks();
      auto run = store_->BeginRun(stream->id, options);
      told_ = told_ || !run.ok();
      if (!run.ok() && MustWork()) Problem("begin: " + run.status().ToString());
      runs_.push_back(run.ok() ? std::move(*run) : nullptr);
      sources_.emplace_back(100 + s, world_->clock().WallNow());
      acknowledged_.push_back(0);
      appended_.push_back(0);
    }
    bool refused = false;
    for (uint64_t n = 0; n < kUnits && !refused; ++n) {
      for (size_t s = 0; s < runs_.size() && !refused; ++s) {
        if (runs_[s] == nullptr) continue;
        const Status taken = runs_[s]->Append({n}, sources_[s].Make(n), AppendMode::kBulk);
        refused = !taken.ok();
        if (taken.ok()) appended_[s] = n + 1;
        if (refused && MustWork()) Problem("append: " + taken.ToString());
      }
      world_->clock().Advance(kUnitInterval);
      store_->RunOnce(milliseconds(1));
    }
    told_ = told_ || refused;
    for (size_t s = 0; s < runs_.size(); ++s) {
      if (runs_[s] == nullptr) continue;
      const Status durable =
          runs_[s]->WaitDurable({appended_[s]}, MustWork() ? seconds(45) : seconds(4));
      if (!durable.ok() && MustWork()) Problem("not durable: " + durable.ToString());
    }
    NoteAcknowledged();
  }

  void NoteAcknowledged() {
    for (size_t s = 0; s < runs_.size(); ++s) {
      if (runs_[s] != nullptr) acknowledged_[s] = runs_[s]->watermarks().durable.value;
    }
  }

  void ExpectReadable(Store& store, const std::string& when, bool strict) {
    for (size_t s = 0; s < streams_.size(); ++s) {
      const ReadBack back = ReadStream(store, streams_[s]);
      for (const std::string& problem : back.problems) {
        if (strict || problem.rfind("next: ", 0) != 0) Problem(when + ": " + problem);
      }
      const uint64_t seed = 100 + s;
      static const std::set<uint64_t> kNone;
      const auto of_source = back.units.find(seed);
      const std::set<uint64_t>& have = of_source == back.units.end() ? kNone : of_source->second;
      if (back.units.size() > (have.empty() ? 0U : 1U)) Problem(when + ": units of another source");
      if (!have.empty() && *have.rbegin() >= appended_[s])
        Problem(when + ": a unit that never was");
      if (!strict) continue;
      if (back.damaged != 0)
        Problem(when + ": " + std::to_string(back.damaged) + " damaged stretches");
      const uint64_t acknowledged = acknowledged_[s];
      // A recycling that failed half-way took its segment all the same; without room for another
      // segment the oldest one makes it.
      const Family& family = case_.family;
      const bool recycled = recycled_ + store.counters().segments_recycled > 0;
      const bool no_space = family.fault().fault.system_errno == ENOSPC;
      uint64_t kept = 0;
      if (family.small && (recycled || family.for_ever))
        kept = acknowledged - std::min(acknowledged, kNewest);
      if (!family.small && recycled && no_space)
        kept = family.for_ever ? acknowledged : kUnitsOfASegment;
      const std::string missing = Missing(have, kept, acknowledged);
      if (!missing.empty()) {
        Problem(when + ": stream " + std::to_string(s) + " lost acknowledged units " + missing +
                " of " + std::to_string(acknowledged));
      }
    }
  }

  void Reopen(SimWorld& world, MemoryIndex& index, const std::string& when) {
    auto opened = world.Open(index);
    if (!opened.ok()) return Problem(when + ": open: " + opened.status().ToString());
    Store& store = **opened;
    const Status idle = store.WaitIdle(seconds(60));
    if (!idle.ok()) Problem(when + ": not idle: " + idle.ToString());
    for (const std::string& name : names_) {
      if (!store.FindStream(name).ok()) Problem(when + ": no stream " + name);
    }
    if (store.counters().acknowledged_chunks_lost != 0)
      Problem(when + ": salvage misses acknowledged chunks");
    ExpectReadable(store, when, /*strict=*/true);
    if (EnvNumber("REEL_CASE")) Dump(index, when);
    const auto verified =
        store.Verify([&](const std::string& text) { Problem(when + ": verify: " + text); });
    if (!verified.ok() && verified.status().code() != Code::kDataLoss) {
      Problem(when + ": verify: " + verified.status().ToString());
    }
  }

  // For looking at one case: the index, row by row.
  void Dump(Index& index, const std::string& when) {
    for (const StreamId& stream : streams_) {
      const auto rows = index.Gops(stream, kWallMin, Direction::kForward, 4096);
      std::string text = when + ", stream " + ToString(stream).substr(0, 8) + ":";
      for (const GopRow& row : *rows) {
        text += (row.flags & kGopClean) != 0 ? "\n  clean" : "\n  other";
        for (const Piece& piece : row.pieces) {
          text += " " + std::to_string(piece.first_unit.value) + "+" +
                  std::to_string(piece.unit_count) + "@" + std::to_string(piece.volume.value) +
                  "/" + std::to_string(piece.serial.value);
        }
      }
      world_->log.push_back(text);
    }
  }

  // A fault that failed a call shows in a status, in the log or in the health of a volume.
  void ExpectFaultToShow() {
    const Family& family = case_.family;
    fired_ = Fired();
    // A read that failed once is tried again in silence.
    const bool may_be_silent = !family.for_ever && family.fault().call != SeamCall::kSync;
    if (!fired_ || may_be_silent || family.fault().fault.kind != Fault::Kind::kError) return;
    if (told_ || !world_->log.empty()) return;
    for (const VolumeInfo& volume : store_->Volumes()) {
      if (volume.state != "good") return;
    }
    Problem("nobody was told of the fault");
  }

  const Case case_;
  std::unique_ptr<SimWorld> world_;
  MemoryIndex index_;
  std::unique_ptr<Store> store_;
  std::vector<StreamId> streams_;
  std::vector<std::string> names_;
  std::vector<std::unique_ptr<RunWriter>> runs_;
  std::vector<SyntheticSource> sources_;
  std::vector<uint64_t> appended_;
  std::vector<uint64_t> acknowledged_;
  uint64_t recycled_ = 0;
  bool told_ = false;
  bool fired_ = false;
  std::vector<std::string> problems_;
};

// All cases, in a fixed order, with how many calls there are to fail.
std::vector<Family> Families() {
  std::vector<Family> families;
  for (const size_t volumes : {1U, 2U}) {
    for (const bool small : {false, true}) {
      Family family;
      family.volumes = volumes;
      family.small = small;
      for (size_t kind = 0; kind < FaultKinds().size(); ++kind) {
        family.kind = kind;
        Trial sound({family, 0});
        sound.Run();
        for (const std::string& problem : sound.problems())
          ADD_FAILURE() << "without a fault: " << problem;
        for (family.disk = 0; family.disk <= volumes; ++family.disk) {
          family.calls = sound.world().disk(family.disk).faults().count(family.fault().call);
          for (const bool for_ever : {false, true}) {
            family.for_ever = for_ever;
            families.push_back(family);
          }
        }
        family.disk = 0;
      }
    }
  }
  return families;
}

uint64_t CallsOf(const std::vector<Family>& families) {
  return std::accumulate(families.begin(), families.end(), uint64_t{0},
                         [](uint64_t sum, const Family& family) { return sum + family.calls; });
}

Case CaseOf(const std::vector<Family>& families, uint64_t number) {
  const uint64_t variant = number / CallsOf(families);
  number %= CallsOf(families);
  for (const Family& family : families) {
    if (number < family.calls) return {family, number + 1, variant};
    number -= family.calls;
  }
  return {};
}

// A program that dies in a case says which.
std::array<char, 160> g_running;
void SayCase(int) {
  const ssize_t written = write(STDERR_FILENO, g_running.data(), std::strlen(g_running.data()));
  std::signal(SIGABRT, SIG_DFL);
  _exit(written < 0 ? 3 : 2);
}

bool RunCase(const std::vector<Family>& families, uint64_t number) {
  const Case c = CaseOf(families, number);
  std::snprintf(g_running.data(), g_running.size(), "died in REEL_CASE=%llu: %s\n",
                static_cast<unsigned long long>(number), c.Text().c_str());
  Trial trial(c);
  trial.Run();
  if (EnvNumber("REEL_CASE")) {
    for (const std::string& line : trial.world().log)
      std::fprintf(stderr, "log: %s\n", line.c_str());
  }
  if (trial.problems().empty()) return trial.fired();
  std::string text = c.Text() + "; again with REEL_CASE=" + std::to_string(number);
  for (const std::string& problem : trial.problems()) text += "\n  " + problem;
  ADD_FAILURE() << text;
  return trial.fired();
}

TEST(IoFaults, NothingAcknowledgedIsLostWhicheverCallFails) {
  std::signal(SIGABRT, SayCase);
  const std::vector<Family> families = Families();
  if (const auto one = EnvNumber("REEL_CASE")) {
    RunCase(families, *one);
    return;
  }
  // The long run goes on until this many have met their fault: each call fails in as many lives,
  // which end differently, as that takes. A life that goes another way may not come to its call.
  constexpr uint64_t kFaultsWanted = 20'000;
  constexpr uint64_t kVariants = 4;
  const uint64_t total = CallsOf(families) * kVariants;
  const Share share(60);
  // A stride without a common divisor visits every case once, and a short share samples all of
  // them.
  uint64_t stride = total * 618 / 1000 | 1;
  while (std::gcd(stride, total) != 1) stride += 2;
  uint64_t runs = 0;
  uint64_t hit = 0;
  constexpr int kFailuresMax = 20;
  for (; hit < kFaultsWanted && !share.over(); ++runs) {
    const uint64_t number = (share.seed() + runs * stride) % total + runs / total * total;
    hit += RunCase(families, number) ? 1U : 0U;
    const auto* result = testing::UnitTest::GetInstance()->current_test_info()->result();
    if (result->total_part_count() >= kFailuresMax) break;
  }
  std::printf("%llu cases run in %.0f s, %llu met their fault; again with REEL_SEED=%llu\n",
              static_cast<unsigned long long>(runs), share.seconds(),
              static_cast<unsigned long long>(hit), static_cast<unsigned long long>(share.seed()));
  EXPECT_GT(hit, 0U);
}

}  // namespace
}  // namespace reel
