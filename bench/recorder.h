// Recorder: a process that records paced cameras of 4 Mbit/s into a BenchNode that is there
// already, to be killed, and to be started again.
//
// It says, a line each: "ready" when what it will record is; "open" when the store is; "begun" when
// a run of every camera is; "recording" when the first unit of each is durable; and with acks of an
// earlier life "complete" when the first, a middle and the last unit durable of each camera then
// can be read and are what was written. It goes on recording until its standard input ends.
#pragma once

#include <string>

#include "bench/node.h"
#include "bench/trace.h"

namespace reel::bench {

struct RecorderOptions {
  std::string root;
  uint32_t streams = 1000;
  std::string acks_path;      // made
  std::string look_for_path;  // acks of an earlier life; may be empty
};

// The node's, but for its size.
NodeShape RecorderShape(const RecorderOptions& options);
TraceShape RecorderTrace();

// In this process. Returns when standard input has ended and everything is durable.
Status Record(const RecorderOptions& options);

// Options as the arguments of reel_recorder, whose path is first.
std::vector<std::string> RecorderCommand(const RecorderOptions& options);

}  // namespace reel::bench
