// Resolver: addresses of host names, found on threads of its own, since asking for them blocks.
//
// Numeric addresses need no thread (ParseAddress). A name server that does not answer holds up at
// most kThreads questions at a time, and the destructor for as long as the machine's resolver
// waits. Thread rule: any thread. `done` is called on a thread of the resolver.
// Bounds: kMaxWaiting questions; beyond that the answer is ResourceExhausted, at once.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "server/ingest/connection.h"

namespace reel::server {

// An IPv4 or IPv6 address as text; nullopt: it is a name.
std::optional<Address> ParseAddress(const std::string& host, uint16_t port);

class Resolver {
 public:
  static constexpr size_t kMaxWaiting = 4096;
  static constexpr size_t kThreads = 2;
  using Done = std::function<void(Result<Address>)>;

  Resolver();
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  void Ask(const std::string& host, uint16_t port, Done done);

 private:
  struct Question {
    std::string host;
    uint16_t port = 0;
    Done done;
  };
  void Loop();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Question> questions_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace reel::server
