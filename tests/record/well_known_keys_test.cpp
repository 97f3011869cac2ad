#include "record/well_known_keys.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace logboom::record {
namespace {

void expect_order(std::initializer_list<std::string_view> keys, Target target) {
  std::uint16_t rank = 0;
  for (const std::string_view key : keys) {
    const KeyMatch match = find_well_known(key);
    ASSERT_TRUE(match) << key;
    EXPECT_EQ(match.key->target, target) << key;
    EXPECT_GT(match.rank, rank) << key;
    rank = match.rank;
  }
}

TEST(WellKnownKeysTest, RanksTheKeysOfEachFieldInOrder) {
  expect_order({"@timestamp", "_time", "timestamp", "time", "ts", "date", "datetime", "eventTime",
                "_timestamp", "timeUnixNano", "event.created", "t", "asctime", "syslog.timestamp",
                "__REALTIME_TIMESTAMP"},
               Target::time);
  expect_order({"message", "msg", "_msg", "log", "body", "text", "short_message", "MESSAGE", "line",
                "textPayload", "event.original"},
               Target::body);
  expect_order(
      {"level", "severity", "log.level", "loglevel", "lvl", "severity_text", "severityText",
       "priority", "PRIORITY", "level_name", "levelname", "detected_level"},
      Target::severity);
  expect_order({"service.name", "service", "service_name", "app", "application", "app_name",
                "appname", "program", "programname", "SYSLOG_IDENTIFIER", "container.name",
                "container_name", "job", "logger"},
               Target::service);
  expect_order({"host.name", "host", "hostname", "_HOSTNAME", "HOST", "agent.hostname",
                "beat.hostname", "source_host", "k8s.node.name", "instance"},
               Target::host);
  expect_order({"trace_id", "traceId", "traceID", "traceid", "trace.id", "otelTraceID",
                "dd.trace_id", "logging.googleapis.com/trace"},
               Target::trace_id);
  expect_order({"span_id", "spanId", "spanID", "span.id", "otelSpanID", "dd.span_id",
                "logging.googleapis.com/spanId"},
               Target::span_id);
}

TEST(WellKnownKeysTest, OtherCasesRankBehindAllExactKeys) {
  for (const std::string_view key : {"Message", "LEVEL", "TimeStamp", "Hostname", "TRACE_ID"}) {
    const KeyMatch match = find_well_known(key);
    ASSERT_TRUE(match) << key;
    EXPECT_GT(match.rank, find_well_known("logging.googleapis.com/spanId").rank) << key;
  }
}

TEST(WellKnownKeysTest, SimilarKeysAreNotFound) {
  for (const std::string_view key :
       {"", "m", "massage", "messages", "_message", "trace-id", "trace id", "level ", "lev\\u0065l",
        "@TIMESTAMP\x7f", "`timestamp", "a key that is longer than all of the known ones"}) {
    EXPECT_FALSE(find_well_known(key)) << key;
  }
}

}  // namespace
}  // namespace logboom::record
