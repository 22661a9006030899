// Proves who we are to a camera: HTTP authentication as RTSP uses it.
//
// Digest (MD5 and SHA-256, with qop=auth or without) is preferred to Basic, and the stronger digest
// to the weaker. A challenge is answered once: a camera that refuses the answer has refused the
// login, unless it says that merely its nonce was stale, or has accepted an answer before.
// Thread rule: one thread at a time.
// Sources: RFC 7616, RFC 2617 (qop absent), RFC 7617.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "reel/clock.h"
#include "server/rtsp/message.h"

namespace reel::server {

enum class DigestHash : uint8_t { kMd5, kSha256 };

// One WWW-Authenticate header.
struct Challenge {
  enum class Scheme : uint8_t { kBasic, kDigestMd5, kDigestSha256 };  // by strength
  Scheme scheme = Scheme::kBasic;
  std::string realm;
  std::string nonce;
  std::string opaque;
  bool has_opaque = false;
  bool qop_auth = false;
  bool stale = false;
};

// nullopt: a scheme we do not speak, or not well formed.
std::optional<Challenge> ParseChallenge(std::string_view value);

class Login {
 public:
  // `random` makes client nonces and outlives the Login. No user: nothing is ever answered.
  Login(std::string user, std::string password, Random& random)
      : user_(std::move(user)), password_(std::move(password)), random_(random) {}

  // Takes the challenges of a 401. True: ask again, with the header below. False: refused.
  bool Answer(const Headers& headers);
  // A request that carried the header was let in.
  void Accepted() { refusals_ = 0; }

  // What the camera asked for; nullopt while it did not.
  std::optional<Challenge::Scheme> scheme() const {
    return challenge_ ? std::optional(challenge_->scheme) : std::nullopt;
  }

  // The Authorization header of the next request; "" while nobody asked for one.
  std::string HeaderFor(std::string_view method, std::string_view url);

 private:
  std::string DigestHeader(std::string_view method, std::string_view url);

  std::string user_;
  std::string password_;
  Random& random_;
  std::optional<Challenge> challenge_;
  uint32_t nonce_count_ = 0;
  int refusals_ = 0;  // since a request was let in
};

}  // namespace reel::server
