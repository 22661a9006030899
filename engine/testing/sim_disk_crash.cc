// What a power cut leaves: SimDiskState::AfterPowerCut.
#include <algorithm>

#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/testing/sim_clock.h"
#include "engine/testing/sim_disk_state.h"

namespace reel {
namespace {

using Mode = CrashTraits::Mode;

void WriteNoise(SimImage& image, uint64_t begin, uint64_t end, Rng& rng) {
  Bytes noise(end - begin);
  rng.Fill(noise);
  image.Write(begin, noise);
}

// Decides the fate of the sectors of the writes of one power cut.
class Tearing {
 public:
  Tearing(uint64_t seed, const CrashTraits& traits) : rng_(seed), traits_(traits) {
    mode_ = traits.mode == Mode::kSeeded
                ? static_cast<Mode>(rng_.Below(static_cast<uint64_t>(Mode::kSeeded)))
                : traits.mode;
    // Mostly lost, half and half, mostly kept: each finds other bugs.
    keep_of_8_ = std::array<uint64_t, 3>{1, 4, 7}[rng_.Below(3)];
  }

  Rng& rng() { return rng_; }

  void Apply(const SimPendingWrite& write, SimImage& image) {
    switch (mode_) {
      case Mode::kDropAll:
        return;
      case Mode::kKeepAll:
        image.Write(write.offset_bytes, write.bytes());
        return;
      case Mode::kWrites:
        if (rng_.Chance(keep_of_8_, 8)) image.Write(write.offset_bytes, write.bytes());
        return;
      case Mode::kSectors:
      case Mode::kPrefixes:
      case Mode::kSeeded:
        TearBySector(write, image);
        return;
    }
  }

  // The write hole: anything in the stripes of `writes`, by 4 KiB.
  void OpenWriteHole(const std::vector<SimPendingWrite>& writes, SimImage& image) {
    constexpr uint64_t kStepBytes = 4096;
    for (const SimPendingWrite& write : writes) {
      // What a failed sync left behind is long past: no stripe is being written for it.
      if (write.orphaned || !rng_.Chance(1, 2)) continue;
      const uint64_t begin = RoundDown(write.offset_bytes, traits_.stripe_bytes);
      const uint64_t end =
          std::min(RoundUp(write.end_bytes(), traits_.stripe_bytes), image.size_bytes());
      for (uint64_t at = begin; at < end; at += kStepBytes) {
        const uint64_t step_end = std::min(at + kStepBytes, end);
        if (rng_.Chance(1, 2)) WriteNoise(image, at, step_end, rng_);
      }
    }
  }

 private:
  void TearBySector(const SimPendingWrite& write, SimImage& image) {
    const uint64_t step = traits_.sector_bytes;
    const uint64_t sectors = (write.length_bytes + step - 1) / step;
    const uint64_t prefix = rng_.Below(sectors + 1);
    uint64_t number = 0;
    for (uint64_t at = write.offset_bytes; at < write.end_bytes(); ++number) {
      const uint64_t end = std::min(RoundDown(at, step) + step, write.end_bytes());
      const bool keep = mode_ == Mode::kPrefixes ? number < prefix : rng_.Chance(keep_of_8_, 8);
      if (keep) {
        image.Write(at, write.bytes().subspan(at - write.offset_bytes, end - at));
      } else if (traits_.garbage && rng_.Chance(1, 8)) {
        WriteNoise(image, at, end, rng_);
      }
      at = end;
    }
  }

  Rng rng_;
  const CrashTraits& traits_;
  Mode mode_;
  uint64_t keep_of_8_;
};

}  // namespace

SimDiskState SimDiskState::AfterPowerCut(uint64_t tear_seed, const CrashTraits& traits) const {
  REEL_CHECK(traits.sector_bytes > 0, "a device has a sector size");
  Tearing tearing(tear_seed, traits);
  SimDiskState after;
  after.names_ = names_;
  if (changing_.has_value() && tearing.rng().Chance(1, 2)) {
    if (changing_->creates) {
      after.names_[changing_->name] = changing_->inode;
    } else {
      after.names_.erase(changing_->name);
    }
  }
  for (auto& [name, number] : after.names_) {
    const SimInode& before = inodes_[number];
    SimImage image = before.durable;
    // Noise first: what a write hole spoils, a write that did arrive overwrites.
    if (traits.stripe_bytes > 0) tearing.OpenWriteHole(before.pending, image);
    for (const SimPendingWrite& write : before.pending) tearing.Apply(write, image);
    number = after.next_inode();
    after.inodes_.push_back({image, image, {}});
  }
  return after;
}

}  // namespace reel
