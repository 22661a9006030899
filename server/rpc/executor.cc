#include "server/rpc/executor.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace reel::server {

Executor::Executor(size_t threads, std::atomic<int64_t>& waiting)
    : per_client_(std::max<size_t>(threads - 1, 1)), waiting_(waiting) {
  threads_.reserve(threads);
  for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

bool Executor::Begin(const std::string& client, Task task) {
  return Add(client, std::move(task), kMaxWaiting);
}

void Executor::Continue(const std::string& client, Task task) {
  (void)Add(client, std::move(task), std::numeric_limits<size_t>::max());
}

bool Executor::Add(const std::string& client, Task task, size_t bound) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return false;
  Client& of = clients_[client];
  if (of.waiting.size() >= bound) return false;
  of.waiting.push_back(std::move(task));
  ++waiting_;
  changed_.notify_one();
  return true;
}

// The first client behind the last one served that has work and is not at its bound.
Executor::Client* Executor::Next() {
  if (clients_.empty()) return nullptr;
  auto at = clients_.upper_bound(turn_);
  for (size_t i = 0; i < clients_.size(); ++i, ++at) {
    if (at == clients_.end()) at = clients_.begin();
    if (at->second.waiting.empty() || at->second.running >= per_client_) continue;
    turn_ = at->first;
    return &at->second;
  }
  return nullptr;
}

void Executor::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    Client* client = nullptr;
    changed_.wait(lock, [&] { return stopped_ || (client = Next()) != nullptr; });
    if (stopped_) return;
    const std::string name = turn_;
    Task task = std::move(client->waiting.front());
    client->waiting.pop_front();
    --waiting_;
    ++client->running;
    lock.unlock();
    task();
    task = nullptr;  // what it holds goes without the lock
    lock.lock();
    const auto at = clients_.find(name);
    --at->second.running;
    if (at->second.waiting.empty() && at->second.running == 0) clients_.erase(at);
    // One that stood at its bound may go now.
    changed_.notify_one();
  }
}

void Executor::Stop() {
  std::map<std::string, Client> dropped;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  dropped.swap(clients_);
  for (const auto& [name, client] : dropped) {
    waiting_ -= static_cast<int64_t>(client.waiting.size());
  }
}

}  // namespace reel::server
