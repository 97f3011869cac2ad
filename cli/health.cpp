#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/diagnostics.hpp"
#include "cli/exit_code.hpp"
#include "cli/http_get.hpp"

namespace logboom::cli {
namespace {

constexpr std::chrono::seconds kTimeout{2};

int run_health(const std::string& address) {
  auto url = parse_url(address);
  if (!url) {
    complain(url.error());
    return kExitUsage;
  }
  auto reply = http_get(*url, "/readyz", kTimeout);
  if (!reply) {
    complain(fmt::format("not ready: {}", reply.error()));
    return kExitNegative;
  }
  if (reply->status != 200) {
    complain(fmt::format("not ready: {} {}", reply->status, reply->body));
    return kExitNegative;
  }
  fmt::print("ready\n");
  return kExitOk;
}

}  // namespace

void add_health(CLI::App& app, Command& chosen) {
  auto url = std::make_shared<std::string>("http://127.0.0.1:8080");
  CLI::App* command = app.add_subcommand("health", "Ask a running server whether it is ready");
  command->add_option("--url", *url, "Address of the server")->capture_default_str();
  command->footer(
      "Exits with 0 if /readyz answers 200 within two seconds, else with 1 and the reason.\n"
      "Example, in a Dockerfile:\n"
      "  HEALTHCHECK CMD [\"logboom\", \"health\"]");
  command->callback([&chosen, url] { chosen = [url] { return run_health(*url); }; });
}

}  // namespace logboom::cli
