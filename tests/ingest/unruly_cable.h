// UnrulyCable: carries packets between a camera's network and a recorder's, and RTP over UDP from
// the camera out of order, twice or too late, as its habits say. A seed gives the same disorder.
//
// RTP of each port is put into blocks and leaves when its block is full, so that disorder is of
// packets and not of time. The first block of a port passes as it came: where recording begins is
// no chance then. Everything else passes at once.
// Thread rule: any thread; carries in one of its own until it is destroyed.
// Bounds: Habits::block packets a port.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/io/unique_fd.h"
#include "engine/testing/sim_clock.h"
#include "reel/types.h"

namespace reel::server {

// A network device of this thread's network, and the packets that go through it. Invalid where the
// kernel or this user may not.
UniqueFd OpenCableEnd(const char* device);

class UnrulyCable {
 public:
  struct Habits {
    uint64_t seed = 1;
    size_t block = 1;       // packets that may change places; 1: as they came
    size_t twice_in = 0;    // one of so many comes twice
    bool one_late = false;  // instead: the first of a block comes behind all the others
  };
  struct Counts {
    uint64_t reordered = 0;  // packets behind one that was sent later
    uint64_t doubled = 0;
  };

  UnrulyCable(UniqueFd camera_end, UniqueFd recorder_end);
  ~UnrulyCable();
  UnrulyCable(const UnrulyCable&) = delete;
  UnrulyCable& operator=(const UnrulyCable&) = delete;

  // To be called before there are packets.
  void Become(const Habits& habits);
  Counts counts();

 private:
  struct Flow {
    bool begun = false;  // its first block has passed
    std::vector<Bytes> block;
  };

  void Carry();
  void FromCamera(ByteSpan packet);
  void SendBlock(Flow* flow);

  const UniqueFd camera_end_;
  const UniqueFd recorder_end_;
  const UniqueFd stop_;
  std::mutex mutex_;
  Habits habits_;
  Counts counts_;
  Rng rng_{1};
  std::map<uint16_t, Flow> flows_;  // by the recorder's port
  std::thread thread_;
};

}  // namespace reel::server
