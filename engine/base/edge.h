// The library's edge: what is thrown below it (by an allocation, by the standard library, by
// RocksDB) becomes an error value above it. Everything public that can throw goes through here.
//
// Memory that runs out in a call that returns an error value is ResourceExhausted. Where there is
// no error value to return, and in threads of the library, it ends the process like a broken
// invariant, with its last words to the log: going on could acknowledge what is not there.
#pragma once

#include <exception>
#include <new>
#include <utility>

#include "engine/base/check.h"
#include "reel/status.h"

namespace reel {

// The call that is being handled in a catch block, as an error value. Allocates nothing for
// bad_alloc.
Status StatusOfException(const std::exception& exception) noexcept;

// For calls that return Status or Result.
template <class Call>
auto AtEdge(Call&& call) noexcept -> decltype(call()) {
  try {
    return std::forward<Call>(call)();
  } catch (const std::exception& exception) {
    return StatusOfException(exception);
  }
}

// For all others.
template <class Call>
auto AtEdgeOrDie(const char* what, Call&& call) noexcept -> decltype(call()) {
  try {
    return std::forward<Call>(call)();
  } catch (const std::exception& exception) {
    CheckFailed(__FILE__, __LINE__, what, exception.what());
  }
}

}  // namespace reel
