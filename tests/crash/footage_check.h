// FootageCheck: reads what a store has of a model's streams and tells what is wrong, missing or
// should not be there.
// Thread rule: one thread. Ownership: the model outlives it.
#pragma once

#include "tests/crash/model.h"

namespace reel::crash {

class FootageCheck {
 public:
  // Judges by what the model knows at `instant`.
  FootageCheck(const Model& model, uint64_t instant);

  // Units of this run are right as well; it is no part of the model.
  void Allow(const ModelRun* extra) {
    extra_ = extra;
    extra_given_.assign(extra->units.size(), false);
  }

  // Damage that is told of is no problem.
  void ExpectDamage() { damage_expected_ = true; }

  // Reads the whole stream. What is given twice, out of order or wrong is a problem.
  void Read(Store& store, size_t stream, CursorMode mode = CursorMode::kForward);

  bool Given(size_t run, uint64_t number) const { return given_[run][number] != 0; }
  bool GivenAsDurable(size_t run, uint64_t number) const { return given_[run][number] == 2; }
  bool ExtraGiven(uint64_t number) const { return extra_given_[number]; }
  uint64_t damaged() const { return damaged_; }
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  void Take(const Item& item, size_t stream, CursorMode mode);
  void Problem(const std::string& text);

  const Model& model_;
  const uint64_t instant_;
  const ModelRun* extra_ = nullptr;
  std::vector<bool> extra_given_;
  std::vector<std::vector<uint8_t>> given_;  // by run and number: 1 given, 2 as durable
  std::vector<int64_t> last_;                // number given last, by run; -1
  bool damage_expected_ = false;
  uint64_t damaged_ = 0;
  std::vector<std::string> problems_;
};

}  // namespace reel::crash
