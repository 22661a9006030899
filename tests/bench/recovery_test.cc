// What the rows about kill -9 rest on.
#include <gtest/gtest.h>

#include "bench/ack_table.h"
#include "bench/large_catalog.h"
#include "tests/io/temp_directory.h"

namespace reel::bench {
namespace {

TEST(AckTableTest, WhatOneProcessNotesAnotherReads) {
  const TempDirectory directory;
  const auto written = *AckTable::Create(directory.PathOf("acks"), 3);
  (*written)[2].begin_ns = 7;
  (*written)[2].durable_end = 9;
  const auto read = *AckTable::Open(directory.PathOf("acks"));
  ASSERT_EQ(read->count(), 3U);
  EXPECT_EQ((*read)[0].durable_end, 0U);
  EXPECT_EQ((*read)[2].begin_ns, 7);
  EXPECT_EQ((*read)[2].durable_end, 9U);
  EXPECT_FALSE(AckTable::Open(directory.PathOf("none")).ok());
}

TEST(LargeCatalogTest, AllOfItIsThereAgainAndSoIsWhatWasAcknowledged) {
  const auto times = ReopenLargeCatalog(300);
  ASSERT_TRUE(times.ok()) << times.status().ToString();
  // 300 heads of 80 us, one after the other.
  EXPECT_GT((*times)["opened_s"].get<double>(), 300 * 80e-6);
  EXPECT_GE((*times)["recording_s"].get<double>(), (*times)["opened_s"].get<double>());
}

}  // namespace
}  // namespace reel::bench
