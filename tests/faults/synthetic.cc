#include "tests/faults/synthetic.h"

#include <cstring>
#include <optional>

namespace reel {
namespace {

struct Label {
  uint64_t seed;
  uint64_t number;
  int64_t wall_ns;
  uint64_t size_bytes;
};

// SplitMix64's finalizer: one step from a label to well-spread bits.
uint64_t Mix(uint64_t x) {
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

void FillFrom(const Label& label, Bytes* bytes) {
  bytes->resize(label.size_bytes);
  uint64_t state = Mix(label.seed) ^ Mix(label.number + 1) ^ static_cast<uint64_t>(label.wall_ns);
  for (size_t at = 0; at < bytes->size(); at += sizeof state) {
    state += 0x9E3779B97F4A7C15ULL;
    const uint64_t word = state ^ (state >> 29);
    std::memcpy(bytes->data() + at, &word, std::min(sizeof word, bytes->size() - at));
  }
  std::memcpy(bytes->data(), &label, sizeof label);
}

bool IsClean(uint64_t number) { return number % kUnitsPerGop == 0; }
int64_t PtsOf(uint64_t number) { return static_cast<int64_t>(number) * 3600; }

// The label of a unit that is as it was made.
std::optional<Label> Verify(const Unit& unit) {
  Label label;
  if (unit.bytes.size() < sizeof label) return std::nullopt;
  std::memcpy(&label, unit.bytes.data(), sizeof label);
  const bool clean = (unit.flags & kUnitClean) != 0;
  if (label.number != unit.number.value || label.size_bytes != unit.bytes.size() ||
      label.wall_ns != unit.wall.ns || unit.pts != PtsOf(label.number) ||
      clean != IsClean(label.number)) {
    return std::nullopt;
  }
  Bytes expected;
  FillFrom(label, &expected);
  if (expected != unit.bytes) return std::nullopt;
  return label;
}

}  // namespace

std::vector<TrackInfo> SyntheticTracks() {
  TrackInfo track;
  track.id = {1};
  track.config = Bytes(30, std::byte{7});
  return {track};
}

// The store keeps times to the microsecond.
SyntheticSource::SyntheticSource(uint64_t seed, WallTime begin, uint32_t clean_bytes)
    : seed_(seed), begin_{begin.ns / 1000 * 1000}, clean_bytes_(clean_bytes) {}

UnitView SyntheticSource::Make(uint64_t number) {
  const WallTime wall = begin_ + kUnitInterval * static_cast<int64_t>(number);
  const uint64_t base =
      IsClean(number) ? clean_bytes_ : std::max<uint64_t>(clean_bytes_ / 6, sizeof(Label));
  const uint64_t size = base + Mix(seed_ * 31 + number) % (base / 2);
  FillFrom({seed_, number, wall.ns, size}, &bytes_);
  UnitView view;
  view.track = {1};
  view.flags = IsClean(number) ? kUnitClean : 0;
  view.pts = PtsOf(number);
  view.dts = view.pts;
  view.wall = wall;
  view.bytes = bytes_;
  return view;
}

ReadBack ReadStream(Store& store, StreamId stream) {
  ReadBack back;
  const auto problem = [&](const std::string& what) {
    if (back.problems.size() < 10) back.problems.push_back(what);
  };
  auto cursor = store.Read(stream, {});
  if (!cursor.ok()) {
    problem("read: " + cursor.status().ToString());
    return back;
  }
  for (;;) {
    Result<Item> item = (*cursor)->Next();
    if (!item.ok()) {
      problem("next: " + item.status().ToString());
      return back;
    }
    switch (item->kind) {
      case ItemKind::kEnd:
        return back;
      case ItemKind::kGap:
        back.gaps.push_back(item->gap);
        break;
      case ItemKind::kDamage:
        ++back.damaged;
        break;
      case ItemKind::kUnit: {
        const std::optional<Label> label = Verify(item->unit);
        if (!label) {
          problem("unit " + std::to_string(item->unit.number.value) + " is not as it was made");
          break;
        }
        std::set<uint64_t>& numbers = back.units[label->seed];
        if (!numbers.empty() && *numbers.rbegin() >= label->number) {
          problem("unit " + std::to_string(label->number) + " after " +
                  std::to_string(*numbers.rbegin()));
        }
        numbers.insert(label->number);
        break;
      }
      default:
        break;
    }
  }
}

std::string Missing(const std::set<uint64_t>& have, uint64_t begin, uint64_t end) {
  std::string text;
  for (uint64_t number = begin; number < end; ++number) {
    if (have.contains(number)) continue;
    uint64_t last = number;
    while (last + 1 < end && !have.contains(last + 1)) ++last;
    text += (text.empty() ? "" : ", ") + std::to_string(number) +
            (last > number ? "-" + std::to_string(last) : "");
    number = last;
  }
  return text;
}

}  // namespace reel
