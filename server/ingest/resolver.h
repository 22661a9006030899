// Resolver: what has to be known before a camera is connected to, found on threads of its own,
// since asking for it blocks: the address of a host name, and for TLS the certificates to trust.
// Those are read for every connection, so that a file that was renewed counts from the next one on.
//
// Numeric addresses in the clear need no thread (ParseAddress). A name server or a disk that does
// not answer holds up at most kThreads questions at a time, and the destructor for as long as the
// machine waits for it. Thread rule: any thread. `done` is called on a thread of the resolver.
// Bounds: kMaxWaiting questions; beyond that the answer is ResourceExhausted, at once.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "server/ingest/connection.h"

namespace reel::server {

// An IPv4 or IPv6 address as text; nullopt: it is a name.
std::optional<Address> ParseAddress(const std::string& host, uint16_t port);

struct Contact {
  Address address;
  std::shared_ptr<const TlsTrust> trust;  // with TLS
};

class Resolver {
 public:
  static constexpr size_t kMaxWaiting = 4096;
  static constexpr size_t kThreads = 2;
  using Done = std::function<void(Result<Contact>)>;

  Resolver();
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // `ca_file`: whom to trust, as TlsTrust has it; nullopt: without TLS.
  void Ask(const std::string& host, uint16_t port, const std::optional<std::string>& ca_file,
           Done done);

 private:
  struct Question {
    std::string host;
    uint16_t port = 0;
    std::optional<std::string> ca_file;
    Done done;
  };
  static Result<Contact> Answer(const Question& question);
  void Loop();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Question> questions_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace reel::server
