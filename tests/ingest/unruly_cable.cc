#include "tests/ingest/unruly_cable.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <utility>

namespace reel::server {
namespace {

constexpr size_t kMaxPacketBytes = 65'536;

uint16_t Number16(ByteSpan bytes, size_t at) {
  return static_cast<uint16_t>((static_cast<unsigned>(bytes[at]) << 8) |
                               static_cast<unsigned>(bytes[at + 1]));
}

// Where an IPv4 packet goes that holds RTP and not RTCP (RFC 5761, 4); nullopt of all others.
std::optional<uint16_t> PortOfRtp(ByteSpan packet) {
  constexpr size_t kUdpBytes = 8;
  constexpr size_t kRtpBytes = 12;
  constexpr unsigned kUdp = 17;
  if (packet.size() < 20 || static_cast<unsigned>(packet[0]) >> 4 != 4) return std::nullopt;
  const size_t udp = (static_cast<size_t>(packet[0]) & 0xF) * 4;
  if (static_cast<unsigned>(packet[9]) != kUdp) return std::nullopt;
  if (packet.size() < udp + kUdpBytes + kRtpBytes) return std::nullopt;
  const unsigned version = static_cast<unsigned>(packet[udp + kUdpBytes]) >> 6;
  const unsigned type = static_cast<unsigned>(packet[udp + kUdpBytes + 1]) & 0x7F;
  const bool rtcp = type >= 72 && type <= 76;
  if (version != 2 || rtcp) return std::nullopt;
  return Number16(packet, udp + 2);
}

void Send(const UniqueFd& end, ByteSpan packet) {
  // What the other side cannot take is lost, as on any cable.
  const ssize_t sent = write(end.get(), packet.data(), packet.size());
  static_cast<void>(sent);
}

}  // namespace

UniqueFd OpenCableEnd(const char* device) {
  UniqueFd fd(open("/dev/net/tun", O_RDWR | O_CLOEXEC));
  ifreq request{};
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  std::strncpy(request.ifr_name, device, IFNAMSIZ - 1);
  if (!fd.valid() || ioctl(fd.get(), TUNSETIFF, &request) != 0) return UniqueFd();
  return fd;
}

UnrulyCable::UnrulyCable(UniqueFd camera_end, UniqueFd recorder_end)
    : camera_end_(std::move(camera_end)),
      recorder_end_(std::move(recorder_end)),
      stop_(eventfd(0, EFD_CLOEXEC)),
      thread_([this] { Carry(); }) {}

UnrulyCable::~UnrulyCable() {
  const uint64_t one = 1;
  EXPECT_EQ(write(stop_.get(), &one, sizeof one), static_cast<ssize_t>(sizeof one));
  thread_.join();
}

void UnrulyCable::Become(const Habits& habits) {
  const std::lock_guard lock(mutex_);
  habits_ = habits;
  rng_ = Rng(habits.seed);
}

UnrulyCable::Counts UnrulyCable::counts() {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void UnrulyCable::Carry() {
  Bytes packet(kMaxPacketBytes);
  std::array<pollfd, 3> ends{pollfd{camera_end_.get(), POLLIN, 0},
                             pollfd{recorder_end_.get(), POLLIN, 0},
                             pollfd{stop_.get(), POLLIN, 0}};
  while (poll(ends.data(), ends.size(), -1) >= 0 && ends[2].revents == 0) {
    for (size_t i = 0; i < 2; ++i) {
      if (ends[i].revents == 0) continue;
      const ssize_t got = read(ends[i].fd, packet.data(), packet.size());
      if (got <= 0) continue;
      const ByteSpan bytes = ByteSpan(packet).first(static_cast<size_t>(got));
      if (i == 0) FromCamera(bytes);
      if (i == 1) Send(camera_end_, bytes);
    }
  }
}

void UnrulyCable::FromCamera(ByteSpan packet) {
  const std::optional<uint16_t> port = PortOfRtp(packet);
  if (!port) return Send(recorder_end_, packet);
  const std::lock_guard lock(mutex_);
  Flow& flow = flows_[*port];
  flow.block.emplace_back(packet.begin(), packet.end());
  if (flow.block.size() >= habits_.block) SendBlock(&flow);
}

void UnrulyCable::SendBlock(Flow* flow) {
  std::vector<size_t> order;
  for (size_t i = 0; i < flow->block.size(); ++i) order.push_back(i);
  if (flow->begun && habits_.one_late) {
    order.erase(order.begin());
    order.push_back(0);
  } else if (flow->begun) {
    for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[rng_.Below(i)]);
    for (size_t i = order.size(); habits_.twice_in > 0 && i > 0; --i) {
      if (rng_.Below(habits_.twice_in) != 0) continue;
      const auto at = static_cast<ptrdiff_t>(rng_.Below(order.size() + 1));
      order.insert(order.begin() + at, order[i - 1]);
      ++counts_.doubled;
    }
  }
  flow->begun = true;
  size_t highest = 0;
  for (const size_t i : order) {
    if (i < highest) ++counts_.reordered;
    highest = std::max(highest, i);
    Send(recorder_end_, flow->block[i]);
  }
  flow->block.clear();
}

}  // namespace reel::server
