// NodeCheck: what a node holds, compared with what a KillJournal says that it must and may hold.
// Thread rule: one thread.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/faults/synthetic.h"
#include "tests/kill/kill_node.h"

namespace reel {

class NodeCheck {
 public:
  // `recycles`: the volume is small, and its oldest footage may be gone.
  NodeCheck(const RealNode& node, const KillJournal& journal, bool recycles)
      : node_(node), journal_(journal), recycles_(recycles) {}

  // Opens the node after a death: it records at once, is this process's alone, and holds what the
  // journal says. Leaves it closed in order or, with `as_a_crash`, not.
  void Run(KillJournal& journal, uint64_t seed, bool as_a_crash);

  // Beside the process that writes the journal, or after its death: nothing wrong is read.
  void ExpectNothingElse(Store& store);
  // Whether all is there that was acknowledged when `told` was noted: by stint, below which unit.
  std::vector<uint64_t> Acknowledged() const;
  bool HasAll(Store& store, const std::vector<uint64_t>& told) const;

  const std::vector<std::string>& problems() const { return problems_; }
  uint64_t units_checked() const { return units_checked_; }

 private:
  void Problem(const std::string& what);
  void ProblemOf(const std::string& stream, const std::string& what);
  void ProblemUnlessOk(const Status& status, const std::string& what);
  // A second writer is refused, naming this process.
  void ExpectOneWriter();
  // Everything that the journal says. The store is idle.
  void ExpectWhatWasTold(Store& store);

  struct Told {  // of one source
    std::set<uint64_t> may;
    std::map<uint64_t, uint32_t> must;  // unit -> the stint that stored it
    std::set<uint64_t> resent;          // accepted in several stints: any of them may have it
  };

  std::map<uint64_t, Told> ToldOf(size_t stream) const;
  void CheckStream(Store& store, size_t stream);
  void CheckUnits(size_t stream, const std::map<uint64_t, Told>& told, const ReadBack& back);
  WallTime OldestOf(const ReadBack& back) const;
  void CheckRecycled(size_t stream, const std::map<uint64_t, Told>& told, const ReadBack& back);
  void CheckGaps(Store& store, size_t stream, WallTime oldest);
  uint32_t FirstLifeKept() const;

  const RealNode& node_;
  const KillJournal& journal_;
  const bool recycles_;
  uint64_t units_checked_ = 0;
  std::vector<std::string> problems_;
};

}  // namespace reel
