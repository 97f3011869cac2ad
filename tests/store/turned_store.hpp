#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "tests/store/store_fixture.hpp"

namespace logboom::store {

// Tests of what a store does in the background, in its turns and by a clock of their own.
class TurnedStoreFixture : public StoreFixture {
 protected:
  // 2026-11-22 10:15:00.123 UTC.
  static constexpr std::int64_t kStart = 1'795'342'500'123'456'789;
  static constexpr std::int64_t kSecond = 1'000'000'000;

  [[nodiscard]] Options turned_options() {
    Options made = options();
    made.threads = false;
    made.segment_bytes_max = 16 * 1024;
    made.now_ns = [this] { return now_ns_; };
    return made;
  }

  // Everybody does all there is to do.
  static void settle(Store& store) {
    bool worked = true;
    while (std::exchange(worked, false)) {
      for (const auto worker :
           {Store::Worker::committer, Store::Worker::keeper, Store::Worker::sealer}) {
        while (store.turn(worker)) worked = true;
      }
    }
  }

  std::int64_t now_ns_ = kStart;
};

}  // namespace logboom::store
