#include "cli/serve.hpp"

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "arena/arena_pool.hpp"
#include "arena/large_block_cache.hpp"
#include "cli/ballast.hpp"
#include "cli/diagnostics.hpp"
#include "cli/event_log.hpp"
#include "cli/exit_code.hpp"
#include "cli/reloader.hpp"
#include "cli/store_errors.hpp"
#include "cli/supervisor.hpp"
#include "cli/version.hpp"
#include "config/module_options.hpp"
#include "config/units.hpp"
#include "server/server.hpp"
#include "store/store.hpp"

namespace logboom::cli {
namespace {

EventLog::Level to_level(server::LogLevel level) {
  switch (level) {
    case server::LogLevel::info: return EventLog::Level::info;
    case server::LogLevel::warning: return EventLog::Level::warning;
    case server::LogLevel::error: return EventLog::Level::error;
  }
  return EventLog::Level::info;
}

EventLog::Level to_level(store::Severity severity) {
  switch (severity) {
    case store::Severity::info: return EventLog::Level::info;
    case store::Severity::warning: return EventLog::Level::warning;
    case store::Severity::error: return EventLog::Level::error;
  }
  return EventLog::Level::info;
}

std::string_view promise_of(store::Durability durability) {
  switch (durability) {
    case store::Durability::sync: return "sync: on stable storage before a request is answered";
    case store::Durability::write:
      return "write: handed to the kernel before a request is answered";
    case store::Durability::memory: return "memory: answered before anything is stored";
  }
  return "";
}

// What a person who has just started the server wants to know, on stderr.
void print_banner(const config::Settings& settings, const server::Server& server,
                  const store::Store& store, std::size_t threads) {
  // ./dev run names itself here, so that the lines can be pasted as they stand.
  const char* const front = std::getenv("LOGBOOM_FRONT_DOOR");
  const bool default_dir = settings.store.dir == "./data";
  std::string banner = fmt::format("{} is ready\n", version_line());
  for (const std::string& address : server.addresses()) {
    banner += fmt::format(
        "  send    curl -d '{{\"message\":\"hello\",\"level\":\"info\"}}' http://{}/log\n",
        address);
  }
  banner += fmt::format("  read    {} cat{}\n", front == nullptr ? "logboom" : front,
                        default_dir ? "" : " --data-dir " + settings.store.dir);
  banner += fmt::format("  data    {} ({})\n",
                        std::filesystem::absolute(settings.store.dir).lexically_normal().string(),
                        promise_of(settings.store.durability));
  banner += fmt::format(
      "  limits  body {}, record {}, in flight {}, {} connections, {} io thread{}\n",
      config::format_size(settings.limits.body), config::format_size(settings.limits.record),
      config::format_size(settings.server.inflight_max), server.connections_max(), threads,
      threads == 1 ? "" : "s");
  banner += fmt::format("  store   {}\n", store.describe_limits());
  banner += "  stop    ^C or SIGTERM: answers what is in flight, then ends\n";
  std::fputs(banner.c_str(), stderr);
}

// Without authentication the address is all that keeps strangers out.
void warn_of_open_addresses(const server::Server& server, EventLog& log) {
  std::vector<std::string> open;
  for (std::string& address : server.addresses()) {
    if (!address.starts_with("127.") && !address.starts_with("[::1]:")) {
      open.push_back(std::move(address));
    }
  }
  if (open.empty()) return;
  log.write(EventLog::Level::warning,
            fmt::format("listening on {} without authentication: whoever can connect may store "
                        "logs and fill the disk; listen on 127.0.0.1, or let a firewall or an "
                        "authenticating proxy stand in front",
                        fmt::join(open, ", ")));
}

int exit_code_of(server::Ended ended) {
  switch (ended) {
    case server::Ended::drained: return kExitOk;
    case server::Ended::cut_short: return kExitNegative;
    case server::Ended::store_failed: return kExitIo;
  }
  return kExitSoftware;
}

// Sockets that were handed over win over the configuration, which may be a surprise.
void tell_of_inherited_sockets(const server::Server& server, EventLog& log) {
  log.write(EventLog::Level::info,
            fmt::format("listening on {}, handed over by whoever started this process "
                        "(LISTEN_FDS); server.listen is not used",
                        fmt::join(server.addresses(), ", ")));
}

server::Options server_options(const config::Settings& settings, EventLog& log) {
  server::Options options = config::server_options(settings);
  options.version = version_line();
  options.release = version_number();
  options.commit = version_commit();
  options.log = [&log](server::LogLevel level, std::string_view message) {
    log.write(to_level(level), message);
  };
  options.on_drain = [] { notify_supervisor("STOPPING=1"); };
  return options;
}

store::Options store_options(const config::Settings& settings, bool takes_over,
                             std::size_t producers, EventLog& log) {
  store::Options options = config::store_options(settings, takes_over);
  options.producers = producers;
  options.report = [&log](store::Severity severity, std::string_view message) {
    log.write(to_level(severity), message);
  };
  return options;
}

std::optional<server::Settings> reload(Reloader& reloader) {
  notify_supervisor_of_reload();
  auto changed = reloader.reload();
  notify_supervisor("READY=1");
  return changed;
}

}  // namespace

int run_serve(const ServeArguments& arguments) {
  std::signal(SIGHUP,
              SIG_IGN);  // until the server takes it: the configuration is being read anyway
  const std::optional<config::Settings> loaded = load_settings(arguments.settings);
  if (!loaded) return kExitConfig;
  const config::Settings& settings = *loaded;
  const std::vector<int> sockets = inherited_sockets();
  const Ballast ballast(arguments.ballast_objects);

  EventLog log(settings.log);
  server::Options options = server_options(settings, log);
  options.inherited_sockets = sockets;
  const std::size_t threads = server::Server::threads(options);
  arena::LargeBlockCache large_blocks(settings.arena.large_blocks);
  arena::ArenaPool arenas(config::pool_options(settings, threads), large_blocks);

  auto store = store::Store::open(store_options(settings, !sockets.empty(), threads, log));
  if (!store) return complain_of_store(store.error());
  Reloader reloader(arguments.settings, settings, log, **store);
  options.reload = [&reloader] { return reload(reloader); };
  auto server = server::Server::open(options, config::server_settings(settings), **store, arenas,
                                     large_blocks);
  if (!server) {
    complain(server.error());
    return kExitUnavailable;
  }

  print_banner(settings, **server, **store, threads);
  if (!sockets.empty()) tell_of_inherited_sockets(**server, log);
  warn_of_open_addresses(**server, log);
  notify_supervisor("READY=1");
  const server::Ended ended = (*server)->run();
  server->reset();
  std::signal(SIGHUP, SIG_IGN);  // there is nothing to reload any more, but a store to close
  store->reset();
  log.write(EventLog::Level::info, "stopped");
  return exit_code_of(ended);
}

}  // namespace logboom::cli
