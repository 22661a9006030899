// What reeld is told to do: its one TOML file as plain values, already checked.
//
// Thread rule: values. A reload makes a new Config; nothing edits one that is in use.
// Secrets stand in files of their own and never in the configuration (Secret below).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reel/time.h"
#include "server/config/grants.h"

namespace reel::server {

// A password. Never converted to text by accident: whoever needs it says so.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  const std::string& Reveal() const { return text_; }
  bool empty() const { return text_.empty(); }
  bool operator==(const Secret&) const = default;

 private:
  std::string text_;
};

enum class Transport : uint8_t { kTcp, kUdp };

enum class RecordMode : uint8_t {
  kContinuous,
  kSchedule,  // inside `schedule` alone; the gap outside is kOffSchedule
  kEvent,     // from `pre_buffer` before an event until `post_buffer` behind the last one
  kOff,       // connected to by nobody; the gap is kNotRecorded
};

// A stretch of every week in the node's local time: minutes since Monday 00:00, begin < end <=
// 10080.
struct WeekWindow {
  uint32_t begin_minute = 0;
  uint32_t end_minute = 0;
  bool operator==(const WeekWindow&) const = default;
};

// One source of a camera, recorded as one stream.
struct SourceConfig {
  std::string stream;  // its name in the store: NAME for the main source, NAME.sub for the other
  // rtsp://, rtsps://, or "ffmpeg:" and anything libavformat opens. Holds no user and no password.
  std::string url;
  RecordMode mode = RecordMode::kContinuous;
  bool operator==(const SourceConfig&) const = default;
};

struct CameraConfig {
  std::string name;                   // 1..200 bytes, as the store takes names
  std::vector<SourceConfig> sources;  // 1..2
  std::string user;
  Secret password;
  Transport transport = Transport::kTcp;
  std::string ca_file;  // rtsps: whom to trust; empty: the system's
  std::vector<WeekWindow> schedule;
  Duration pre_buffer = std::chrono::seconds(10);  // 0..60 s
  Duration post_buffer = std::chrono::seconds(10);
  bool operator==(const CameraConfig&) const = default;
};

// Where the RPC server listens. A part that is empty or absent is not listened on.
struct ListenConfig {
  std::string socket = "/run/reeld/reeld.sock";
  std::string plaintext;  // HOST:PORT of loopback, for tests and for one machine
  std::string tls;        // HOST:PORT, with the three files below
  std::string tls_certificate;
  std::string tls_key;
  std::string tls_client_ca;
  std::string metrics;  // HOST:PORT, HTTP
  bool operator==(const ListenConfig&) const = default;
};

struct NodeConfig {
  std::string path = "/var/lib/reel";
  uint64_t buffer_bytes = 256U << 20;
  uint64_t stream_buffer_bytes = 16U << 20;
  Duration flush_interval = std::chrono::milliseconds(250);
  uint32_t ingest_loops = 1;
  bool operator==(const NodeConfig&) const = default;
};

struct Config {
  NodeConfig node;
  ListenConfig listen;
  std::string audit_directory = "/var/lib/reel/audit";
  std::vector<Grant> grants;
  std::vector<CameraConfig> cameras;
};

}  // namespace reel::server
