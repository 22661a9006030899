// A camera of a third party: GStreamer's RTSP server as a process of its own (camera_main.cc), and
// what it sends.
//
// Compared are the NAL units of slices: a payloader may drop delimiters and put parameter sets in
// again, but pictures are what they were.
// Thread rule: one thread at a time.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "engine/io/unique_fd.h"
#include "reel/unit.h"

namespace reel::server {

inline constexpr const char* kH264 = "m26x-input-30-240p-vp-sps-pps.h264";
inline constexpr const char* kH265 = "m26x-input-32-640x360-main.h265";

// Killed with its owner.
class PeerCamera {
 public:
  // `arguments`: what stands behind the port on its command line. It is to be met at `address`.
  explicit PeerCamera(const std::vector<std::string>& arguments, uint16_t port = 0,
                      const std::string& address = "127.0.0.1");
  ~PeerCamera() { Kill(); }
  PeerCamera(const PeerCamera&) = delete;
  PeerCamera& operator=(const PeerCamera&) = delete;

  void Kill();
  uint16_t port() const { return port_; }
  std::string url(const std::string& mount) const {
    return "rtsp://" + address_ + ":" + std::to_string(port_) + mount;
  }

 private:
  const std::string address_;
  pid_t pid_ = -1;
  UniqueFd input_;
  uint16_t port_ = 0;
};

// Of the test data.
std::string FilePath(const std::string& name);

bool IsSlice(Codec codec, ByteSpan nal);
// Of all the units, in order.
std::vector<Bytes> Slices(Codec codec, const std::vector<Bytes>& units);
// Whether `got` stands in `sent`, which is sent over and over: it may begin anywhere, and goes on
// without a hole.
bool StandsIn(const std::vector<Bytes>& got, const std::vector<Bytes>& sent);

}  // namespace reel::server
