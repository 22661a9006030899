#include "server/ingest/resolver.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <cstring>
#include <memory>
#include <utility>

namespace reel::server {
namespace {

Result<Address> Lookup(const std::string& host, uint16_t port) {
  if (const auto address = ParseAddress(host, port)) return *address;
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int failed = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (failed != 0) {
    return NotFound("no address for host '" + host + "': " + std::string(gai_strerror(failed)));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(list, &freeaddrinfo);
  Address address;
  std::memcpy(&address.storage, list->ai_addr, list->ai_addrlen);
  address.size = list->ai_addrlen;
  return address;
}

}  // namespace

std::optional<Address> ParseAddress(const std::string& host, uint16_t port) {
  Address address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  if (inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    address.size = sizeof *v4;
    return address;
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    address.size = sizeof *v6;
    return address;
  }
  return std::nullopt;
}

Resolver::Resolver() {
  for (size_t i = 0; i < kThreads; ++i) threads_.emplace_back([this] { Loop(); });
}

Resolver::~Resolver() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    questions_.clear();
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Resolver::Ask(const std::string& host, uint16_t port,
                   const std::optional<std::string>& ca_file, Done done) {
  {
    const std::lock_guard lock(mutex_);
    if (questions_.size() < kMaxWaiting) {
      questions_.push_back({host, port, ca_file, std::move(done)});
      changed_.notify_one();
      return;
    }
  }
  done(ResourceExhausted("too many cameras are being looked up"));
}

Result<Contact> Resolver::Answer(const Question& question) {
  Contact contact;
  REEL_ASSIGN_OR_RETURN(contact.address, Lookup(question.host, question.port));
  if (question.ca_file) {
    REEL_ASSIGN_OR_RETURN(contact.trust, TlsTrust::Load(*question.ca_file));
  }
  return contact;
}

void Resolver::Loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !questions_.empty(); });
    if (stopping_) return;
    const Question question = std::move(questions_.front());
    questions_.pop_front();
    lock.unlock();
    question.done(Answer(question));
    lock.lock();
  }
}

}  // namespace reel::server
