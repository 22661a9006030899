// HeadAhead: first blocks of chunks, read before a scan comes to them, several pieces at a time: a
// scan waits for a whole device read at each chunk otherwise. What is read here is only bytes: who
// takes them verifies them, and reads what is not there himself.
//
// Thread rule: one thread at a time. Bounds: kPieces pieces are read ahead, of each at most kHeads
// blocks of 4 KiB.
#pragma once

#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "engine/base/aligned.h"
#include "engine/store/footage.h"
#include "engine/store/helper_threads.h"

namespace reel {

// By the offset in the segment at which they stand.
using HeadBlocks = std::vector<std::pair<uint64_t, AlignedBytes>>;

class HeadAhead {
 public:
  static constexpr size_t kPieces = 64;
  static constexpr size_t kHeads = 256;

  explicit HeadAhead(Footage& footage) : footage_(footage), helpers_(footage.helpers()) {}

  // Pieces that will be asked for, in this order. Those that were given before and not taken are
  // forgotten.
  void Expect(std::vector<Piece> pieces);
  // What was read of this piece: nothing if it was not expected. Waits while it is being read.
  HeadBlocks Take(const Piece& piece);

 private:
  struct Entry {
    Piece piece;
    HeadBlocks blocks;
    HelpedTask reading;  // the last member: it uses the others
  };
  void Fill();
  void Read(Entry* entry);

  Footage& footage_;
  HelperThreads* const helpers_;
  std::deque<Piece> expected_;
  std::deque<std::unique_ptr<Entry>> ahead_;
};

}  // namespace reel
