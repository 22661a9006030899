// Executor: where blocking work of RPCs is done, so that gRPC's own threads never wait for a disk.
// Clients take turns: one that asks for a thousand things waits behind itself, not others behind
// it.
//
// Thread rule: all calls from any thread at once; Stop by none of the tasks.
// Bounds: `threads` tasks at a time, of one client at most all but one of them (if there are two);
// kMaxWaiting tasks of one client wait, beside continuations, of which a call has one at most.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace reel::server {

class Executor {
 public:
  using Task = std::function<void()>;
  static constexpr size_t kMaxWaiting = 256;

  // `waiting` counts the tasks that wait, and outlives it.
  Executor(size_t threads, std::atomic<int64_t>& waiting);
  ~Executor() { Stop(); }

  // The first task of a call. False: too many of this client wait, or stopped.
  [[nodiscard]] bool Begin(const std::string& client, Task task);
  // A call goes on. Dropped when stopped.
  void Continue(const std::string& client, Task task);

  // What runs ends, what waits is dropped.
  void Stop();

 private:
  struct Client {
    std::deque<Task> waiting;
    size_t running = 0;
  };

  bool Add(const std::string& client, Task task, size_t bound);
  void Run();
  // Nullptr: nobody may go now.
  Client* Next();

  const size_t per_client_;
  std::atomic<int64_t>& waiting_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Client> clients_;
  std::string turn_;  // whose turn it was last
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace reel::server
