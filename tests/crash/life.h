// Life: what producers, readers and operators do to a node during one generation, at random: the
// workload that power cuts hit. It tells the model what was handed in and what was acknowledged.
//
// Thread rule: one thread. Ownership: the generation outlives it.
#pragma once

#include <list>

#include "engine/testing/sim_clock.h"
#include "tests/crash/generation.h"
#include "tests/faults/synthetic.h"

namespace reel::crash {

class Life {
 public:
  explicit Life(Generation* generation);

  enum class Ending { kKilled, kClosed };

  // From opening the store to the moment its process is gone.
  void Run(Ending ending);

  // What was wrong while it ran.
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  struct Producer {
    size_t run = 0;
    std::unique_ptr<RunWriter> writer;
    SyntheticSource source;
    uint64_t next = 0;
    std::vector<uint64_t> late;      // numbers left out so far
    std::vector<uint64_t> not_told;  // accepted, not acknowledged yet
    uint64_t durable_told = 0;       // watermark
  };

  bool Open();
  void Close();
  void Kill();
  bool Operate();
  void Append();
  bool HasMadeRoom(size_t run, uint64_t number);
  bool AppendOne(Producer* producer, uint64_t number, AppendMode mode);
  void SendAgain();
  void WaitDurable();
  void BeginRun();
  void ResumeRun();
  void EndRun();
  void CreateStream();
  void RecordGap();
  void ReadAll();
  void Look();
  void ArmFault();
  void EndFaults();
  void Step(uint64_t turns);
  void NoteDurable();
  void Settle(Producer* producer, uint64_t end);

  Producer* AnyProducer();
  size_t AnyStream();  // of those known; SIZE_MAX: none
  bool IsWritten(size_t run) const;
  uint64_t now() const { return generation_.world->now(); }
  void Say(const std::string& what);
  void Problem(const std::string& what);
  // What must work unless a disk is in trouble.
  bool Expect(const Status& status, const std::string& what);

  Generation& generation_;
  const Plan& plan_;
  Model& model_;
  Rng rng_;
  std::unique_ptr<Store> store_;
  std::list<Producer> producers_;
  bool faults_armed_ = false;
  bool troubled_ = false;  // a fault was armed since the store was opened
  std::vector<std::string> problems_;
};

}  // namespace reel::crash
