// Status and Result<T>: how Reel reports errors. Errors are values, bugs are CHECKs
// (engine/base/check.h).
//
// Codes are the canonical gRPC codes with their numbers, so the server maps them one to one. Three
// of them have one documented reaction each:
//   DataLoss           acknowledged bytes cannot be verified: repair from a copy, raise an alarm;
//   ResourceExhausted  a stated bound (memory, space) is reached: shed or wait, never take more;
//   Unavailable        a volume or the index is away for now: use another, try again later.
// Thread rule: values, like std::string. A Status keeps the errno it came from, or 0.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "reel/visibility.h"

namespace reel {

enum class Code : uint8_t {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
};

REEL_API std::string_view CodeName(Code code);

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Code code, std::string message, int system_errno = 0)
      : code_(code), errno_(system_errno), message_(std::move(message)) {}

  // The code that fits `system_errno` (ENOENT: NotFound, ENOSPC: ResourceExhausted, EIO: DataLoss
  // is NOT assumed: a failed transfer is Unavailable), message "what: strerror".
  REEL_API static Status FromErrno(int system_errno, std::string_view what);

  bool ok() const { return code_ == Code::kOk; }
  Code code() const { return code_; }
  int system_errno() const { return errno_; }
  const std::string& message() const { return message_; }

  // "NotFound: no stream named x"; "OK" when ok.
  REEL_API std::string ToString() const;

  // The same error with "context: " put before its message.
  REEL_API Status WithContext(std::string_view context) const;

 private:
  Code code_ = Code::kOk;
  int errno_ = 0;
  std::string message_;
};

inline Status OkStatus() { return {}; }
inline Status InvalidArgument(std::string m) { return {Code::kInvalidArgument, std::move(m)}; }
inline Status NotFound(std::string m) { return {Code::kNotFound, std::move(m)}; }
inline Status AlreadyExists(std::string m) { return {Code::kAlreadyExists, std::move(m)}; }
inline Status PermissionDenied(std::string m) { return {Code::kPermissionDenied, std::move(m)}; }
inline Status ResourceExhausted(std::string m) { return {Code::kResourceExhausted, std::move(m)}; }
inline Status FailedPrecondition(std::string m) {
  return {Code::kFailedPrecondition, std::move(m)};
}
inline Status OutOfRange(std::string m) { return {Code::kOutOfRange, std::move(m)}; }
inline Status Unimplemented(std::string m) { return {Code::kUnimplemented, std::move(m)}; }
inline Status Internal(std::string m) { return {Code::kInternal, std::move(m)}; }
inline Status Unavailable(std::string m) { return {Code::kUnavailable, std::move(m)}; }
inline Status DataLoss(std::string m) { return {Code::kDataLoss, std::move(m)}; }

// A value or the error that stood in its way. Reading the value of an error is a bug and aborts.
template <class T>
class [[nodiscard]] Result {
 public:
  // Implicit, so that `return value;` and `return status;` both work.
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(T value) : state_(std::in_place_index<1>, std::move(value)) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(Status error) : state_(std::in_place_index<0>, std::move(error)) {}

  bool ok() const { return state_.index() == 1; }
  Status status() const { return ok() ? OkStatus() : *std::get_if<0>(&state_); }

  T& value() & { return Get(); }
  const T& value() const& { return const_cast<Result*>(this)->Get(); }
  // Of a temporary by value: `for (x : *Compute())` walks over something that lives.
  T value() && { return std::move(Get()); }
  T& operator*() & { return Get(); }
  const T& operator*() const& { return value(); }
  T operator*() && { return std::move(Get()); }
  T* operator->() { return &Get(); }
  const T* operator->() const { return &value(); }

 private:
  T& Get() {
    T* v = std::get_if<1>(&state_);
    if (v == nullptr) AbortOnError(*std::get_if<0>(&state_));
    return *v;
  }
  [[noreturn]] static void AbortOnError(const Status& status);

  std::variant<Status, T> state_;
};

[[noreturn]] REEL_API void DieOnBadResult(const Status& status);

template <class T>
void Result<T>::AbortOnError(const Status& status) {
  DieOnBadResult(status);
}

}  // namespace reel

// NOLINTBEGIN(bugprone-macro-parentheses): `decl` declares, so it cannot stand in parentheses.

// Leaves the function with the error of `expr`, if it has one.
#define REEL_RETURN_IF_ERROR(expr)                                                     \
  do {                                                                                 \
    if (::reel::Status reel_status_ = (expr); !reel_status_.ok()) return reel_status_; \
  } while (false)

#define REEL_CONCAT_INNER_(a, b) a##b
#define REEL_CONCAT_(a, b) REEL_CONCAT_INNER_(a, b)

// REEL_ASSIGN_OR_RETURN(auto x, Compute()): the value of Compute() in x, or leaves with its error.
#define REEL_ASSIGN_OR_RETURN(decl, expr) \
  REEL_ASSIGN_OR_RETURN_IMPL_(REEL_CONCAT_(reel_result_, __LINE__), decl, expr)
#define REEL_ASSIGN_OR_RETURN_IMPL_(tmp, decl, expr) \
  auto tmp = (expr);                                 \
  if (!tmp.ok()) return tmp.status();                \
  decl = std::move(tmp).value()

// NOLINTEND(bugprone-macro-parentheses)
