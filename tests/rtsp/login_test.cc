// Logins. Golden answers were computed with Python's hashlib after RFC 7616.
#include "server/rtsp/login.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reel::server {
namespace {

using testing::HasSubstr;
using testing::Not;

class Sevens : public Random {
 public:
  void Fill(std::span<uint8_t> bytes) override { std::fill(bytes.begin(), bytes.end(), 7); }
};

constexpr const char* kNonce = "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFzH4GiTo0v\"";
constexpr const char* kRealm = "realm=\"http-auth@example.org\"";

std::string Digest(const std::string& more) {
  return std::string("Digest ") + kRealm + ", " + kNonce + more;
}

class LoginTest : public testing::Test {
 protected:
  bool Answer(const std::vector<std::string>& challenges) {
    Headers headers;
    for (const std::string& challenge : challenges) headers.Add("www-authenticate", challenge);
    return login_.Answer(headers);
  }
  std::string Header() { return login_.HeaderFor("DESCRIBE", "rtsp://cam/live"); }

  Sevens random_;
  Login login_{"Mufasa", "Circle of Life", random_};
};

TEST_F(LoginTest, SaysNothingUnasked) { EXPECT_EQ(Header(), ""); }

TEST_F(LoginTest, Basic) {
  ASSERT_TRUE(Answer({"Basic realm=\"x\""}));
  EXPECT_EQ(Header(), "Basic TXVmYXNhOkNpcmNsZSBvZiBMaWZl");
}

TEST_F(LoginTest, DigestWithoutQop) {
  ASSERT_TRUE(Answer({Digest("")}));
  EXPECT_THAT(Header(), HasSubstr("response=\"0744afdefd18449ed7c7002d0e7f175c\""));
  EXPECT_THAT(Header(), Not(HasSubstr("cnonce")));
}

TEST_F(LoginTest, DigestWithQopCountsItsRequests) {
  ASSERT_TRUE(Answer({Digest(", qop=\"auth-int,auth\", opaque=\"a\\\"b\"")}));
  const std::string first = Header();
  EXPECT_THAT(first, HasSubstr("response=\"497d97a0f80e3878e40af25f3d96bd34\""));
  EXPECT_THAT(first, HasSubstr("nc=00000001"));
  EXPECT_THAT(first, HasSubstr("opaque=\"a\\\"b\""));
  EXPECT_THAT(Header(), HasSubstr("response=\"a1f4331e3eeae104c68284308c075f6b\""));
}

TEST_F(LoginTest, TheStrongestIsAnswered) {
  ASSERT_TRUE(Answer({"Basic realm=\"x\"", Digest(", qop=\"auth\", algorithm=MD5"),
                      Digest(", qop=\"auth\", algorithm=SHA-256"),
                      Digest(", qop=\"auth\", algorithm=SHA-512-256"), "Bearer x"}));
  EXPECT_THAT(
      Header(),
      HasSubstr("response=\"9f6d955248d6b9771072260ee689d399898441306bafad438cf68cd2b64bd6bc\""));
  EXPECT_THAT(Header(), HasSubstr("algorithm=SHA-256"));
}

TEST_F(LoginTest, WhatCannotBeAnsweredIsRefused) {
  EXPECT_FALSE(Answer({}));
  EXPECT_FALSE(Answer({"Bearer x"}));
  EXPECT_FALSE(Answer({"Digest realm=\"x\""}));
  EXPECT_FALSE(Answer({Digest(", qop=\"auth-int\"")}));
  EXPECT_FALSE(Answer({"Digest realm=\"unterminated"}));
  Login nobody("", "", random_);
  Headers headers;
  headers.Add("WWW-Authenticate", "Basic realm=\"x\"");
  EXPECT_FALSE(nobody.Answer(headers));
}

TEST_F(LoginTest, AChallengeIsAnsweredOnce) {
  ASSERT_TRUE(Answer({Digest("")}));
  EXPECT_FALSE(Answer({Digest("")}));
}

TEST_F(LoginTest, AStaleNonceIsNoRefusal) {
  ASSERT_TRUE(Answer({Digest("")}));
  EXPECT_TRUE(Answer({Digest(", stale=TRUE")}));
  EXPECT_TRUE(Answer({Digest(", stale=true")}));
  EXPECT_FALSE(Answer({Digest(", stale=true")})) << "not for ever";
}

TEST_F(LoginTest, OnceLetInANewChallengeIsAnswered) {
  ASSERT_TRUE(Answer({Digest("")}));
  login_.Accepted();
  EXPECT_TRUE(Answer({Digest("")}));
}

}  // namespace
}  // namespace reel::server
