#include <memory>

#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/serve.hpp"

namespace logboom::cli {

void add_serve(CLI::App& app, Command& chosen) {
  auto arguments = std::make_shared<ServeArguments>();
  CLI::App* command = app.add_subcommand("serve", "Take logs over HTTP and store them");
  add_config_option(*command, arguments->settings);
  command
      ->add_option("--listen", arguments->settings.listen,
                   "Address to listen on, instead of the file's; may be repeated")
      ->type_name("ADDR:PORT")
      ->allow_extra_args(false);
  add_data_dir_option(*command, arguments->settings);
  add_set_option(*command, arguments->settings);
  // For the load test alone, so it is kept out of the help.
  command->add_option("--ballast-objects", arguments->ballast_objects)->group("");
  command->footer(
      "Examples:\n"
      "  logboom serve\n"
      "  logboom serve --listen 0.0.0.0:8080 --data-dir /var/lib/logboom\n"
      "  logboom serve --config /etc/logboom.yaml --set store.durability=write\n"
      "Then: curl -d 'hello' http://127.0.0.1:8080/log");
  command->callback(
      [&chosen, arguments] { chosen = [arguments] { return run_serve(*arguments); }; });
}

}  // namespace logboom::cli
