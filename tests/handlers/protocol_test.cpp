#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/handlers/collecting_sink.hpp"

namespace logboom::handlers {
namespace {

using ::testing::ElementsAre;

TEST(ProtocolTest, ARecordIsOfWhatItCameAsWhateverItsBodyBeganWith) {
  EXPECT_THAT(handle("a\n{\"b\":1}\nc").protocols,
              ElementsAre(Protocol::text, Protocol::json, Protocol::text));
  EXPECT_THAT(handle("{\"a\":1}").protocols, ElementsAre(Protocol::json));
}

TEST(ProtocolTest, ALineOfLogboomsOwnIsNativeWhateverItHadComeAs) {
  EXPECT_THAT(handle(R"({"body":"m","_seq":7,"_src":"text"})").protocols,
              ElementsAre(Protocol::native));
}

TEST(ProtocolTest, ARefusedRecordIsOfWhatItCameAs) {
  const RecordLimits tight = {.record_bytes_max = 8,
                              .on_oversize = RecordLimits::OnOversize::reject};
  EXPECT_THAT(handle("far too long", {.limits = tight}).protocols, ElementsAre(Protocol::text));
  EXPECT_THAT(handle("{\"far\":\"too long\"}", {.limits = tight}).protocols,
              ElementsAre(Protocol::json));
  EXPECT_THAT(handle("{bad}").protocols, ElementsAre(Protocol::json));
}

TEST(ProtocolTest, EachHasANameOfItsOwn) {
  EXPECT_EQ(to_string(Protocol::json), "json");
  EXPECT_EQ(to_string(Protocol::text), "text");
  EXPECT_EQ(to_string(Protocol::native), "native");
}

}  // namespace
}  // namespace logboom::handlers
