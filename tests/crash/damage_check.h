// DamageCheck: damages what a life left, opens a store on it and says what is wrong: a byte that is
// not as it was made, damage nobody is told of, anything lost beside it.
// Thread rule: one thread. Ownership: the generation outlives it.
#pragma once

#include "tests/crash/damage.h"
#include "tests/crash/footage_check.h"
#include "tests/crash/generation.h"

namespace reel::crash {

class DamageCheck {
 public:
  // `settled`: the life ended in an orderly way, so each chunk is named by a footer and none can be
  // taken for one that never became durable.
  DamageCheck(const Generation& before, const State& state, bool settled);

  uint64_t Hash() const;
  void Run();

  const std::vector<std::string>& problems() const { return problems_; }
  std::string Text() const;

 private:
  void CheckStream(Store& store, size_t stream);
  bool IsHit(const RunId& run, uint64_t unit) const;
  bool IsHit(size_t stream) const;
  void Problem(const std::string& what);

  const Generation& before_;
  const State& state_;
  const Model& model_;
  const bool settled_;
  std::unique_ptr<SimWorld> world_;
  std::unique_ptr<MemoryIndex> index_;
  std::unique_ptr<Lives> lives_;
  std::optional<Damage> damage_;
  bool told_ = false;  // by Verify
  std::vector<std::string> problems_;
};

}  // namespace reel::crash
