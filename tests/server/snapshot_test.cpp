#include "server/snapshot.hpp"

#include <memory>
#include <vector>

#include <gtest/gtest.h>

namespace logboom::server {
namespace {

using std::chrono::microseconds;

TEST(SnapshotTest, TheCountersOfAllThreadsAddUp) {
  const auto first = std::make_unique<Telemetry>();
  const auto second = std::make_unique<Telemetry>();
  first->connections_opened.add(5);
  second->connections_opened.add(3);
  second->connections_closed.add(2);
  first->records_accepted[0].add(10);
  second->records_accepted[2].add(1);
  second->records_rejected[1][3].add(4);
  first->connections_moved.add(6);
  second->connections_moved.add(1);
  first->record_error(ErrorCode::store_full);
  second->record_error(ErrorCode::store_full);
  second->record_error(ErrorCode::bad_host);
  first->record_stage(Stage::write, microseconds(7));
  const std::vector<const Telemetry*> threads{first.get(), second.get()};

  const Snapshot sum = Snapshot::take(threads);
  EXPECT_EQ(sum.connections_opened, 8U);
  EXPECT_EQ(sum.connections, 6U);
  EXPECT_EQ(sum.accepted(), 11U);
  EXPECT_EQ(sum.rejected(), 4U);
  EXPECT_EQ(sum.records_rejected[1][3], 4U);
  EXPECT_EQ(sum.connections_moved, 7U);
  EXPECT_EQ(sum.errors[static_cast<std::size_t>(ErrorCode::store_full)], 2U);
  EXPECT_EQ(sum.errors[static_cast<std::size_t>(ErrorCode::bad_host)], 1U);
  EXPECT_EQ(sum.stage_latency[static_cast<std::size_t>(Stage::write)].count, 1U);
}

TEST(SnapshotTest, RequestsAreCountedByKindAndClassOfStatus) {
  const auto telemetry = std::make_unique<Telemetry>();
  telemetry->record_request(RequestKind::json, 200, microseconds(10));
  telemetry->record_request(RequestKind::json, 400, microseconds(20));
  telemetry->record_request(RequestKind::text, 200, microseconds(30));
  telemetry->record_request(RequestKind::unread, 503, microseconds(40));
  telemetry->record_request(RequestKind::page, 200, microseconds(50));
  const std::vector<const Telemetry*> threads{telemetry.get()};

  const Snapshot sum = Snapshot::take(threads);
  EXPECT_EQ(sum.requests(), 5U);
  EXPECT_EQ(sum.requests(StatusClass::success), 3U);
  EXPECT_EQ(sum.requests(StatusClass::client_error), 1U);
  EXPECT_EQ(sum.requests(StatusClass::server_error), 1U);
  EXPECT_EQ(sum.log_latency().count, 3U) << "unread requests and pages are no logs";
  EXPECT_EQ(sum.log_latency().sum_ns, 60'000U);
}

}  // namespace
}  // namespace logboom::server
