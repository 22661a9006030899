#include "reel/status.h"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <memory>
#include <set>

namespace reel {
namespace {

// The numbers and names of gRPC's canonical codes, in order.
constexpr std::array<std::string_view, 16> kCanonicalNames = {
    "OK",       "Cancelled",     "Unknown",          "InvalidArgument",   "DeadlineExceeded",
    "NotFound", "AlreadyExists", "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
    "Aborted",  "OutOfRange",    "Unimplemented",    "Internal",          "Unavailable",
    "DataLoss",
};

TEST(StatusTest, CodesAreTheCanonicalOnes) {
  for (size_t i = 0; i < kCanonicalNames.size(); ++i) {
    EXPECT_EQ(CodeName(static_cast<Code>(i)), kCanonicalNames.at(i));
  }
  EXPECT_EQ(CodeName(static_cast<Code>(16)), "Unknown");
}

TEST(StatusTest, EachMakerGivesItsCode) {
  const std::array<Status, 11> made = {
      InvalidArgument("m"), NotFound("m"),          AlreadyExists("m"),      PermissionDenied("m"),
      OutOfRange("m"),      ResourceExhausted("m"), FailedPrecondition("m"), Unimplemented("m"),
      Internal("m"),        Unavailable("m"),       DataLoss("m"),
  };
  std::set<Code> codes;
  for (const Status& status : made) {
    EXPECT_FALSE(status.ok());
    EXPECT_EQ(status.ToString(), std::string(CodeName(status.code())) + ": m");
    codes.insert(status.code());
  }
  EXPECT_EQ(codes.size(), made.size());
  EXPECT_TRUE(OkStatus().ok());
  EXPECT_EQ(OkStatus().ToString(), "OK");
}

TEST(StatusTest, ErrnoIsMappedAndKept) {
  struct Case {
    int system_errno;
    Code code;
  };
  const Case cases[] = {
      {ENOENT, Code::kNotFound},          {EEXIST, Code::kAlreadyExists},
      {EACCES, Code::kPermissionDenied},  {ENOSPC, Code::kResourceExhausted},
      {EDQUOT, Code::kResourceExhausted}, {EMFILE, Code::kResourceExhausted},
      {EINVAL, Code::kInvalidArgument},   {EROFS, Code::kFailedPrecondition},
      {EIO, Code::kUnavailable},          {ETIMEDOUT, Code::kUnavailable},
  };
  for (const Case& c : cases) {
    const Status status = Status::FromErrno(c.system_errno, "open x");
    EXPECT_EQ(status.code(), c.code) << c.system_errno;
    EXPECT_EQ(status.system_errno(), c.system_errno);
    EXPECT_EQ(status.message().rfind("open x: ", 0), 0U) << status.message();
  }
  EXPECT_NE(Status::FromErrno(EIO, "x").message(), Status::FromErrno(ENOENT, "x").message());
  EXPECT_TRUE(Status::FromErrno(0, "open x").ok());
}

TEST(StatusTest, ContextGoesInFrontAndLosesNothing) {
  const Status status = Status(Code::kUnavailable, "write", EIO).WithContext("segment 7");
  EXPECT_EQ(status.ToString(), "Unavailable: segment 7: write");
  EXPECT_EQ(status.system_errno(), EIO);
  EXPECT_EQ(OkStatus().WithContext("segment 7").ToString(), "OK");
}

TEST(ResultTest, HoldsAValueOrAnError) {
  Result<int> seven = 7;
  ASSERT_TRUE(seven.ok());
  EXPECT_TRUE(seven.status().ok());
  EXPECT_EQ(*seven, 7);
  *seven = 8;
  EXPECT_EQ(seven.value(), 8);

  const Result<int> none = NotFound("no such stream");
  EXPECT_FALSE(none.ok());
  EXPECT_EQ(none.status().ToString(), "NotFound: no such stream");
}

TEST(ResultTest, AStatusIsAValueToo) {
  // A Result whose value is a bool or pointer must not take one for the other.
  const Result<bool> no = false;
  ASSERT_TRUE(no.ok());
  EXPECT_FALSE(*no);
}

TEST(ResultTest, MovesWhatCannotBeCopied) {
  Result<std::unique_ptr<int>> made = std::make_unique<int>(5);
  ASSERT_TRUE(made.ok());
  const std::unique_ptr<int> taken = std::move(made).value();
  EXPECT_EQ(*taken, 5);
}

TEST(ResultDeathTest, ReadingTheValueOfAnErrorAborts) {
  const Result<int> none = NotFound("no such stream");
  EXPECT_DEATH((void)none.value(), "result.ok.*NotFound: no such stream");
  EXPECT_DEATH((void)none.operator->(), "result.ok");
}

Status FailAfterCounting(int* calls, bool fail) {
  ++*calls;
  return fail ? DataLoss("bad") : OkStatus();
}

TEST(StatusMacroTest, ReturnIfErrorEvaluatesOnceAndLeavesOnErrorOnly) {
  int calls = 0;
  bool went_on = false;
  const auto run = [&](bool fail) -> Status {
    REEL_RETURN_IF_ERROR(FailAfterCounting(&calls, fail));
    went_on = true;
    return OkStatus();
  };
  EXPECT_EQ(run(true).code(), Code::kDataLoss);
  EXPECT_FALSE(went_on);
  EXPECT_TRUE(run(false).ok());
  EXPECT_TRUE(went_on);
  EXPECT_EQ(calls, 2);
}

Result<std::string> NameOrError(bool fail) {
  if (fail) return OutOfRange("none");
  return std::string("gate");
}

TEST(StatusMacroTest, AssignOrReturnDeclaresAssignsAndLeaves) {
  const auto run = [](bool fail) -> Result<size_t> {
    REEL_ASSIGN_OR_RETURN(const std::string first, NameOrError(false));
    std::string second;
    REEL_ASSIGN_OR_RETURN(second, NameOrError(fail));
    return first.size() + second.size();
  };
  EXPECT_EQ(run(false).value(), 8U);
  EXPECT_EQ(run(true).status().code(), Code::kOutOfRange);
}

}  // namespace
}  // namespace reel
