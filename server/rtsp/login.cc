#include "server/rtsp/login.h"

#include <openssl/evp.h>

#include <array>
#include <cstdio>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/digest.h"
#include "server/rtsp/text.h"

namespace reel::server {
namespace {

// At most so many answers that a camera calls stale, one behind another.
constexpr int kMaxRefusals = 3;

std::string HexDigest(DigestHash hash, std::string_view text) {
  std::array<uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  const EVP_MD* method = hash == DigestHash::kMd5 ? EVP_md5() : EVP_sha256();
  const int done = EVP_Digest(text.data(), text.size(), digest.data(), &size, method, nullptr);
  REEL_CHECK(done == 1, "OpenSSL has MD5 and SHA-256");
  return HexOf(std::span(digest).first(size));
}

std::string Base64(std::string_view text) {
  std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  out.resize(static_cast<size_t>(size));
  return out;
}

std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

// The next `name=value` of a challenge, value quoted or not; false at the end or at a fault.
bool TakeParameter(std::string_view* rest, std::string* name, std::string* value) {
  while (!rest->empty() && (IsBlank(rest->front()) || rest->front() == ',')) rest->remove_prefix(1);
  const size_t equals = rest->find('=');
  if (equals == std::string_view::npos) return false;
  *name = std::string(Trim(rest->substr(0, equals)));
  *rest = rest->substr(equals + 1);
  while (!rest->empty() && IsBlank(rest->front())) rest->remove_prefix(1);
  value->clear();
  if (!rest->starts_with('"')) {
    *value = std::string(Trim(TakeUntil(rest, ',')));
    return true;
  }
  rest->remove_prefix(1);
  while (!rest->empty() && rest->front() != '"') {
    if (rest->front() == '\\' && rest->size() > 1) rest->remove_prefix(1);
    *value += rest->front();
    rest->remove_prefix(1);
  }
  if (rest->empty()) return false;
  rest->remove_prefix(1);
  return true;
}

bool OffersAuth(std::string_view qop) {
  while (!qop.empty()) {
    if (EqualsIgnoringCase(Trim(TakeUntil(&qop, ',')), "auth")) return true;
  }
  return false;
}

}  // namespace

std::optional<Challenge> ParseChallenge(std::string_view value) {
  value = Trim(value);
  const std::string_view scheme = TakeUntil(&value, ' ');
  const bool is_digest = EqualsIgnoringCase(scheme, "Digest");
  if (!is_digest && !EqualsIgnoringCase(scheme, "Basic")) return std::nullopt;
  Challenge challenge;
  if (is_digest) challenge.scheme = Challenge::Scheme::kDigestMd5;
  std::string name;
  std::string text;
  bool has_qop = false;
  while (TakeParameter(&value, &name, &text)) {
    if (EqualsIgnoringCase(name, "realm")) challenge.realm = text;
    if (EqualsIgnoringCase(name, "nonce")) challenge.nonce = text;
    if (EqualsIgnoringCase(name, "stale")) challenge.stale = EqualsIgnoringCase(text, "true");
    if (EqualsIgnoringCase(name, "opaque")) {
      challenge.opaque = text;
      challenge.has_opaque = true;
    }
    if (EqualsIgnoringCase(name, "qop")) {
      has_qop = true;
      challenge.qop_auth = OffersAuth(text);
    }
    if (is_digest && EqualsIgnoringCase(name, "algorithm")) {
      if (EqualsIgnoringCase(text, "SHA-256")) {
        challenge.scheme = Challenge::Scheme::kDigestSha256;
      } else if (!EqualsIgnoringCase(text, "MD5")) {
        return std::nullopt;
      }
    }
  }
  if (is_digest && (challenge.nonce.empty() || (has_qop && !challenge.qop_auth))) {
    return std::nullopt;
  }
  return challenge;
}

bool Login::Answer(const Headers& headers) {
  if (user_.empty()) return false;
  std::optional<Challenge> best;
  for (const std::string_view value : headers.FindAll("WWW-Authenticate")) {
    std::optional<Challenge> challenge = ParseChallenge(value);
    if (challenge && (!best || best->scheme < challenge->scheme)) best = std::move(challenge);
  }
  if (!best) return false;
  const bool was_answered = challenge_.has_value();
  const bool was_refused = was_answered && refusals_ > 0 && !best->stale;
  ++refusals_;
  if (was_refused || refusals_ > kMaxRefusals) return false;
  challenge_ = std::move(best);
  nonce_count_ = 0;
  return true;
}

std::string Login::HeaderFor(std::string_view method, std::string_view url) {
  if (!challenge_) return "";
  if (challenge_->scheme == Challenge::Scheme::kBasic) {
    return "Basic " + Base64(user_ + ":" + password_);
  }
  return DigestHeader(method, url);
}

std::string Login::DigestHeader(std::string_view method, std::string_view url) {
  const bool sha = challenge_->scheme == Challenge::Scheme::kDigestSha256;
  const DigestHash hash = sha ? DigestHash::kSha256 : DigestHash::kMd5;
  const std::string secret = HexDigest(hash, user_ + ":" + challenge_->realm + ":" + password_);
  const std::string what = HexDigest(hash, std::string(method) + ":" + std::string(url));
  std::string header = "Digest username=" + Quoted(user_) + ", realm=" + Quoted(challenge_->realm) +
                       ", nonce=" + Quoted(challenge_->nonce) + ", uri=" + Quoted(url);
  std::string between = challenge_->nonce;
  if (challenge_->qop_auth) {
    std::array<uint8_t, 16> chance{};
    random_.Fill(chance);
    const std::string client_nonce = HexOf(chance);
    std::array<char, 9> count{};
    std::snprintf(count.data(), count.size(), "%08x", ++nonce_count_);
    between += ":" + std::string(count.data()) + ":" + client_nonce + ":auth";
    header += ", qop=auth, nc=" + std::string(count.data()) + ", cnonce=" + Quoted(client_nonce);
  }
  header += ", response=\"" + HexDigest(hash, secret + ":" + between + ":" + what) + "\"";
  header += sha ? ", algorithm=SHA-256" : ", algorithm=MD5";
  if (challenge_->has_opaque) header += ", opaque=" + Quoted(challenge_->opaque);
  return header;
}

}  // namespace reel::server
