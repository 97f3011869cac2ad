#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <boost/system/result.hpp>

#include "arena/arena_pool.hpp"
#include "arena/large_block_cache.hpp"
#include "server/options.hpp"
#include "store/store.hpp"

namespace logboom::server {

// How run() ended; the process's exit code follows from it.
enum class Ended : std::uint8_t {
  drained,       // every request whose first byte had arrived was answered
  cut_short,     // drain_timeout passed, or a second signal came
  store_failed,  // store.on_io_error is exit, and a write or sync failed
};

// The HTTP server: listeners and signals on the calling thread, io threads for the connections.
// Built bottom-up and stopped in reverse. One instance a process, for it handles its signals.
class Server {
 public:
  // The store, the arenas and the cache outlive the server; the store has a producer for each of
  // threads(options). Binds the addresses; the error says what is wrong and what to do.
  static boost::system::result<std::unique_ptr<Server>, std::string> open(
      const Options& options, const Settings& settings, store::Store& store,
      arena::ArenaPool& arenas, arena::LargeBlockCache& large_blocks);
  virtual ~Server() = default;

  // Serves until SIGTERM or SIGINT, then drains; SIGHUP reloads. Call once.
  [[nodiscard]] virtual Ended run() = 0;
  // HOST:PORT of each listener as bound.
  [[nodiscard]] virtual std::vector<std::string> addresses() const = 0;
  [[nodiscard]] virtual std::size_t connections_max() const = 0;

  // The number of io threads that these options ask for.
  [[nodiscard]] static std::size_t threads(const Options& options) noexcept;
};

}  // namespace logboom::server
