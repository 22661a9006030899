// RpcServer: Ingest, Playback and Admin (server/proto) over a Store, with gRPC's health service and
// reflection.
//
// Every call of ours passes the Authorizer, and its record is durable in the AuditSink before the
// first byte of footage leaves or the first change is made. Blocking work is done by threads of its
// own, where clients take turns; seeking, reading, decoding and appending have others each.
// docs/RPC.md says the rest. Thread rule: Start, Stop and the destructor by one thread.
// Ownership: what the options point to outlives the server. Stop it before the Store is closed.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "reel/clock.h"
#include "reel/log.h"
#include "reel/store.h"
#include "server/access/audit.h"
#include "server/access/authorizer.h"
#include "server/ingest/cameras.h"
#include "server/rpc/rpc_figures.h"

namespace reel::server {

struct RpcOptions {
  Store* store = nullptr;
  Cameras* cameras = nullptr;  // null: there are none
  Authorizer* authorizer = nullptr;
  AuditSink* audit = nullptr;
  Clock* clock = nullptr;         // SystemClock() if null
  RpcFigures* figures = nullptr;  // null: nobody reads them
  // Reads the configuration again; how many cameras it has. Blocks. Empty: there is none.
  std::function<Result<size_t>()> reload;
  LogSink log;

  // Where it listens; at least one. The Unix socket: mode 0660, who connects is known by
  // SO_PEERCRED.
  std::string unix_path;
  // TLS 1.3 alone, client certificates required: "192.0.2.1:4711". Files in PEM.
  std::string tls_address;
  std::string certificate_file;
  std::string key_file;
  std::string client_ca_file;
  // Without TLS, on a loopback address alone, for tests and debugging. Who connects is "loopback".
  std::string plain_address;

  // What decodes thumbnails (engine/av/picture_decoder.h); empty: this program as "decode-child".
  std::vector<std::string> decode_command;

  // 1..64 each: of Seek and Admin; of Read, Export and Timeline; of Thumbnail, which decodes; of
  // Append.
  uint32_t seek_threads = 4;
  uint32_t read_threads = 4;
  uint32_t picture_threads = 2;
  uint32_t ingest_threads = 2;
  uint32_t max_connections = 256;
  Duration reauthorize_every = std::chrono::seconds(30);
  // Waiting to be sent, of all streams: beyond it one has its next message made when none of its
  // own waits.
  size_t waiting_bytes = 512U << 20;
  Duration stall_after = std::chrono::seconds(30);  // a reader that takes nothing
};

class RpcServer {
 public:
  // Serves on return. InvalidArgument (options, files), FailedPrecondition (another process listens
  // there), Unavailable.
  static Result<std::unique_ptr<RpcServer>> Start(const RpcOptions& options);
  // Stops.
  virtual ~RpcServer() = default;

  // No more calls; those that go on get `grace` to end and are cancelled then. Blocks so long.
  virtual void Stop(Duration grace) = 0;

  // Where it listens, if it was given port 0.
  virtual uint16_t tcp_port() const = 0;
  virtual uint32_t connections() const = 0;
};

}  // namespace reel::server
