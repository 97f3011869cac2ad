#pragma once

#include <memory>

#include <gtest/gtest.h>

#include "server/session_host.hpp"
#include "tests/store/store_fixture.hpp"

namespace logboom::server {

// What io threads share, over a store of its own.
class SharedStateFixture : public testing::Test {
 protected:
  void open_store(std::size_t producers) {
    store::Options options;
    options.dir = dir_.path();
    options.producers = producers;
    auto opened = store::Store::open(options);
    ASSERT_TRUE(opened) << opened.error();
    store_ = std::move(*opened);
    shared_.reset(new SharedState{options_, arenas_, large_blocks_, *store_,
                                  InflightBudget(settings_.inflight_bytes_max)});
  }

  const store::TempDir dir_;
  Options options_;
  const Settings settings_{};
  arena::LargeBlockCache large_blocks_;
  arena::ArenaPool arenas_{{}, large_blocks_};
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<SharedState> shared_;
};

}  // namespace logboom::server
