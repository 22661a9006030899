// The goals of docs/BENCHMARKS.md: what is measured, what it must reach and what we want to own.
#pragma once

#include <string>
#include <vector>

namespace reel::bench {

enum class Judged : uint8_t {
  kFigure,          // as it stands
  kFigureOverPeer,  // divided by the probe's or the peer's of the same round
  kPeerOverFigure,  // the other way round
  kFigureLessPeer,  // by how much it is above the peer's
};
enum class Better : uint8_t { kHigher, kLower };

struct Goal {
  std::string id;  // row and case: "a.gop"
  std::string what;
  std::string unit;  // of the figure
  std::string peer;  // what stands beside it; "" for none
  Judged judged = Judged::kFigure;
  Better better = Better::kLower;
  double must = 0;
  double own = 0;
};

const std::vector<Goal>& Goals();
// REQUIRES: there is one.
const Goal& GoalOf(const std::string& id);

}  // namespace reel::bench
