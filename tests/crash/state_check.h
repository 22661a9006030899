// StateCheck: opens a store on what one power cut left and says what is wrong with it.
// Thread rule: one thread. Ownership: the generation outlives it.
#pragma once

#include "tests/crash/footage_check.h"
#include "tests/crash/generation.h"

namespace reel::crash {

class StateCheck {
 public:
  StateCheck(const Generation& before, const State& state, bool keep_log);

  // Names and bytes of all its disks.
  uint64_t Hash() const;
  void Run();

  const std::vector<std::string>& problems() const { return problems_; }
  Index& index() { return *index_; }
  SimWorld& world() { return *world_; }

 private:
  bool Open();
  void CheckNames();
  void Record();
  void CheckFootage();
  void CheckRecorded(const FootageCheck& check);
  void CheckMissing(const FootageCheck& check, size_t stream);
  bool MustBeKnown(const ModelGap& gap, size_t stream);
  void CheckGaps();
  bool MayBeGone(const RunId& run, uint64_t unit);
  const Lives& LivesAfter();
  void Problem(const std::string& what);
  bool Expect(const Status& status, const std::string& what);

  const Generation& before_;
  const State& state_;
  const Model& model_;
  std::unique_ptr<SimWorld> world_;
  std::unique_ptr<MemoryIndex> index_;
  std::unique_ptr<Store> store_;
  std::vector<StreamId> ids_;  // of the model's streams; nil: not there
  ModelRun recorded_;          // after the crash
  size_t recorded_stream_ = SIZE_MAX;
  std::unique_ptr<Lives> lives_;  // what became of files after the crash; made when asked for
  std::vector<std::string> problems_;
};

}  // namespace reel::crash
