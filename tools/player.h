// Player: footage shown by ffplay, which gets it through a pipe as it is read.
//
// Thread rule: one thread. Ownership: owns the process; its end is waited for by Finish, and by the
// destructor. While it lives a pipe that nobody reads is an error of a write, not the end of the
// process (SIGPIPE is ignored from the first one on).
#pragma once

#include <sys/types.h>

#include <string>

#include "engine/io/unique_fd.h"
#include "reel/store.h"

namespace reel {

class Player {
 public:
  // Annex B of `codec` at that rate. NotFound where there is no ffplay, with the remedy.
  static Result<Player> Start(Codec codec, double frames_per_second, const std::string& title);
  Player(Player&& other) noexcept;
  Player& operator=(Player&&) = delete;
  ~Player();

  // False: it has been closed. Blocks at the speed it shows pictures.
  Result<bool> Write(ByteSpan bytes);
  // No more comes; waits until all is shown or it is closed. Unavailable: it could not show it.
  Status Finish();

 private:
  Player(pid_t pid, UniqueFd pipe) : pid_(pid), pipe_(std::move(pipe)) {}

  pid_t pid_ = -1;
  UniqueFd pipe_;
};

// Plays from the clean point on, up to `length` of footage or the end of its run, whichever comes
// first. Errors: of reading; FailedPrecondition without video; those of Player.
Status Play(Store& store, const SeekPoint& point, Duration length, const std::string& title);

}  // namespace reel
