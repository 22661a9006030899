// The faults of a life: which call of a volume's disk goes wrong, and how.
#include <cerrno>

#include "tests/crash/life.h"

namespace reel::crash {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Not while segments of an earlier session are salvaged: nobody can tell which of their last chunks
// had been acknowledged, so what a failed sync of theirs leaves in doubt stays so.
void Life::ArmFault() {
  if (faults_armed_ || troubled_) return;
  if (!Expect(store_->WaitIdle(seconds(60)), "wait until idle")) return;
  const size_t disk = 1 + rng_.Below(plan_.world.volumes);
  FaultRule rule;
  rule.nth = 1 + rng_.Below(4);
  std::string what;
  switch (rng_.Below(6)) {
    case 0:
    case 1:
      rule.call = SeamCall::kSync;
      rule.fault = Fault::Error(EIO);
      what = "a sync fails";
      break;
    case 2:
      rule.call = SeamCall::kWrite;
      rule.fault = Fault::Error(EIO);
      what = "a write fails";
      break;
    case 3:
      rule.call = SeamCall::kWrite;
      rule.fault = Fault::Error(ENOSPC);
      rule.times = 1 + rng_.Below(3);
      what = "no space";
      break;
    case 4:
      rule.call = rng_.Chance(1, 2) ? SeamCall::kWrite : SeamCall::kSync;
      rule.fault = Fault::Stall(milliseconds(500 + rng_.Below(6000)));
      what = "a stall";
      break;
    default:
      rule.call = SeamCall::kCreate;
      rule.fault = Fault::Error(ENOSPC);
      rule.times = kForEver;
      what = "no more files";
      break;
  }
  Say("fault: disk " + std::to_string(disk) + ", call " + std::to_string(rule.nth) + ": " + what);
  generation_.world->disk(disk).faults().Add(rule);
  faults_armed_ = true;
  troubled_ = true;
}

void Life::EndFaults() {
  if (faults_armed_) Say("faults are over");
  for (size_t disk = 0; disk < generation_.world->disk_count(); ++disk) {
    generation_.world->disk(disk).faults().Clear();
  }
  faults_armed_ = false;
}

}  // namespace reel::crash
